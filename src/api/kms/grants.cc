// Grants: rights to one key for one principal, beside the key's policy.
#include <algorithm>

#include "api/kms/grant_match.h"
#include "api/kms/operations.h"
#include "base/arn.h"
#include "base/random.h"
#include "base/text.h"

namespace clary::api::kms {
namespace {

using wire::ApiError;

// With the key's id before it: RetireGrant takes the token alone.
std::string new_token(const keys::KmsKey& key, std::string_view grant_id) {
  return base64(key.id + "/" + std::string(grant_id) + "/" + random_hex(16));
}

struct Named {
  KeyPointer key;
  std::shared_ptr<const keys::Grant> grant;
};

std::shared_ptr<const keys::Grant> find_grant(const keys::KmsKey& key, std::string_view id) {
  for (const auto& grant : key.grants) {
    if (grant->id == id) return grant;
  }
  return nullptr;
}

void require_principal_arn(const std::string& arn) {
  const auto parts = parse_arn(arn);
  if (!parts || (parts->service != "iam" && parts->service != "sts") || parts->account.empty()) {
    throw ApiError("InvalidArnException", "ARN does not refer to a valid principal: " + arn);
  }
}

void refuse_services(const json::object& input) {
  for (const std::string_view name : {"GranteeServicePrincipal", "RetiringServicePrincipal"}) {
    if (find_string(input, name)) {
      throw ApiError("UnsupportedOperationException",
                     "Clary's services use the rights of their caller: " + std::string(name) +
                         " has no use here.");
    }
  }
}

keys::Grant grant_in(const json::object& input, const Call& call) {
  refuse_services(input);
  keys::Grant grant;
  grant.grantee = required(input, "GranteePrincipal");
  grant.retiring = string_or(input, "RetiringPrincipal");
  grant.name = string_or(input, "Name");
  grant.issuing_account = "arn:aws:iam::" + std::string(call.account) + ":root";
  grant.created = call.now;
  if (grant.grantee.empty()) {
    throw ApiError("ValidationException", "GranteePrincipal is required.");
  }
  require_principal_arn(grant.grantee);
  if (!grant.retiring.empty()) require_principal_arn(grant.retiring);
  for (const json::value& operation : *find_array(input, "Operations")) {
    grant.operations.emplace_back(operation.as_string());
  }
  if (const json::object* const constraints = find_object(input, "Constraints")) {
    if (find_string(*constraints, "SourceArn")) {
      throw ApiError("UnsupportedOperationException", "Clary has no grants bound to a SourceArn.");
    }
    if (find_object(*constraints, "EncryptionContextEquals") != nullptr) {
      grant.context_equals = context_in(*constraints, "EncryptionContextEquals");
    }
    if (find_object(*constraints, "EncryptionContextSubset") != nullptr) {
      grant.context_subset = context_in(*constraints, "EncryptionContextSubset");
    }
  }
  return grant;
}

// Who was let in by a grant gives no more than it has: as KMS's "Create grants" has it.
void require_no_more(const keys::Grant& parent, const keys::Grant& child) {
  for (const std::string& operation : child.operations) {
    const auto& allowed = parent.operations;
    if (std::find(allowed.begin(), allowed.end(), operation) == allowed.end()) {
      throw ApiError("AccessDeniedException", "A grant that is made under a grant may not allow " +
                                                  operation + ", which that one does not.");
    }
  }
  if ((parent.context_equals && child.context_equals != parent.context_equals) ||
      (parent.context_subset && child.context_subset != parent.context_subset)) {
    throw ApiError("AccessDeniedException",
                   "A grant that is made under a grant keeps its constraints.");
  }
}

bool same(const keys::Grant& a, const keys::Grant& b) {
  return a.name == b.name && a.grantee == b.grantee && a.retiring == b.retiring &&
         a.operations == b.operations && a.context_equals == b.context_equals &&
         a.context_subset == b.context_subset;
}

json::object grant_out(const keys::KmsKey& key, const keys::Grant& grant) {
  json::object out{{"KeyId", key.arn},
                   {"GrantId", grant.id},
                   {"Name", grant.name},
                   {"CreationDate", epoch_seconds(grant.created)},
                   {"GranteePrincipal", grant.grantee},
                   {"IssuingAccount", grant.issuing_account},
                   {"Operations", json::array(grant.operations.begin(), grant.operations.end())}};
  if (!grant.retiring.empty()) out["RetiringPrincipal"] = grant.retiring;
  const auto map_out = [](const keys::EncryptionContext& context) {
    json::object map;
    for (const auto& [name, value] : context) map[name] = value;
    return map;
  };
  json::object constraints;
  if (grant.context_equals) constraints["EncryptionContextEquals"] = map_out(*grant.context_equals);
  if (grant.context_subset) constraints["EncryptionContextSubset"] = map_out(*grant.context_subset);
  if (!constraints.empty()) out["Constraints"] = std::move(constraints);
  return out;
}

Named grant_by_token(const KmsParts& parts, const std::string& token) {
  const auto text = unbase64(token);
  const auto slash = text ? text->find('/') : std::string::npos;
  if (slash != std::string::npos) {
    const KeyPointer key = parts.keys.find(text->substr(0, slash));
    const std::string id = text->substr(slash + 1, text->rfind('/') - slash - 1);
    if (key != nullptr) {
      if (auto grant = find_grant(*key, id)) return {key, std::move(grant)};
    }
  }
  throw ApiError("InvalidGrantTokenException", "The grant token is not valid.");
}

Named grant_by_id(const KmsParts& parts, const json::object& input, const Call& call,
                  std::string_view action) {
  Ask ask{.action = action};
  const KeyPointer key = parts.access.resolve(call, required(input, "KeyId"), ask);
  auto grant = find_grant(*key, required(input, "GrantId"));
  if (grant == nullptr) {
    throw ApiError("NotFoundException", "Grant ID " + required(input, "GrantId") + " not found");
  }
  return {key, std::move(grant)};
}

}  // namespace

json::object create_grant(const KmsParts& parts, const json::object& input, Call& call) {
  keys::Grant grant = grant_in(input, call);
  Ask ask{.action = "CreateGrant"};
  ask.context["kms:grantoperations"] = grant.operations;
  ask.context["kms:granteeprincipal"] = {grant.grantee};
  ask.context["kms:grantisforawsresource"] = {"false"};
  if (!grant.retiring.empty()) ask.context["kms:retiringprincipal"] = {grant.retiring};
  if (grant.context_equals) {
    ask.context["kms:grantconstrainttype"].emplace_back("EncryptionContextEquals");
  }
  if (grant.context_subset) {
    ask.context["kms:grantconstrainttype"].emplace_back("EncryptionContextSubset");
  }
  const Permission permission = parts.access.require(call, required(input, "KeyId"), ask);
  const keys::KmsKey& key = *permission.key;
  if (permission.grant != nullptr) require_no_more(*permission.grant, grant);
  require_enabled(key);
  if (!key.symmetric() && (grant.context_equals || grant.context_subset)) {
    throw ApiError("ValidationException",
                   "Encryption context constraints are for symmetric encryption keys only.");
  }
  end_dry_run(input);
  if (!grant.name.empty()) {
    for (const auto& other : key.grants) {
      if (same(*other, grant)) {
        return {{"GrantToken", new_token(key, other->id)}, {"GrantId", other->id}};
      }
    }
  }
  grant.id = random_hex(32);
  grant.token = new_token(key, grant.id);
  json::object output{{"GrantToken", grant.token}, {"GrantId", grant.id}};
  if (!parts.keys.add_grant(key.id, std::move(grant))) throw_gone(key);
  return output;
}

json::object list_grants(const KmsParts& parts, const json::object& input, Call& call) {
  const auto key = key_for(parts, input, call, {.action = "ListGrants"});
  const auto id = find_string(input, "GrantId");
  const auto grantee = find_string(input, "GranteePrincipal");
  json::array grants;
  for (const auto& grant : key->grants) {
    if (id && grant->id != *id) continue;
    if (grantee && grant->grantee != *grantee) continue;
    grants.emplace_back(grant_out(*key, *grant));
  }
  json::object output;
  page_out(output, "Grants", std::move(grants), input, 50,
           [](const json::object& grant) { return string_or(grant, "GrantId"); });
  return output;
}

json::object list_retirable_grants(const KmsParts& parts, const json::object& input, Call& call) {
  parts.access.require_plain(call, "ListRetirableGrants", "*");
  const std::string retiring = required(input, "RetiringPrincipal");
  const auto principal = parse_arn(retiring);
  if (!principal) throw ApiError("InvalidArnException", "ARN is not valid: " + retiring);
  if (principal->account != call.account) {
    throw ApiError("AccessDeniedException",
                   "RetiringPrincipal must be of the caller's own account.");
  }
  std::map<std::string, json::object> found;
  for (const auto& key : parts.keys.all()) {
    if (key->region != call.region) continue;
    for (const auto& grant : key->grants) {
      if (grant->retiring == retiring) found.emplace(grant->id, grant_out(*key, *grant));
    }
  }
  json::array grants;
  for (auto& [id, grant] : found) grants.emplace_back(std::move(grant));
  json::object output;
  page_out(output, "Grants", std::move(grants), input, 50,
           [](const json::object& grant) { return string_or(grant, "GrantId"); });
  return output;
}

json::object retire_grant(const KmsParts& parts, const json::object& input, Call& call) {
  const auto token = find_string(input, "GrantToken");
  if (!token && (!find_string(input, "KeyId") || !find_string(input, "GrantId"))) {
    throw ApiError("ValidationException", "Give GrantToken, or KeyId and GrantId.");
  }
  const Named named = token ? grant_by_token(parts, std::string(*token))
                            : grant_by_id(parts, input, call, "RetireGrant");
  const keys::Grant& grant = *named.grant;
  const auto& operations = grant.operations;
  const bool by_grantee =
      names_principal(grant.grantee, call.principal) &&
      std::find(operations.begin(), operations.end(), "RetireGrant") != operations.end();
  const bool by_retiring =
      !grant.retiring.empty() && names_principal(grant.retiring, call.principal);
  if (!by_grantee && !by_retiring) {
    parts.access.require(call, named.key, Ask{.action = "RetireGrant"});
  }
  end_dry_run(input);
  if (!parts.keys.remove_grant(named.key->id, grant.id)) throw_gone(*named.key);
  return {};
}

json::object revoke_grant(const KmsParts& parts, const json::object& input, Call& call) {
  Ask ask{.action = "RevokeGrant"};
  ask.context["kms:grantisforawsresource"] = {"false"};
  const auto key = key_for(parts, input, call, std::move(ask));
  const std::string id = required(input, "GrantId");
  if (find_grant(*key, id) == nullptr) {
    throw ApiError("NotFoundException", "Grant ID " + id + " not found");
  }
  end_dry_run(input);
  if (!parts.keys.remove_grant(key->id, id)) throw_gone(*key);
  return {};
}

}  // namespace clary::api::kms
