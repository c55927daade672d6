#include "api/kms/key_access.h"

#include <algorithm>
#include <array>

#include "api/kms/grant_match.h"
#include "base/arn.h"
#include "base/random.h"
#include "base/text.h"

namespace clary::api::kms {
namespace {

using wire::ApiError;

// AWS managed keys, by the service that uses them.
constexpr std::array<std::string_view, 2> kManaged{"s3", "sagemaker"};

[[noreturn]] void not_found(const std::string& message) {
  throw ApiError("NotFoundException", message);
}

bool is_id(std::string_view text) {
  return text.size() == 36 &&
         text.find_first_not_of("0123456789abcdefABCDEF-") == std::string_view::npos;
}

std::string managed_policy(std::string_view account, std::string_view region,
                           std::string_view service) {
  const std::string via = std::string(service) + "." + std::string(region) + ".amazonaws.com";
  const json::object use{
      {"Sid", "Allow access through the service for all principals in the account"},
      {"Effect", "Allow"},
      {"Principal", json::object{{"AWS", "*"}}},
      {"Action", json::array{"kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*",
                             "kms:CreateGrant", "kms:DescribeKey"}},
      {"Resource", "*"},
      {"Condition", json::object{{"StringEquals", json::object{{"kms:CallerAccount", account},
                                                               {"kms:ViaService", via}}}}}};
  const json::object look{
      {"Sid", "Allow direct access to key metadata to the account"},
      {"Effect", "Allow"},
      {"Principal", json::object{{"AWS", "arn:aws:iam::" + std::string(account) + ":root"}}},
      {"Action", json::array{"kms:Describe*", "kms:Get*", "kms:List*"}},
      {"Resource", "*"}};
  return json::serialize(json::object{{"Version", "2012-10-17"},
                                      {"Id", "auto-" + std::string(service)},
                                      {"Statement", json::array{use, look}}});
}

void add_key_context(identity::Context& context, const keys::KmsKey& key,
                     const std::vector<keys::KeyAlias>& aliases) {
  context["kms:keyspec"] = {key.spec};
  context["kms:keyusage"] = {key.usage};
  context["kms:keyorigin"] = {"AWS_KMS"};
  context["kms:multiregion"] = {key.multi_region ? "true" : "false"};
  for (const auto& [name, value] : key.tags) {
    context["aws:resourcetag/" + to_lower(name)] = {value};
  }
  for (const keys::KeyAlias& alias : aliases) {
    if (alias.key_id == key.id) context["kms:resourcealiases"].push_back(alias.name);
  }
}

void add_encryption_context(identity::Context& context, const keys::EncryptionContext& given) {
  for (const auto& [name, value] : given) {
    context["kms:encryptioncontext:" + to_lower(name)] = {value};
    context["kms:encryptioncontextkeys"].push_back(name);
  }
}

}  // namespace

std::string key_arn(std::string_view region, std::string_view account, std::string_view id) {
  return "arn:aws:kms:" + std::string(region) + ":" + std::string(account) + ":key/" +
         std::string(id);
}

std::string alias_arn(std::string_view region, std::string_view account, std::string_view name) {
  return "arn:aws:kms:" + std::string(region) + ":" + std::string(account) + ":" +
         std::string(name);
}

std::string default_key_policy(std::string_view account) {
  const json::object statement{
      {"Sid", "Enable IAM User Permissions"},
      {"Effect", "Allow"},
      {"Principal", json::object{{"AWS", "arn:aws:iam::" + std::string(account) + ":root"}}},
      {"Action", "kms:*"},
      {"Resource", "*"}};
  return json::serialize(json::object{
      {"Version", "2012-10-17"}, {"Id", "key-default-1"}, {"Statement", json::array{statement}}});
}

void require_enabled(const keys::KmsKey& key) {
  require_not_pending(key);
  if (key.state == "Disabled") throw ApiError("DisabledException", key.arn + " is disabled.");
}

void require_not_pending(const keys::KmsKey& key) {
  if (key.state == "PendingDeletion") {
    throw ApiError("KMSInvalidStateException", key.arn + " is pending deletion.");
  }
}

KeyPointer KeyAccess::resolve(const Call& call, std::string_view key_id, Ask& ask) {
  std::string account(call.account);
  std::string name(key_id);
  if (key_id.starts_with("arn:")) {
    const auto arn = parse_arn(key_id);
    if (!arn || arn->service != "kms") not_found("Invalid arn " + std::string(key_id));
    if (arn->region != call.region) not_found("Invalid arn " + arn->region);
    account = arn->account;
    name = arn->resource;
    if (name.starts_with("key/")) {
      name = name.substr(4);
    } else if (!name.starts_with("alias/")) {
      not_found("Invalid arn " + std::string(key_id));
    }
  }
  if (name.starts_with("alias/")) {
    ask.alias = name;
    if (const auto alias = keys_.find_alias(account, call.region, name)) {
      if (const auto key = keys_.find(alias->key_id)) return key;
    }
    for (const std::string_view service : kManaged) {
      if (account == call.account && name == "alias/aws/" + std::string(service)) {
        return managed_key(call, service);
      }
    }
    not_found("Alias " + alias_arn(call.region, account, name) + " is not found.");
  }
  const auto key = keys_.find(name);
  if (key != nullptr && key->account == account && key->region == call.region) return key;
  if (account != call.account) {
    throw ApiError("AccessDeniedException",
                   "User: " + call.principal.arn + " is not authorized to perform: kms:" +
                       std::string(ask.action) + " on resource: " + std::string(key_id) +
                       " because the resource does not exist in this Region, no resource-based "
                       "policies allow access, or a resource-based policy explicitly denies "
                       "access");
  }
  if (!key_id.starts_with("arn:") && !is_id(name)) not_found("Invalid keyId '" + name + "'");
  not_found("Key '" + key_arn(call.region, account, name) + "' does not exist");
}

identity::AccessRequest KeyAccess::request_for(const Call& call, const KeyPointer& key,
                                               const Ask& ask) {
  identity::AccessRequest request;
  request.action = "kms:" + std::string(ask.action);
  request.resource = key->arn;
  request.resource_account = key->account;
  request.context = ask.context;
  request.resource_policy = policy_of(*key);
  request.resource_policy_required = true;
  request.more_context = [this, &call, key, &ask](identity::Context& context) {
    context["kms:calleraccount"] = {std::string(call.account)};
    add_key_context(context, *key, keys_.aliases(key->account, key->region));
    if (!ask.alias.empty()) context["kms:requestalias"] = {ask.alias};
    if (ask.encryption_context != nullptr) {
      add_encryption_context(context, *ask.encryption_context);
    }
    if (!ask.via_service.empty()) {
      context["kms:viaservice"] = {ask.via_service + "." + std::string(call.region) +
                                   ".amazonaws.com"};
    }
  };
  return request;
}

Permission KeyAccess::require(const Call& call, const KeyPointer& key, const Ask& ask) {
  identity::AccessRequest request = request_for(call, key, ask);
  identity::Verdict verdict = check_access(call, request);
  if (verdict.allowed) return {key, nullptr};
  if (verdict.decision != identity::Decision::kExplicitDeny) {
    if (auto grant = matching_grant(*key, call.principal, ask.action, ask.encryption_context)) {
      // As a statement that names the caller: an explicit deny or a boundary still counts.
      request.granted = true;
      verdict = check_access(call, request);
      if (verdict.allowed) return {key, std::move(grant)};
    }
  }
  refuse_access(call, request, verdict);
}

Permission KeyAccess::require(const Call& call, std::string_view key_id, Ask ask) {
  const KeyPointer key = resolve(call, key_id, ask);
  return require(call, key, ask);
}

void KeyAccess::require_plain(const Call& call, std::string_view action, std::string resource,
                              identity::Context context) {
  identity::AccessRequest request;
  request.action = "kms:" + std::string(action);
  request.resource = std::move(resource);
  request.context = std::move(context);
  request.context["kms:calleraccount"] = {std::string(call.account)};
  require_access(call, std::move(request));
}

bool KeyAccess::would_allow(const Call& call, const keys::KmsKey& key, const std::string& policy,
                            std::string_view action) {
  const auto parsed = identity::parse_policy(policy, identity::PolicyKind::kResource);
  if (!parsed) return false;
  const Ask ask{.action = action};
  const auto copy = std::make_shared<const keys::KmsKey>(key);
  identity::AccessRequest request = request_for(call, copy, ask);
  request.resource_policy = std::make_shared<const identity::Policy>(*parsed);
  return check_access(call, request).allowed;
}

KeyPointer KeyAccess::managed_key(const Call& call, std::string_view service) {
  const std::string name = "alias/aws/" + std::string(service);
  const auto existing = [&]() -> KeyPointer {
    const auto alias = keys_.find_alias(call.account, call.region, name);
    return alias ? keys_.find(alias->key_id) : nullptr;
  };
  if (auto key = existing()) return key;
  const std::lock_guard making(making_);
  if (auto key = existing()) return key;
  keys::KmsKey key;
  key.id = random_uuid();
  key.account = call.account;
  key.region = call.region;
  key.arn = key_arn(call.region, call.account, key.id);
  key.description = "Default key that protects my " +
                    std::string(service == "s3" ? "S3 objects" : service) +
                    " when no other key is defined";
  key.aws_managed = true;
  key.created = clock_.now();
  key.rotation_enabled = true;
  key.next_rotation = key.created + std::chrono::days(key.rotation_days);
  key.policy =
      std::make_shared<const std::string>(managed_policy(call.account, call.region, service));
  std::string material(keys::kDataKeyBytes, '\0');
  fill_random(std::as_writable_bytes(std::span(material)));
  KeyPointer made = keys_.create(std::move(key), std::move(material));
  keys::KeyAlias alias{
      .account = made->account, .region = made->region, .name = name, .key_id = made->id};
  if (!keys_.create_alias(alias)) return existing();
  return made;
}

std::shared_ptr<const identity::Policy> KeyAccess::policy_of(const keys::KmsKey& key) {
  const std::lock_guard lock(mutex_);
  Parsed& parsed = policies_[key.id];
  if (parsed.text != key.policy) {
    auto policy = identity::parse_policy(*key.policy, identity::PolicyKind::kResource);
    parsed.text = key.policy;
    parsed.policy =
        std::make_shared<const identity::Policy>(policy ? std::move(*policy) : identity::Policy());
  }
  return parsed.policy;
}

}  // namespace clary::api::kms
