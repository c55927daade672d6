// IAM's operations, by file. Each takes the stores, the input and the call; see iam_service.cc for
// the table.
#pragma once

#include "api/call.h"
#include "api/iam/iam_service.h"

namespace clary::api::iam {

using Operation = json::object(const IamStores&, const json::object& input, Call& call);

// roles.cc
Operation create_role, get_role, list_roles, delete_role, update_role, update_role_description,
    update_assume_role_policy, tag_role, untag_role, list_role_tags;
// role_policies.cc
Operation attach_role_policy, detach_role_policy, list_attached_role_policies, put_role_policy,
    get_role_policy, delete_role_policy, list_role_policies, list_instance_profiles_for_role;
// policies.cc
Operation create_policy, get_policy, delete_policy, list_policies, create_policy_version,
    get_policy_version, delete_policy_version, list_policy_versions, set_default_policy_version,
    list_entities_for_policy, tag_policy, untag_policy, list_policy_tags;
// simulate.cc
Operation simulate_principal_policy, simulate_custom_policy;
// users.cc
Operation get_user, list_users;

// shared.cc

// The role, or NoSuchEntity.
identity::Role role_or_throw(const IamStores& stores, const json::object& input, const Call& call);
[[noreturn]] void throw_no_such_role(std::string_view name);
// Reads, lets `change` edit, writes, or NoSuchEntity.
identity::Role update_role_or_throw(const IamStores& stores, const json::object& input,
                                    const Call& call,
                                    const std::function<void(identity::Role&)>& change);
// MalformedPolicyDocument with IAM's sentence.
void check_policy(std::string_view document, identity::PolicyKind kind);
// A document as IAM answers it: percent-encoded JSON.
std::string encoded_document(std::string_view document);

std::map<std::string, std::string> tags_in(const json::object& input);
json::array tags_out(const std::map<std::string, std::string>& tags);
std::string required(const json::object& input, std::string_view name);

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

}  // namespace clary::api::iam
