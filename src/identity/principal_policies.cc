#include "identity/principal_policies.h"

namespace clary::identity {

std::optional<PrincipalPolicySet> StoredPrincipalPolicies::of(const Principal& principal) {
  if (principal.kind == Principal::Kind::kAssumedRole) {
    const auto role = roles_.find(principal.account, principal.name);
    // A role of the same name that was made later is another role.
    if (!role || !principal.user_id.starts_with(role->id + ":")) return std::nullopt;
    return of_holder(*role, {});
  }
  if (principal.kind == Principal::Kind::kUser ||
      principal.kind == Principal::Kind::kFederatedUser) {
    if (principal.kind == Principal::Kind::kFederatedUser && principal.name.empty()) {
      return of_federated_root();
    }
    const auto user = users_.find(principal.account, principal.name);
    const bool same = user && (principal.kind != Principal::Kind::kUser ||
                               principal.user_id.empty() || user->id == principal.user_id);
    if (!same) return std::nullopt;
    return of_holder(*user, groups_.of(*user));
  }
  return std::nullopt;
}

// Made by the account's root, so that only its session policies limit it.
PrincipalPolicySet StoredPrincipalPolicies::of_federated_root() {
  PrincipalPolicySet set;
  if (auto all = managed("arn:aws:iam::aws:policy/AdministratorAccess")) {
    set.identity.push_back(*std::move(all));
  }
  return set;
}

PrincipalPolicySet StoredPrincipalPolicies::of_holder(const PolicyHolder& holder,
                                                      const std::vector<Group>& groups) {
  PrincipalPolicySet set{.identity = policies_.of(holder),
                         .boundary = std::nullopt,
                         .principal_arn = holder.arn,
                         .tags = holder.tags};
  for (const Group& group : groups) {
    for (NamedPolicy& policy : policies_.of(group)) set.identity.push_back(std::move(policy));
  }
  if (!holder.permissions_boundary.empty()) {
    // A boundary that is gone allows nothing.
    set.boundary = managed(holder.permissions_boundary)
                       .value_or(NamedPolicy{.name = holder.permissions_boundary,
                                             .policy = std::make_shared<const Policy>()});
  }
  return set;
}

std::optional<NamedPolicy> StoredPrincipalPolicies::managed(std::string_view policy_arn) {
  const auto found = policies_.find(policy_arn);
  if (!found) return std::nullopt;
  auto parsed = parse_policy(found->current().document, PolicyKind::kIdentity);
  if (!parsed) return std::nullopt;
  return NamedPolicy{.name = found->name,
                     .policy = std::make_shared<const Policy>(*std::move(parsed))};
}

}  // namespace clary::identity
