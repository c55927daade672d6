// KMS's operations, by file. Each takes the parts, the input and the call; see kms_service.cc for
// the table.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "api/kms/key_access.h"
#include "api/kms/key_specs.h"
#include "api/kms/kms_service.h"

namespace clary::api::kms {

using Operation = json::object(const KmsParts&, const json::object& input, Call& call);

// keys.cc
Operation create_key, describe_key, list_keys, update_key_description;
// key_state.cc
Operation enable_key, disable_key, schedule_key_deletion, cancel_key_deletion;
// rotation.cc
Operation enable_key_rotation, disable_key_rotation, get_key_rotation_status, rotate_key_on_demand,
    list_key_rotations;
// key_policies.cc
Operation get_key_policy, put_key_policy, list_key_policies, tag_resource, untag_resource,
    list_resource_tags;
// aliases.cc
Operation create_alias, update_alias, delete_alias, list_aliases;
// grants.cc
Operation create_grant, list_grants, list_retirable_grants, retire_grant, revoke_grant;
// encryption.cc
Operation encrypt, decrypt, re_encrypt;
// data_keys.cc
Operation generate_data_key, generate_data_key_without_plaintext, generate_data_key_pair,
    generate_data_key_pair_without_plaintext, generate_random;
// signatures.cc
Operation sign, verify, get_public_key, generate_mac, verify_mac;

// shared.cc

std::string required(const json::object& input, std::string_view name);
// The bytes of a blob member; "" when it is absent.
std::string blob_in(const json::object& input, std::string_view name);
keys::EncryptionContext context_in(const json::object& input, std::string_view name);
std::map<std::string, std::string> tags_in(const json::object& input);
// Throws DryRunOperationException when the caller only asked whether it may.
void end_dry_run(const json::object& input);
// InvalidKeyUsageException unless the key is for that.
void require_usage(const keys::KmsKey& key, std::string_view usage, std::string_view action);
// The key that KeyId names; the caller may do `action` to it.
KeyPointer key_for(const KmsParts& parts, const json::object& input, const Call& call, Ask ask);
// The same for what changes the key itself: none of AWS's, and in the caller's own account.
KeyPointer own_key_for(const KmsParts& parts, const json::object& input, const Call& call, Ask ask);
[[noreturn]] void throw_gone(const keys::KmsKey& key);
std::string random_bytes(std::size_t count);

// Limit and Marker. Cuts `items` to the page that starts after the marker; `name` gives an item's
// place in the order of the list.
void page_out(json::object& output, std::string_view list_name, json::array items,
              const json::object& input, std::size_t default_limit,
              const std::function<std::string(const json::object&)>& name);

}  // namespace clary::api::kms
