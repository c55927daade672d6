// IAM's operations, by file. Each takes the stores, the input and the call; see iam_service.cc for
// the table.
#pragma once

#include "api/call.h"
#include "api/iam/iam_service.h"

namespace clary::api::iam {

using Operation = json::object(const IamStores&, const json::object& input, Call& call);

// What policies can hang on. Operations that users, groups and roles share take it first.
enum class Entity { kUser, kGroup, kRole };
using EntityOperation = json::object(Entity, const IamStores&, const json::object& input,
                                     Call& call);

// users.cc
Operation create_user, get_user, list_users, update_user, delete_user;
// access_keys.cc
Operation create_access_key, list_access_keys, update_access_key, delete_access_key,
    get_access_key_last_used;
// groups.cc
Operation create_group, get_group, list_groups, update_group, delete_group, add_user_to_group,
    remove_user_from_group, list_groups_for_user;
// roles.cc
Operation create_role, get_role, list_roles, delete_role, update_role, update_role_description,
    update_assume_role_policy, create_service_linked_role, delete_service_linked_role,
    get_service_linked_role_deletion_status;
// entity_policies.cc
EntityOperation attach_policy, detach_policy, list_attached_policies, put_policy, get_inline_policy,
    delete_inline_policy, list_inline_policies, put_boundary, delete_boundary;
// entity_tags.cc
EntityOperation tag_entity, untag_entity, list_entity_tags;
// instance_profiles.cc
Operation create_instance_profile, get_instance_profile, list_instance_profiles,
    delete_instance_profile, add_role_to_instance_profile, remove_role_from_instance_profile,
    list_instance_profiles_for_role, tag_instance_profile, untag_instance_profile,
    list_instance_profile_tags;
// policies.cc
Operation create_policy, get_policy, delete_policy, list_policies, create_policy_version,
    get_policy_version, delete_policy_version, list_policy_versions, set_default_policy_version,
    tag_policy, untag_policy, list_policy_tags;
// policy_entities.cc
Operation list_entities_for_policy, get_account_authorization_details;
// account.cc
Operation get_account_summary, create_account_alias, delete_account_alias, list_account_aliases,
    get_account_password_policy, update_account_password_policy, delete_account_password_policy;
// none.cc
Operation list_mfa_devices, list_virtual_mfa_devices, list_signing_certificates,
    list_ssh_public_keys, list_service_specific_credentials, list_server_certificates,
    list_saml_providers;
// login_profiles.cc
Operation create_login_profile, get_login_profile, update_login_profile, delete_login_profile,
    change_password;
// oidc.cc
Operation create_oidc_provider, get_oidc_provider, list_oidc_providers, delete_oidc_provider,
    add_oidc_client_id, remove_oidc_client_id, update_oidc_thumbprints, tag_oidc_provider,
    untag_oidc_provider, list_oidc_provider_tags;
// simulate.cc
Operation simulate_principal_policy, simulate_custom_policy;

// shared.cc

// Reads, or NoSuchEntity. A role, user or group is named by the input's RoleName, UserName or
// GroupName.
identity::Role role_or_throw(const IamStores& stores, const json::object& input, const Call& call);
identity::User user_or_throw(const IamStores& stores, const json::object& input, const Call& call);
identity::Group group_or_throw(const IamStores& stores, const json::object& input,
                               const Call& call);
identity::PolicyHolder holder_or_throw(Entity entity, const IamStores& stores,
                                       const json::object& input, const Call& call);
[[noreturn]] void throw_no_such(Entity entity, std::string_view name);
// Reads, lets `change` edit, writes, or NoSuchEntity.
identity::Role update_role_or_throw(const IamStores& stores, const json::object& input,
                                    const Call& call,
                                    const std::function<void(identity::Role&)>& change);
void change_holder_or_throw(Entity entity, const IamStores& stores, const json::object& input,
                            const Call& call,
                            const std::function<void(identity::PolicyHolder&)>& change);
std::string_view noun(Entity entity);         // "user"
std::string_view name_member(Entity entity);  // "UserName"
// "Cannot exceed quota for WHAT: LIMIT"
[[noreturn]] void throw_over_quota(std::string_view what, std::size_t limit);

// MalformedPolicyDocument with IAM's sentence.
void check_policy(std::string_view document, identity::PolicyKind kind);
// A managed policy that this account may use, or NoSuchEntity "... is not attachable".
identity::ManagedPolicy attachable_policy(const IamStores& stores, const Call& call,
                                          const std::string& arn);
// The same for the PermissionsBoundary of the input; "" without one.
std::string boundary_in(const IamStores& stores, const Call& call, const json::object& input);
void show_boundary(json::object& shown, const identity::PolicyHolder& holder);
// A document as IAM answers it: percent-encoded JSON.
std::string encoded_document(std::string_view document);
// How a managed policy counts against a document's limit: without white space.
std::size_t counted_characters(std::string_view document);

std::map<std::string, std::string> tags_in(const json::object& input);
json::array tags_out(const std::map<std::string, std::string>& tags);
void check_tag_count(std::string_view entity, const std::map<std::string, std::string>& tags);
std::string required(const json::object& input, std::string_view name);
// Sessions of GetSessionToken and GetFederationToken may not call IAM (without a multi-factor
// device, and there are none). Source: "Comparing AWS STS API operations".
void keep_out_sessions(const Call& call);
// The address that the call comes from, without its port.
std::string_view peer_host(const Call& call);

// As Get and List answer them. Lists leave out tags and boundary.
enum class Detail { kListed, kWhole };
json::object shown(const identity::Role& role, Detail detail);
json::object shown(const identity::User& user, Detail detail);
json::object shown(const identity::Group& group);
json::object shown(const IamStores& stores, const identity::InstanceProfile& profile);
json::object shown(const IamStores& stores, const identity::ManagedPolicy& policy);

// MaxItems and Marker. Markers are names in Base64.
struct Paging {
  std::size_t limit = 100;
  std::string after;
};
Paging paging_in(const json::object& input);
// Cuts what `items` has beyond the limit (callers read one more), sets IsTruncated and Marker.
void paging_out(json::object& output, std::string_view list_name, json::array items,
                const Paging& paging, const std::function<std::string(const json::value&)>& name);
// The page of an already sorted list of texts.
void page_of_names(json::object& output, std::string_view list_name,
                   const std::vector<std::string>& names, const Paging& paging,
                   const std::function<json::value(const std::string&)>& item);
void page_of_tags(json::object& output, const json::object& input,
                  const std::map<std::string, std::string>& tags);

}  // namespace clary::api::iam
