#include "api/iam/iam_service.h"

#include "api/iam/operations.h"

namespace clary::api {
namespace {

using iam::Entity;

// What users, groups and roles have alike.
struct OfEntity {
  std::string_view name;
  Entity entity;
  iam::EntityOperation* operation;
};

constexpr OfEntity kEntityOperations[] = {
    {"AttachUserPolicy", Entity::kUser, iam::attach_policy},
    {"AttachGroupPolicy", Entity::kGroup, iam::attach_policy},
    {"AttachRolePolicy", Entity::kRole, iam::attach_policy},
    {"DetachUserPolicy", Entity::kUser, iam::detach_policy},
    {"DetachGroupPolicy", Entity::kGroup, iam::detach_policy},
    {"DetachRolePolicy", Entity::kRole, iam::detach_policy},
    {"ListAttachedUserPolicies", Entity::kUser, iam::list_attached_policies},
    {"ListAttachedGroupPolicies", Entity::kGroup, iam::list_attached_policies},
    {"ListAttachedRolePolicies", Entity::kRole, iam::list_attached_policies},
    {"PutUserPolicy", Entity::kUser, iam::put_policy},
    {"PutGroupPolicy", Entity::kGroup, iam::put_policy},
    {"PutRolePolicy", Entity::kRole, iam::put_policy},
    {"GetUserPolicy", Entity::kUser, iam::get_inline_policy},
    {"GetGroupPolicy", Entity::kGroup, iam::get_inline_policy},
    {"GetRolePolicy", Entity::kRole, iam::get_inline_policy},
    {"DeleteUserPolicy", Entity::kUser, iam::delete_inline_policy},
    {"DeleteGroupPolicy", Entity::kGroup, iam::delete_inline_policy},
    {"DeleteRolePolicy", Entity::kRole, iam::delete_inline_policy},
    {"ListUserPolicies", Entity::kUser, iam::list_inline_policies},
    {"ListGroupPolicies", Entity::kGroup, iam::list_inline_policies},
    {"ListRolePolicies", Entity::kRole, iam::list_inline_policies},
    {"PutUserPermissionsBoundary", Entity::kUser, iam::put_boundary},
    {"PutRolePermissionsBoundary", Entity::kRole, iam::put_boundary},
    {"DeleteUserPermissionsBoundary", Entity::kUser, iam::delete_boundary},
    {"DeleteRolePermissionsBoundary", Entity::kRole, iam::delete_boundary},
    {"TagUser", Entity::kUser, iam::tag_entity},
    {"TagRole", Entity::kRole, iam::tag_entity},
    {"UntagUser", Entity::kUser, iam::untag_entity},
    {"UntagRole", Entity::kRole, iam::untag_entity},
    {"ListUserTags", Entity::kUser, iam::list_entity_tags},
    {"ListRoleTags", Entity::kRole, iam::list_entity_tags},
};

struct Named {
  std::string_view name;
  iam::Operation* operation;
};

constexpr Named kOperations[] = {
    {"CreateUser", iam::create_user},
    {"GetUser", iam::get_user},
    {"ListUsers", iam::list_users},
    {"UpdateUser", iam::update_user},
    {"DeleteUser", iam::delete_user},
    {"CreateAccessKey", iam::create_access_key},
    {"ListAccessKeys", iam::list_access_keys},
    {"UpdateAccessKey", iam::update_access_key},
    {"DeleteAccessKey", iam::delete_access_key},
    {"GetAccessKeyLastUsed", iam::get_access_key_last_used},
    {"CreateLoginProfile", iam::create_login_profile},
    {"GetLoginProfile", iam::get_login_profile},
    {"UpdateLoginProfile", iam::update_login_profile},
    {"DeleteLoginProfile", iam::delete_login_profile},
    {"ChangePassword", iam::change_password},
    {"CreateGroup", iam::create_group},
    {"GetGroup", iam::get_group},
    {"ListGroups", iam::list_groups},
    {"UpdateGroup", iam::update_group},
    {"DeleteGroup", iam::delete_group},
    {"AddUserToGroup", iam::add_user_to_group},
    {"RemoveUserFromGroup", iam::remove_user_from_group},
    {"ListGroupsForUser", iam::list_groups_for_user},
    {"CreateRole", iam::create_role},
    {"GetRole", iam::get_role},
    {"ListRoles", iam::list_roles},
    {"DeleteRole", iam::delete_role},
    {"UpdateRole", iam::update_role},
    {"UpdateRoleDescription", iam::update_role_description},
    {"UpdateAssumeRolePolicy", iam::update_assume_role_policy},
    {"CreateServiceLinkedRole", iam::create_service_linked_role},
    {"DeleteServiceLinkedRole", iam::delete_service_linked_role},
    {"GetServiceLinkedRoleDeletionStatus", iam::get_service_linked_role_deletion_status},
    {"CreateInstanceProfile", iam::create_instance_profile},
    {"GetInstanceProfile", iam::get_instance_profile},
    {"ListInstanceProfiles", iam::list_instance_profiles},
    {"ListInstanceProfilesForRole", iam::list_instance_profiles_for_role},
    {"DeleteInstanceProfile", iam::delete_instance_profile},
    {"AddRoleToInstanceProfile", iam::add_role_to_instance_profile},
    {"RemoveRoleFromInstanceProfile", iam::remove_role_from_instance_profile},
    {"TagInstanceProfile", iam::tag_instance_profile},
    {"UntagInstanceProfile", iam::untag_instance_profile},
    {"ListInstanceProfileTags", iam::list_instance_profile_tags},
    {"CreatePolicy", iam::create_policy},
    {"GetPolicy", iam::get_policy},
    {"DeletePolicy", iam::delete_policy},
    {"ListPolicies", iam::list_policies},
    {"CreatePolicyVersion", iam::create_policy_version},
    {"GetPolicyVersion", iam::get_policy_version},
    {"DeletePolicyVersion", iam::delete_policy_version},
    {"ListPolicyVersions", iam::list_policy_versions},
    {"SetDefaultPolicyVersion", iam::set_default_policy_version},
    {"TagPolicy", iam::tag_policy},
    {"UntagPolicy", iam::untag_policy},
    {"ListPolicyTags", iam::list_policy_tags},
    {"ListEntitiesForPolicy", iam::list_entities_for_policy},
    {"GetAccountAuthorizationDetails", iam::get_account_authorization_details},
    {"GetAccountSummary", iam::get_account_summary},
    {"CreateAccountAlias", iam::create_account_alias},
    {"DeleteAccountAlias", iam::delete_account_alias},
    {"ListAccountAliases", iam::list_account_aliases},
    {"GetAccountPasswordPolicy", iam::get_account_password_policy},
    {"UpdateAccountPasswordPolicy", iam::update_account_password_policy},
    {"DeleteAccountPasswordPolicy", iam::delete_account_password_policy},
    {"ListMFADevices", iam::list_mfa_devices},
    {"ListVirtualMFADevices", iam::list_virtual_mfa_devices},
    {"ListSigningCertificates", iam::list_signing_certificates},
    {"ListSSHPublicKeys", iam::list_ssh_public_keys},
    {"ListServiceSpecificCredentials", iam::list_service_specific_credentials},
    {"ListServerCertificates", iam::list_server_certificates},
    {"ListSAMLProviders", iam::list_saml_providers},
    {"CreateOpenIDConnectProvider", iam::create_oidc_provider},
    {"GetOpenIDConnectProvider", iam::get_oidc_provider},
    {"ListOpenIDConnectProviders", iam::list_oidc_providers},
    {"DeleteOpenIDConnectProvider", iam::delete_oidc_provider},
    {"AddClientIDToOpenIDConnectProvider", iam::add_oidc_client_id},
    {"RemoveClientIDFromOpenIDConnectProvider", iam::remove_oidc_client_id},
    {"UpdateOpenIDConnectProviderThumbprint", iam::update_oidc_thumbprints},
    {"TagOpenIDConnectProvider", iam::tag_oidc_provider},
    {"UntagOpenIDConnectProvider", iam::untag_oidc_provider},
    {"ListOpenIDConnectProviderTags", iam::list_oidc_provider_tags},
    {"SimulatePrincipalPolicy", iam::simulate_principal_policy},
    {"SimulateCustomPolicy", iam::simulate_custom_policy},
};

}  // namespace

std::vector<OperationEntry> IamService::operations() {
  std::vector<OperationEntry> entries;
  for (const Named& named : kOperations) {
    entries.push_back({named.name,
                       [this, operation = named.operation](const json::object& input, Call& call) {
                         iam::keep_out_sessions(call);
                         return operation(stores_, input, call);
                       },
                       {}});
  }
  for (const OfEntity& of : kEntityOperations) {
    entries.push_back({of.name,
                       [this, operation = of.operation, entity = of.entity](
                           const json::object& input, Call& call) {
                         iam::keep_out_sessions(call);
                         return operation(entity, stores_, input, call);
                       },
                       {}});
  }
  return entries;
}

}  // namespace clary::api
