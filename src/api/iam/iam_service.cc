#include "api/iam/iam_service.h"

#include "api/iam/operations.h"

namespace clary::api {

std::vector<OperationEntry> IamService::operations() {
  const auto on = [this](iam::Operation* operation) -> Plain {
    return [this, operation](const json::object& input, Call& call) {
      return operation(stores_, input, call);
    };
  };
  return {
      {"CreateRole", on(iam::create_role), {}},
      {"GetRole", on(iam::get_role), {}},
      {"ListRoles", on(iam::list_roles), {}},
      {"DeleteRole", on(iam::delete_role), {}},
      {"UpdateRole", on(iam::update_role), {}},
      {"UpdateRoleDescription", on(iam::update_role_description), {}},
      {"UpdateAssumeRolePolicy", on(iam::update_assume_role_policy), {}},
      {"TagRole", on(iam::tag_role), {}},
      {"UntagRole", on(iam::untag_role), {}},
      {"ListRoleTags", on(iam::list_role_tags), {}},
      {"AttachRolePolicy", on(iam::attach_role_policy), {}},
      {"DetachRolePolicy", on(iam::detach_role_policy), {}},
      {"ListAttachedRolePolicies", on(iam::list_attached_role_policies), {}},
      {"PutRolePolicy", on(iam::put_role_policy), {}},
      {"GetRolePolicy", on(iam::get_role_policy), {}},
      {"DeleteRolePolicy", on(iam::delete_role_policy), {}},
      {"ListRolePolicies", on(iam::list_role_policies), {}},
      {"ListInstanceProfilesForRole", on(iam::list_instance_profiles_for_role), {}},
      {"CreatePolicy", on(iam::create_policy), {}},
      {"GetPolicy", on(iam::get_policy), {}},
      {"DeletePolicy", on(iam::delete_policy), {}},
      {"ListPolicies", on(iam::list_policies), {}},
      {"CreatePolicyVersion", on(iam::create_policy_version), {}},
      {"GetPolicyVersion", on(iam::get_policy_version), {}},
      {"DeletePolicyVersion", on(iam::delete_policy_version), {}},
      {"ListPolicyVersions", on(iam::list_policy_versions), {}},
      {"SetDefaultPolicyVersion", on(iam::set_default_policy_version), {}},
      {"ListEntitiesForPolicy", on(iam::list_entities_for_policy), {}},
      {"TagPolicy", on(iam::tag_policy), {}},
      {"UntagPolicy", on(iam::untag_policy), {}},
      {"ListPolicyTags", on(iam::list_policy_tags), {}},
      {"SimulatePrincipalPolicy", on(iam::simulate_principal_policy), {}},
      {"SimulateCustomPolicy", on(iam::simulate_custom_policy), {}},
      {"GetUser", on(iam::get_user), {}},
      {"ListUsers", on(iam::list_users), {}},
  };
}

}  // namespace clary::api
