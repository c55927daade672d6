#include "api/kms/grant_match.h"

#include <algorithm>
#include <array>

#include "base/arn.h"

namespace clary::api::kms {
namespace {

// Operations that take an encryption context: only those are bound by a grant's constraints.
constexpr std::array<std::string_view, 8> kWithContext{"Decrypt",
                                                       "Encrypt",
                                                       "GenerateDataKey",
                                                       "GenerateDataKeyWithoutPlaintext",
                                                       "GenerateDataKeyPair",
                                                       "GenerateDataKeyPairWithoutPlaintext",
                                                       "ReEncryptFrom",
                                                       "ReEncryptTo"};

bool contains(const keys::EncryptionContext& all, const keys::EncryptionContext& part) {
  return std::all_of(part.begin(), part.end(), [&](const auto& pair) {
    const auto found = all.find(pair.first);
    return found != all.end() && found->second == pair.second;
  });
}

bool constraints_hold(const keys::Grant& grant, std::string_view action,
                      const keys::EncryptionContext* given) {
  if (std::find(kWithContext.begin(), kWithContext.end(), action) == kWithContext.end()) {
    return true;
  }
  const keys::EncryptionContext none;
  const keys::EncryptionContext& context = given != nullptr ? *given : none;
  if (grant.context_equals && context != *grant.context_equals) return false;
  return !grant.context_subset || contains(context, *grant.context_subset);
}

}  // namespace

bool names_principal(std::string_view arn, const identity::Principal& principal) {
  if (arn == principal.arn) return true;
  if (arn == principal.account || arn == "arn:aws:iam::" + principal.account + ":root") {
    return principal.kind == identity::Principal::Kind::kRoot;
  }
  if (principal.kind != identity::Principal::Kind::kAssumedRole) return false;
  const auto parts = parse_arn(arn);
  if (!parts || parts->account != principal.account || !parts->resource.starts_with("role/")) {
    return false;
  }
  // Role names are unique in their account, whatever their path.
  return parts->resource.substr(parts->resource.rfind('/') + 1) == principal.name;
}

std::shared_ptr<const keys::Grant> matching_grant(const keys::KmsKey& key,
                                                  const identity::Principal& principal,
                                                  std::string_view action,
                                                  const keys::EncryptionContext* context) {
  for (const auto& grant : key.grants) {
    const auto& allowed = grant->operations;
    if (std::find(allowed.begin(), allowed.end(), action) == allowed.end()) continue;
    if (!names_principal(grant->grantee, principal)) continue;
    if (constraints_hold(*grant, action, context)) return grant;
  }
  return nullptr;
}

}  // namespace clary::api::kms
