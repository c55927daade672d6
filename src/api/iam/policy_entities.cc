#include <algorithm>

#include "api/iam/operations.h"

namespace clary::api::iam {
namespace {

using identity::PolicyHolder;

constexpr std::size_t kAll = 1000000;

// Everything in an account that carries policies, by "KIND/NAME".
struct Everything {
  std::map<std::string, identity::User> users;
  std::map<std::string, identity::Group> groups;
  std::map<std::string, identity::Role> roles;

  Everything(const IamStores& stores, const Call& call) {
    for (auto& user : stores.users.list(call.account, "/", "", kAll)) {
      users.emplace("user/" + user.name, std::move(user));
    }
    for (auto& group : stores.groups.list(call.account, "/", "", kAll)) {
      groups.emplace("group/" + group.name, std::move(group));
    }
    for (auto& role : stores.roles.list(call.account, "/", "", kAll)) {
      roles.emplace("role/" + role.name, std::move(role));
    }
  }
};

bool has(const std::vector<std::string>& list, std::string_view text) {
  return std::ranges::find(list, text) != list.end();
}

json::array attached(const PolicyHolder& holder) {
  json::array list;
  for (const std::string& arn : holder.attached_policy_arns) {
    list.push_back(
        json::object{{"PolicyName", arn.substr(arn.rfind('/') + 1)}, {"PolicyArn", arn}});
  }
  return list;
}

json::array inline_policies(const PolicyHolder& holder) {
  json::array list;
  for (const auto& [name, document] : holder.inline_policies) {
    list.push_back(
        json::object{{"PolicyName", name}, {"PolicyDocument", encoded_document(document)}});
  }
  return list;
}

json::object detail(const IamStores& stores, const identity::User& user) {
  json::object object = shown(user, Detail::kWhole);
  json::array groups;
  for (const identity::Group& group : stores.groups.of(user)) {
    groups.push_back(json::value(group.name));
  }
  object["GroupList"] = std::move(groups);
  object["UserPolicyList"] = inline_policies(user);
  object["AttachedManagedPolicies"] = attached(user);
  return object;
}

json::object detail(const identity::Group& group) {
  json::object object = shown(group);
  object["GroupPolicyList"] = inline_policies(group);
  object["AttachedManagedPolicies"] = attached(group);
  return object;
}

json::object detail(const IamStores& stores, const identity::Role& role) {
  json::object object = shown(role, Detail::kWhole);
  object.erase("Description");
  object.erase("MaxSessionDuration");
  json::array profiles;
  for (const auto& profile : stores.profiles.of_role(role.account, role.name)) {
    profiles.push_back(shown(stores, profile));
  }
  object["InstanceProfileList"] = std::move(profiles);
  object["RolePolicyList"] = inline_policies(role);
  object["AttachedManagedPolicies"] = attached(role);
  object["RoleLastUsed"] = json::object();
  return object;
}

json::object detail(const IamStores& stores, const identity::ManagedPolicy& policy) {
  json::object object = shown(stores, policy);
  object.erase("Tags");
  json::array versions;
  for (const auto& version : policy.versions) {
    versions.push_back(json::object{{"VersionId", version.id},
                                    {"IsDefaultVersion", version.id == policy.default_version},
                                    {"CreateDate", epoch_seconds(version.created)},
                                    {"Document", encoded_document(version.document)}});
  }
  object["PolicyVersionList"] = std::move(versions);
  return object;
}

}  // namespace

json::object list_entities_for_policy(const IamStores& stores, const json::object& input,
                                      Call& call) {
  const std::string arn = required(input, "PolicyArn");
  const auto policy = stores.policies.find(arn);
  if (!policy || (policy->account != "aws" && policy->account != call.account)) {
    throw wire::ApiError("NoSuchEntity", "Policy " + arn + " was not found.");
  }
  const std::string filter = string_or(input, "EntityFilter"),
                    usage = string_or(input, "PolicyUsageFilter"),
                    prefix = string_or(input, "PathPrefix", "/");
  const auto uses = [&](const PolicyHolder& holder) {
    if (!holder.path.starts_with(prefix)) return false;
    return (usage != "PermissionsBoundary" && has(holder.attached_policy_arns, arn)) ||
           (usage != "PermissionsPolicy" && holder.permissions_boundary == arn);
  };
  const Everything all(stores, call);
  std::map<std::string, PolicyHolder> found;
  const auto add = [&](std::string_view kind, const auto& entities) {
    if (!filter.empty() && filter != kind) return;
    for (const auto& [key, entity] : entities) {
      if (uses(entity)) found.emplace(key, entity);
    }
  };
  add("User", all.users);
  add("Group", all.groups);
  add("Role", all.roles);
  std::vector<std::string> keys;
  for (const auto& entry : found) keys.push_back(entry.first);
  json::object page;
  page_of_names(page, "Keys", keys, paging_in(input),
                [](const std::string& key) { return json::value(key); });
  json::array users, groups, roles;
  for (const json::value& key : page.at("Keys").as_array()) {
    const PolicyHolder& holder = found.at(std::string(key.as_string()));
    if (key.as_string().starts_with("user/")) {
      users.push_back(json::object{{"UserName", holder.name}, {"UserId", holder.id}});
    } else if (key.as_string().starts_with("group/")) {
      groups.push_back(json::object{{"GroupName", holder.name}, {"GroupId", holder.id}});
    } else {
      roles.push_back(json::object{{"RoleName", holder.name}, {"RoleId", holder.id}});
    }
  }
  page.erase("Keys");
  page["PolicyUsers"] = std::move(users);
  page["PolicyGroups"] = std::move(groups);
  page["PolicyRoles"] = std::move(roles);
  return page;
}

json::object get_account_authorization_details(const IamStores& stores, const json::object& input,
                                               Call& call) {
  std::vector<std::string> filter;
  if (const json::array* const given = find_array(input, "Filter")) {
    for (const json::value& kind : *given) filter.emplace_back(kind.as_string());
  }
  const auto wanted = [&](std::string_view kind) { return filter.empty() || has(filter, kind); };
  const Everything all(stores, call);
  std::vector<std::string> keys;
  const auto add = [&](std::string_view kind, const auto& entities) {
    if (!wanted(kind)) return;
    for (const auto& entry : entities) keys.push_back(entry.first);
  };
  add("User", all.users);
  add("Group", all.groups);
  add("Role", all.roles);
  std::map<std::string, identity::ManagedPolicy> policies;
  if (wanted("LocalManagedPolicy")) {
    for (const auto& policy : stores.policies.list(call.account)) {
      policies.emplace("policy/" + policy.arn, policy);
    }
  }
  if (wanted("AWSManagedPolicy")) {
    // Those that are in use, as on AWS.
    for (const auto& policy : identity::aws_managed_policies()) {
      const auto uses = [&](const auto& entry) {
        return has(entry.second.attached_policy_arns, policy.arn);
      };
      if (std::ranges::any_of(all.users, uses) || std::ranges::any_of(all.groups, uses) ||
          std::ranges::any_of(all.roles, uses)) {
        policies.emplace("policy/" + policy.arn, policy);
      }
    }
  }
  for (const auto& entry : policies) keys.push_back(entry.first);
  std::ranges::sort(keys);
  json::array users, groups, roles, managed;
  json::object output;
  page_of_names(output, "Keys", keys, paging_in(input), [&](const std::string& key) {
    if (const auto user = all.users.find(key); user != all.users.end()) {
      users.push_back(detail(stores, user->second));
    } else if (const auto group = all.groups.find(key); group != all.groups.end()) {
      groups.push_back(detail(group->second));
    } else if (const auto role = all.roles.find(key); role != all.roles.end()) {
      roles.push_back(detail(stores, role->second));
    } else {
      managed.push_back(detail(stores, policies.at(key)));
    }
    return json::value(key);
  });
  output.erase("Keys");
  output["UserDetailList"] = std::move(users);
  output["GroupDetailList"] = std::move(groups);
  output["RoleDetailList"] = std::move(roles);
  output["Policies"] = std::move(managed);
  return output;
}

}  // namespace clary::api::iam
