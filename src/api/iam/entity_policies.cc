#include <algorithm>

#include "api/iam/operations.h"

namespace clary::api::iam {
namespace {

constexpr std::size_t kMaxAttached = 10;

[[noreturn]] void throw_no_inline_policy(Entity entity, std::string_view name) {
  throw wire::ApiError("NoSuchEntity", "The " + std::string(noun(entity)) + " policy with name " +
                                           std::string(name) + " cannot be found.");
}

std::string policy_name_of(std::string_view arn) {
  return std::string(arn.substr(arn.rfind('/') + 1));
}

std::string_view plural(Entity entity) {
  switch (entity) {
    case Entity::kUser:
      return "PoliciesPerUser";
    case Entity::kGroup:
      return "PoliciesPerGroup";
    case Entity::kRole:
      break;
  }
  return "PoliciesPerRole";
}

// AWS's quotas for the inline policies of one entity together.
std::size_t max_inline_characters(Entity entity) {
  switch (entity) {
    case Entity::kUser:
      return 2048;
    case Entity::kGroup:
      return 5120;
    case Entity::kRole:
      break;
  }
  return 10240;
}

}  // namespace

json::object attach_policy(Entity entity, const IamStores& stores, const json::object& input,
                           Call& call) {
  const std::string arn = attachable_policy(stores, call, required(input, "PolicyArn")).arn;
  change_holder_or_throw(entity, stores, input, call, [&](identity::PolicyHolder& holder) {
    auto& arns = holder.attached_policy_arns;
    if (std::ranges::find(arns, arn) != arns.end()) return;
    if (arns.size() >= kMaxAttached) throw_over_quota(plural(entity), kMaxAttached);
    arns.push_back(arn);
  });
  return {};
}

json::object detach_policy(Entity entity, const IamStores& stores, const json::object& input,
                           Call& call) {
  const std::string arn = required(input, "PolicyArn");
  std::size_t removed = 0;
  change_holder_or_throw(entity, stores, input, call, [&](identity::PolicyHolder& holder) {
    removed = std::erase(holder.attached_policy_arns, arn);
  });
  if (removed == 0) throw wire::ApiError("NoSuchEntity", "Policy " + arn + " was not found.");
  return {};
}

json::object list_attached_policies(Entity entity, const IamStores& stores,
                                    const json::object& input, Call& call) {
  const identity::PolicyHolder holder = holder_or_throw(entity, stores, input, call);
  const std::string prefix = string_or(input, "PathPrefix", "/");
  std::vector<std::string> arns;
  for (const std::string& arn : holder.attached_policy_arns) {
    const auto path = arn.find('/');
    if (std::string_view(arn).substr(path).starts_with(prefix)) arns.push_back(arn);
  }
  std::ranges::sort(arns);
  json::object output;
  page_of_names(output, "AttachedPolicies", arns, paging_in(input), [](const std::string& arn) {
    return json::object{{"PolicyName", policy_name_of(arn)}, {"PolicyArn", arn}};
  });
  return output;
}

json::object put_policy(Entity entity, const IamStores& stores, const json::object& input,
                        Call& call) {
  const std::string document = required(input, "PolicyDocument");
  check_policy(document, identity::PolicyKind::kIdentity);
  change_holder_or_throw(entity, stores, input, call, [&](identity::PolicyHolder& holder) {
    holder.inline_policies[required(input, "PolicyName")] = document;
    std::size_t characters = 0;
    for (const auto& policy : holder.inline_policies) {
      characters += counted_characters(policy.second);
    }
    const std::size_t limit = max_inline_characters(entity);
    if (characters > limit) {
      throw wire::ApiError("LimitExceeded", "Maximum policy size of " + std::to_string(limit) +
                                                " bytes exceeded for " + std::string(noun(entity)) +
                                                " " + holder.name);
    }
  });
  return {};
}

json::object get_inline_policy(Entity entity, const IamStores& stores, const json::object& input,
                               Call& call) {
  const identity::PolicyHolder holder = holder_or_throw(entity, stores, input, call);
  const std::string name = required(input, "PolicyName");
  const auto found = holder.inline_policies.find(name);
  if (found == holder.inline_policies.end()) throw_no_inline_policy(entity, name);
  return {{name_member(entity), holder.name},
          {"PolicyName", name},
          {"PolicyDocument", encoded_document(found->second)}};
}

json::object delete_inline_policy(Entity entity, const IamStores& stores, const json::object& input,
                                  Call& call) {
  const std::string name = required(input, "PolicyName");
  std::size_t removed = 0;
  change_holder_or_throw(entity, stores, input, call, [&](identity::PolicyHolder& holder) {
    removed = holder.inline_policies.erase(name);
  });
  if (removed == 0) throw_no_inline_policy(entity, name);
  return {};
}

json::object list_inline_policies(Entity entity, const IamStores& stores, const json::object& input,
                                  Call& call) {
  const identity::PolicyHolder holder = holder_or_throw(entity, stores, input, call);
  std::vector<std::string> names;
  for (const auto& policy : holder.inline_policies) names.push_back(policy.first);
  json::object output;
  page_of_names(output, "PolicyNames", names, paging_in(input),
                [](const std::string& name) { return json::value(name); });
  return output;
}

json::object put_boundary(Entity entity, const IamStores& stores, const json::object& input,
                          Call& call) {
  const std::string arn = boundary_in(stores, call, input);
  change_holder_or_throw(entity, stores, input, call, [&](identity::PolicyHolder& holder) {
    holder.permissions_boundary = arn;
  });
  return {};
}

json::object delete_boundary(Entity entity, const IamStores& stores, const json::object& input,
                             Call& call) {
  change_holder_or_throw(entity, stores, input, call, [](identity::PolicyHolder& holder) {
    holder.permissions_boundary.clear();
  });
  return {};
}

}  // namespace clary::api::iam
