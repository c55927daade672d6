#include "api/iam/operations.h"

namespace clary::api::iam {
namespace {

enum class Detail { kListed, kWhole };

json::object shown(const identity::Role& role, Detail detail) {
  json::object object{{"Path", role.path},
                      {"RoleName", role.name},
                      {"RoleId", role.id},
                      {"Arn", role.arn},
                      {"CreateDate", epoch_seconds(role.created)},
                      {"AssumeRolePolicyDocument", encoded_document(role.trust_policy)},
                      {"MaxSessionDuration", role.max_session_seconds}};
  if (!role.description.empty()) object["Description"] = role.description;
  // ListRoles leaves tags out, as on AWS.
  if (detail == Detail::kWhole && !role.tags.empty()) object["Tags"] = tags_out(role.tags);
  return object;
}

void check_tag_count(const std::map<std::string, std::string>& tags) {
  constexpr std::size_t kMaxTags = 50;
  if (tags.size() > kMaxTags) {
    throw wire::ApiError("LimitExceeded", "Cannot exceed quota for TagsPerRole: 50");
  }
}

}  // namespace

json::object create_role(const IamStores& stores, const json::object& input, Call& call) {
  if (input.contains("PermissionsBoundary")) {
    throw wire::ApiError("ValidationError",
                         "Permissions boundaries are not supported by Clary; leave out "
                         "PermissionsBoundary.",
                         400);
  }
  identity::Role role;
  role.account = call.account;
  role.name = required(input, "RoleName");
  role.path = string_or(input, "Path", "/");
  role.trust_policy = required(input, "AssumeRolePolicyDocument");
  role.description = string_or(input, "Description");
  role.max_session_seconds = static_cast<int>(find_int(input, "MaxSessionDuration").value_or(3600));
  role.tags = tags_in(input);
  check_policy(role.trust_policy, identity::PolicyKind::kTrust);
  check_tag_count(role.tags);
  if (!stores.roles.create(role)) {
    throw wire::ApiError("EntityAlreadyExists", "Role with name " + role.name + " already exists.");
  }
  return {{"Role", shown(role, Detail::kWhole)}};
}

json::object get_role(const IamStores& stores, const json::object& input, Call& call) {
  json::object role = shown(role_or_throw(stores, input, call), Detail::kWhole);
  role["RoleLastUsed"] = json::object();
  return {{"Role", std::move(role)}};
}

json::object list_roles(const IamStores& stores, const json::object& input, Call& call) {
  const Paging paging = paging_in(input);
  json::array items;
  for (const identity::Role& role : stores.roles.list(
           call.account, string_or(input, "PathPrefix", "/"), paging.after, paging.limit + 1)) {
    items.push_back(shown(role, Detail::kListed));
  }
  json::object output;
  paging_out(output, "Roles", std::move(items), paging,
             [](const json::value& role) { return string_or(role.as_object(), "RoleName"); });
  return output;
}

json::object delete_role(const IamStores& stores, const json::object& input, Call& call) {
  const identity::Role role = role_or_throw(stores, input, call);
  if (!role.attached_policy_arns.empty()) {
    throw wire::ApiError("DeleteConflict", "Cannot delete entity, must detach all policies first.");
  }
  if (!role.inline_policies.empty()) {
    throw wire::ApiError("DeleteConflict", "Cannot delete entity, must delete policies first.");
  }
  if (!stores.roles.remove(call.account, role.name)) throw_no_such_role(role.name);
  return {};
}

json::object update_role(const IamStores& stores, const json::object& input, Call& call) {
  update_role_or_throw(stores, input, call, [&](identity::Role& role) {
    if (const auto text = find_string(input, "Description")) role.description = *text;
    if (const auto seconds = find_int(input, "MaxSessionDuration")) {
      role.max_session_seconds = static_cast<int>(*seconds);
    }
  });
  return {};
}

json::object update_role_description(const IamStores& stores, const json::object& input,
                                     Call& call) {
  const identity::Role role = update_role_or_throw(stores, input, call, [&](identity::Role& r) {
    r.description = string_or(input, "Description");
  });
  return {{"Role", shown(role, Detail::kWhole)}};
}

json::object update_assume_role_policy(const IamStores& stores, const json::object& input,
                                       Call& call) {
  const std::string document = required(input, "PolicyDocument");
  check_policy(document, identity::PolicyKind::kTrust);
  update_role_or_throw(stores, input, call,
                       [&](identity::Role& role) { role.trust_policy = document; });
  return {};
}

json::object tag_role(const IamStores& stores, const json::object& input, Call& call) {
  const auto tags = tags_in(input);
  update_role_or_throw(stores, input, call, [&](identity::Role& role) {
    for (const auto& [key, value] : tags) role.tags[key] = value;
    check_tag_count(role.tags);
  });
  return {};
}

json::object untag_role(const IamStores& stores, const json::object& input, Call& call) {
  update_role_or_throw(stores, input, call, [&](identity::Role& role) {
    for (const json::value& key : *find_array(input, "TagKeys")) {
      role.tags.erase(std::string(key.as_string()));
    }
  });
  return {};
}

json::object list_role_tags(const IamStores& stores, const json::object& input, Call& call) {
  const identity::Role role = role_or_throw(stores, input, call);
  std::vector<std::string> keys;
  for (const auto& tag : role.tags) keys.push_back(tag.first);
  json::object output;
  page_of_names(output, "Tags", keys, paging_in(input), [&](const std::string& key) {
    return json::object{{"Key", key}, {"Value", role.tags.at(key)}};
  });
  return output;
}

}  // namespace clary::api::iam
