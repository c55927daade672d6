// CreateKey, DescribeKey, ListKeys, UpdateKeyDescription.
#include <algorithm>

#include "api/kms/asymmetric.h"
#include "api/kms/operations.h"
#include "api/kms/policy_check.h"
#include "base/random.h"

namespace clary::api::kms {
namespace {

using wire::ApiError;

json::object metadata(const keys::KmsKey& key) {
  const KeySpec& spec = *find_key_spec(key.spec);
  json::object out{{"AWSAccountId", key.account},
                   {"KeyId", key.id},
                   {"Arn", key.arn},
                   {"CreationDate", epoch_seconds(key.created)},
                   {"Enabled", key.state == "Enabled"},
                   {"Description", key.description},
                   {"KeyUsage", key.usage},
                   {"KeyState", key.state},
                   {"Origin", "AWS_KMS"},
                   {"KeyManager", key.aws_managed ? "AWS" : "CUSTOMER"},
                   {"CustomerMasterKeySpec", key.spec},
                   {"KeySpec", key.spec},
                   {"MultiRegion", key.multi_region}};
  if (key.usage == "ENCRYPT_DECRYPT") {
    out["EncryptionAlgorithms"] = algorithm_names(spec.encryption);
  } else if (key.usage == "SIGN_VERIFY") {
    out["SigningAlgorithms"] = algorithm_names(spec.signing);
  } else {
    out["MacAlgorithms"] = algorithm_names(spec.mac);
  }
  if (key.deletion_date) out["DeletionDate"] = epoch_seconds(*key.deletion_date);
  if (key.symmetric() && !key.materials.empty()) {
    out["CurrentKeyMaterialId"] = key.materials.back().id;
  }
  return out;
}

void refuse_unbuilt(const json::object& input) {
  if (string_or(input, "Origin", "AWS_KMS") != "AWS_KMS") {
    throw ApiError("UnsupportedOperationException",
                   "Clary makes key material itself (Origin AWS_KMS); it does not import any yet.");
  }
  if (find_string(input, "CustomKeyStoreId") || find_string(input, "XksKeyId")) {
    throw ApiError("UnsupportedOperationException", "Clary has no custom key stores.");
  }
  if (find_bool(input, "MultiRegion").value_or(false)) {
    throw ApiError("UnsupportedOperationException",
                   "Clary has no multi-Region keys: one server answers for every region.");
  }
}

const KeySpec& spec_in(const json::object& input) {
  const std::string name =
      string_or(input, "KeySpec", string_or(input, "CustomerMasterKeySpec", "SYMMETRIC_DEFAULT"));
  const KeySpec* const spec = find_key_spec(name);
  if (spec == nullptr) {
    throw ApiError("UnsupportedOperationException", "Clary has no keys of KeySpec " + name + ".");
  }
  return *spec;
}

std::string usage_in(const json::object& input, const KeySpec& spec) {
  const auto usage = find_string(input, "KeyUsage");
  if (!usage) {
    if (spec.name == "SYMMETRIC_DEFAULT") return "ENCRYPT_DECRYPT";
    throw ApiError("ValidationException",
                   "You must specify a KeyUsage value for all KMS keys except for symmetric "
                   "encryption keys.");
  }
  if (std::find(spec.usages.begin(), spec.usages.end(), *usage) == spec.usages.end()) {
    throw ApiError("ValidationException", "KeyUsage " + std::string(*usage) +
                                              " is not compatible with KeySpec " +
                                              std::string(spec.name));
  }
  return std::string(*usage);
}

}  // namespace

json::object create_key(const KmsParts& parts, const json::object& input, Call& call) {
  const KeySpec& spec = spec_in(input);
  keys::KmsKey key;
  key.usage = usage_in(input, spec);
  key.spec = spec.name;
  key.tags = tags_in(input);
  const bool bypass = find_bool(input, "BypassPolicyLockoutSafetyCheck").value_or(false);
  identity::Context context{{"kms:keyspec", {key.spec}},
                            {"kms:keyusage", {key.usage}},
                            {"kms:keyorigin", {"AWS_KMS"}},
                            {"kms:multiregion", {"false"}},
                            {"kms:bypasspolicylockoutsafetycheck", {bypass ? "true" : "false"}}};
  add_tag_context(context, key.tags);
  parts.access.require_plain(call, "CreateKey", "*", context);
  if (!key.tags.empty()) parts.access.require_plain(call, "TagResource", "*", context);
  refuse_unbuilt(input);
  key.id = random_uuid();
  key.account = call.account;
  key.region = call.region;
  key.arn = key_arn(key.region, key.account, key.id);
  key.description = string_or(input, "Description");
  key.created = call.now;
  const auto policy = find_string(input, "Policy");
  key.policy = std::make_shared<const std::string>(policy ? std::string(*policy)
                                                          : default_key_policy(key.account));
  if (policy) check_key_policy(parts.access, call, key, *key.policy, bypass);
  const auto made = parts.keys.create(std::move(key), new_material(spec.name));
  return {{"KeyMetadata", metadata(*made)}};
}

json::object describe_key(const KmsParts& parts, const json::object& input, Call& call) {
  return {{"KeyMetadata", metadata(*key_for(parts, input, call, {.action = "DescribeKey"}))}};
}

json::object list_keys(const KmsParts& parts, const json::object& input, Call& call) {
  parts.access.require_plain(call, "ListKeys", "*");
  json::array keys;
  for (const auto& key : parts.keys.list(call.account, call.region)) {
    keys.push_back({{"KeyId", key->id}, {"KeyArn", key->arn}});
  }
  json::object output;
  page_out(output, "Keys", std::move(keys), input, 100,
           [](const json::object& key) { return string_or(key, "KeyId"); });
  return output;
}

json::object update_key_description(const KmsParts& parts, const json::object& input, Call& call) {
  const auto key = own_key_for(parts, input, call, {.action = "UpdateKeyDescription"});
  parts.keys.update(key->id, [&](keys::KmsKey& changed) {
    require_not_pending(changed);
    changed.description = string_or(input, "Description");
  });
  return {};
}

}  // namespace clary::api::kms
