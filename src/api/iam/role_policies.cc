#include <algorithm>

#include "api/iam/operations.h"

namespace clary::api::iam {
namespace {

[[noreturn]] void throw_no_inline_policy(std::string_view name) {
  throw wire::ApiError("NoSuchEntity",
                       "The role policy with name " + std::string(name) + " cannot be found.");
}

std::string policy_name_of(std::string_view arn) {
  return std::string(arn.substr(arn.rfind('/') + 1));
}

}  // namespace

json::object attach_role_policy(const IamStores& stores, const json::object& input, Call& call) {
  const std::string arn = required(input, "PolicyArn");
  const auto policy = stores.policies.find(arn);
  if (!policy || (policy->account != "aws" && policy->account != call.account)) {
    throw wire::ApiError("NoSuchEntity", "Policy " + arn + " does not exist or is not attachable.");
  }
  update_role_or_throw(stores, input, call, [&](identity::Role& role) {
    auto& arns = role.attached_policy_arns;
    if (std::ranges::find(arns, arn) == arns.end()) arns.push_back(arn);
  });
  return {};
}

json::object detach_role_policy(const IamStores& stores, const json::object& input, Call& call) {
  const std::string arn = required(input, "PolicyArn");
  std::size_t removed = 0;
  update_role_or_throw(stores, input, call, [&](identity::Role& role) {
    removed = std::erase(role.attached_policy_arns, arn);
  });
  if (removed == 0) throw wire::ApiError("NoSuchEntity", "Policy " + arn + " was not found.");
  return {};
}

json::object list_attached_role_policies(const IamStores& stores, const json::object& input,
                                         Call& call) {
  const identity::Role role = role_or_throw(stores, input, call);
  const std::string prefix = string_or(input, "PathPrefix", "/");
  std::vector<std::string> arns;
  for (const std::string& arn : role.attached_policy_arns) {
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

json::object put_role_policy(const IamStores& stores, const json::object& input, Call& call) {
  const std::string document = required(input, "PolicyDocument");
  check_policy(document, identity::PolicyKind::kIdentity);
  update_role_or_throw(stores, input, call, [&](identity::Role& role) {
    role.inline_policies[required(input, "PolicyName")] = document;
    // AWS's quota: 10,240 characters for a role's inline policies together.
    std::size_t characters = 0;
    for (const auto& policy : role.inline_policies) characters += policy.second.size();
    if (characters > 10240) {
      throw wire::ApiError("LimitExceeded",
                           "Maximum policy size of 10240 bytes exceeded for role " + role.name);
    }
  });
  return {};
}

json::object get_role_policy(const IamStores& stores, const json::object& input, Call& call) {
  const identity::Role role = role_or_throw(stores, input, call);
  const std::string name = required(input, "PolicyName");
  const auto found = role.inline_policies.find(name);
  if (found == role.inline_policies.end()) throw_no_inline_policy(name);
  return {{"RoleName", role.name},
          {"PolicyName", name},
          {"PolicyDocument", encoded_document(found->second)}};
}

json::object delete_role_policy(const IamStores& stores, const json::object& input, Call& call) {
  const std::string name = required(input, "PolicyName");
  std::size_t removed = 0;
  update_role_or_throw(stores, input, call,
                       [&](identity::Role& role) { removed = role.inline_policies.erase(name); });
  if (removed == 0) throw_no_inline_policy(name);
  return {};
}

json::object list_role_policies(const IamStores& stores, const json::object& input, Call& call) {
  const identity::Role role = role_or_throw(stores, input, call);
  std::vector<std::string> names;
  for (const auto& policy : role.inline_policies) names.push_back(policy.first);
  json::object output;
  page_of_names(output, "PolicyNames", names, paging_in(input),
                [](const std::string& name) { return json::value(name); });
  return output;
}

// There are no instance profiles here, so no role is in one; tools ask before they delete a role.
json::object list_instance_profiles_for_role(const IamStores& stores, const json::object& input,
                                             Call& call) {
  role_or_throw(stores, input, call);
  return {{"InstanceProfiles", json::array()}, {"IsTruncated", false}};
}

}  // namespace clary::api::iam
