#include <cctype>

#include "api/iam/operations.h"

namespace clary::api::iam {

json::object shown(const identity::Role& role, Detail detail) {
  json::object object{{"Path", role.path},
                      {"RoleName", role.name},
                      {"RoleId", role.id},
                      {"Arn", role.arn},
                      {"CreateDate", epoch_seconds(role.created)},
                      {"AssumeRolePolicyDocument", encoded_document(role.trust_policy)},
                      {"MaxSessionDuration", role.max_session_seconds}};
  if (!role.description.empty()) object["Description"] = role.description;
  // ListRoles leaves tags and boundary out, as on AWS.
  if (detail == Detail::kListed) return object;
  if (!role.tags.empty()) object["Tags"] = tags_out(role.tags);
  show_boundary(object, role);
  return object;
}

namespace {

constexpr std::size_t kMaxRoles = 5000;
constexpr std::string_view kServicePath = "/aws-service-role/";

// What people may not change in a role that belongs to a service.
void keep_service_role(const identity::Role& role) {
  if (!role.path.starts_with(kServicePath)) return;
  throw wire::ApiError("UnmodifiableEntity",
                       "Cannot perform the operation on the protected role '" + role.name +
                           "' - this role is only modifiable by AWS");
}

void delete_checked(const IamStores& stores, const identity::Role& role) {
  if (!stores.profiles.of_role(role.account, role.name).empty()) {
    throw wire::ApiError("DeleteConflict",
                         "Cannot delete entity, must remove roles from instance profile first.");
  }
  if (!stores.roles.remove(role.account, role.name)) throw_no_such(Entity::kRole, role.name);
}

}  // namespace

json::object create_role(const IamStores& stores, const json::object& input, Call& call) {
  identity::Role role;
  role.account = call.account;
  role.name = required(input, "RoleName");
  role.path = string_or(input, "Path", "/");
  role.trust_policy = required(input, "AssumeRolePolicyDocument");
  role.description = string_or(input, "Description");
  role.max_session_seconds = static_cast<int>(find_int(input, "MaxSessionDuration").value_or(3600));
  role.tags = tags_in(input);
  check_policy(role.trust_policy, identity::PolicyKind::kTrust);
  check_tag_count("Role", role.tags);
  role.permissions_boundary = boundary_in(stores, call, input);
  if (role.path.starts_with(kServicePath)) {
    throw wire::ApiError("ValidationError",
                         "The path " + role.path +
                             " is of service-linked roles; make one with "
                             "CreateServiceLinkedRole.",
                         400);
  }
  if (stores.roles.count(call.account) >= kMaxRoles) throw_over_quota("RolesPerAccount", kMaxRoles);
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
  keep_service_role(role);
  if (!role.attached_policy_arns.empty()) {
    throw wire::ApiError("DeleteConflict", "Cannot delete entity, must detach all policies first.");
  }
  if (!role.inline_policies.empty()) {
    throw wire::ApiError("DeleteConflict", "Cannot delete entity, must delete policies first.");
  }
  delete_checked(stores, role);
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
  update_role_or_throw(stores, input, call, [&](identity::Role& role) {
    keep_service_role(role);
    role.trust_policy = document;
  });
  return {};
}

// A role that one service may assume. What the service does with it needs no policy here.
json::object create_service_linked_role(const IamStores& stores, const json::object& input,
                                        Call& call) {
  const std::string service = required(input, "AWSServiceName");
  const std::string suffix = string_or(input, "CustomSuffix");
  if (!service.ends_with(".amazonaws.com") || service.find_first_of("/\"\\") != std::string::npos) {
    throw wire::ApiError("InvalidInput",
                         "Service Linked Role creation is not supported for " + service + ".");
  }
  identity::Role role;
  role.account = call.account;
  role.path = std::string(kServicePath) + service + "/";
  role.name = "AWSServiceRoleFor";
  bool upper = true;
  for (const char c : service.substr(0, service.find(".amazonaws.com"))) {
    const bool letter = std::isalnum(static_cast<unsigned char>(c)) != 0;
    if (letter) role.name += upper ? static_cast<char>(std::toupper(c)) : c;
    upper = !letter;
  }
  if (!suffix.empty()) role.name += "_" + suffix;
  role.description = string_or(input, "Description");
  role.trust_policy = json::serialize(json::object{
      {"Version", "2012-10-17"},
      {"Statement", json::array{json::object{{"Effect", "Allow"},
                                             {"Action", json::array{"sts:AssumeRole"}},
                                             {"Principal", {{"Service", service}}}}}}});
  if (!stores.roles.create(role)) {
    throw wire::ApiError("InvalidInput", "Service role name " + role.name +
                                             " has been taken in this account, please try a "
                                             "different suffix.");
  }
  return {{"Role", shown(role, Detail::kWhole)}};
}

json::object delete_service_linked_role(const IamStores& stores, const json::object& input,
                                        Call& call) {
  const identity::Role role = role_or_throw(stores, input, call);
  if (!role.path.starts_with(kServicePath)) throw_no_such(Entity::kRole, role.name);
  delete_checked(stores, role);
  return {{"DeletionTaskId", "task" + role.path + role.name + "/" + role.id}};
}

// The deletion was done when it was asked for.
json::object get_service_linked_role_deletion_status(const IamStores&, const json::object& input,
                                                     Call&) {
  const std::string task = required(input, "DeletionTaskId");
  if (!task.starts_with("task/aws-service-role/")) {
    throw wire::ApiError("NoSuchEntity", "The deletion task with id " + task + " cannot be found.");
  }
  return {{"Status", "SUCCEEDED"}};
}

}  // namespace clary::api::iam
