#include "identity/policy_authorizer.h"

#include <openssl/sha.h>

#include "base/json.h"
#include "base/text.h"

namespace clary::identity {
namespace {

using Kind = Principal::Kind;

bool is_outsider(const Principal& principal) {
  return principal.kind == Kind::kAnonymous || principal.kind == Kind::kService ||
         principal.kind == Kind::kWebIdentity;
}

std::string root_arn(const std::string& account) {
  return "arn:aws:iam::" + account + ":root";
}

std::string_view type_of(const Principal& principal) {
  switch (principal.kind) {
    case Kind::kRoot:
      return "Account";
    case Kind::kUser:
      return "User";
    case Kind::kAssumedRole:
      return "AssumedRole";
    case Kind::kFederatedUser:
      return "FederatedUser";
    case Kind::kAnonymous:
      return "Anonymous";
    case Kind::kService:
    case Kind::kWebIdentity:
      break;
  }
  return "";
}

// AWS lets the root of the bucket's account at the bucket's policy, so that it can undo a policy
// that shuts everybody out (S3's "Bucket policies": PutBucketPolicy).
bool undoes_bucket_policy(std::string_view action) {
  return action == "s3:PutBucketPolicy" || action == "s3:GetBucketPolicy" ||
         action == "s3:DeleteBucketPolicy";
}

// Policies of users and roles are shared by all their sessions.
std::string entry_key(const Principal& principal) {
  std::string key(1, static_cast<char>('0' + static_cast<int>(principal.kind)));
  key += principal.account + "/" + principal.name + "/";
  key += principal.user_id.substr(0, principal.user_id.find(':'));
  return key;
}

template <class Shards>
auto& shard_of(Shards& shards, const std::string& key) {
  return shards[std::hash<std::string>()(key) % shards.size()];
}

}  // namespace

std::string canonical_user_id(std::string_view account) {
  const std::string text = "canonical-user/" + std::string(account);
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest;
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string id;
  for (const unsigned char byte : digest) {
    id.push_back(kHex[byte >> 4]);
    id.push_back(kHex[byte & 15]);
  }
  return id;
}

void name_caller(const Principal& principal, const std::string& principal_arn,
                 PolicyRequest& request) {
  if (principal.kind == Kind::kAnonymous) {
    request.aws_principals = {"anonymous"};
    return;
  }
  if (principal.kind == Kind::kService) {
    request.service_principal = principal.arn;
    return;
  }
  if (principal.kind == Kind::kWebIdentity) {
    request.federated_principal = principal.arn;
    return;
  }
  request.aws_principals = {principal.arn};
  const std::string unique_id = principal.user_id.substr(0, principal.user_id.find(':'));
  if (principal.kind == Kind::kAssumedRole) {
    if (!principal_arn.empty()) request.role_principals.push_back(principal_arn);
    request.role_principals.push_back(unique_id);
  } else if (principal.kind == Kind::kUser) {
    request.aws_principals.push_back(unique_id);
  } else if (principal.kind == Kind::kFederatedUser && !principal_arn.empty()) {
    request.role_principals.push_back(principal_arn);
  }
  if (principal.kind == Kind::kRoot || principal.owner) {
    request.aws_principals.push_back(root_arn(principal.account));
  } else {
    request.account_principals = {root_arn(principal.account)};
  }
  request.canonical_user = canonical_user_id(principal.account);
}

void PolicyAuthorizer::add_principal_context(const Principal& principal,
                                             const PrincipalPolicySet& facts, Context& context) {
  const auto set = [&](std::string key, std::string value) {
    context.insert_or_assign(std::move(key), std::vector<std::string>{std::move(value)});
  };
  const std::string type(type_of(principal));
  if (!type.empty()) set("aws:principaltype", type);
  set("aws:principalisawsservice", principal.kind == Kind::kService ? "true" : "false");
  set("aws:viaawsservice", "false");
  if (principal.kind == Kind::kService) set("aws:principalservicename", principal.arn);
  if (principal.kind == Kind::kAnonymous) {
    set("aws:userid", "anonymous");
    return;
  }
  if (is_outsider(principal)) {
    for (const auto& [key, value] : principal.session_context) set(key, value);
    return;
  }
  set("aws:principalarn", facts.principal_arn.empty() ? principal.arn : facts.principal_arn);
  set("aws:principalaccount", principal.account);
  set("aws:userid", principal.user_id);
  if (principal.kind == Kind::kUser) set("aws:username", principal.name);
  if (principal.temporary) set("aws:multifactorauthpresent", "false");
  if (!principal.source_identity.empty()) set("aws:sourceidentity", principal.source_identity);
  for (const auto& [key, value] : facts.tags) set("aws:principaltag/" + to_lower(key), value);
  for (const auto& [key, value] : principal.session_tags) {
    set("aws:principaltag/" + to_lower(key), value);
  }
  for (const auto& [key, value] : principal.session_context) set(key, value);
}

Verdict PolicyAuthorizer::decide(const Principal& principal, const AccessRequest& request) {
  const bool outsider = is_outsider(principal);
  const bool everything = principal.kind == Kind::kRoot || principal.owner;
  const bool cross_account =
      !request.resource_account.empty() && request.resource_account != principal.account;
  const bool own_policies = !outsider && !everything;
  if (everything && !cross_account &&
      (request.resource_policy == nullptr ? !request.resource_policy_required
                                          : undoes_bucket_policy(request.action)) &&
      principal.session_policy.empty() && principal.session_policy_arns.empty()) {
    return {.allowed = true, .decision = Decision::kAllowed, .reason = {}, .matched = {}};
  }
  const auto entry = own_policies || principal.owner ? entry_of(principal) : nullptr;
  if (own_policies && !entry->exists) {
    Verdict gone;
    gone.reason = "because no identity-based policy allows the " + request.action + " action";
    return gone;
  }
  const auto session = session_of(principal);
  static const PrincipalPolicySet kNoFacts;
  const PrincipalPolicySet& facts = entry != nullptr ? entry->facts : kNoFacts;

  DecisionInput input;
  input.request.action = request.action;
  input.request.resource = request.resource;
  input.request.context = request.context;
  if (request.resource_policy != nullptr) {
    name_caller(principal, facts.principal_arn, input.request);
  }
  input.add_context = [&](Context& context) {
    if (request.more_context) request.more_context(context);
    const std::string& owner =
        request.resource_account.empty() ? principal.account : request.resource_account;
    context.insert_or_assign("aws:resourceaccount", std::vector<std::string>{owner});
    add_principal_context(principal, facts, context);
  };
  input.resource_policy = request.resource_policy.get();
  input.resource_policy_required = request.resource_policy_required;
  input.granted = request.granted;
  input.cross_account = cross_account;
  input.outsider = outsider;
  return decide_by({.everything = everything,
                    .identity = own_policies ? entry->identity.get() : nullptr,
                    .boundary = own_policies ? entry->boundary.get() : nullptr,
                    .session = session != nullptr ? session->index.get() : nullptr},
                   std::move(input));
}

std::shared_ptr<const PrincipalEntry> PolicyAuthorizer::entry_of(const Principal& principal) {
  const std::string key = entry_key(principal);
  // Read before the policies: a change in between makes the entry old at once.
  const std::uint64_t stamp = principals_.stamp();
  auto& shard = shard_of(entries_, key);
  {
    const std::lock_guard lock(shard.mutex);
    const auto found = shard.entries.find(key);
    if (found != shard.entries.end() && found->second->stamp == stamp) return found->second;
  }
  auto entry = std::make_shared<PrincipalEntry>();
  entry->stamp = stamp;
  if (auto set = principals_.of(principal)) {
    entry->exists = true;
    entry->identity = std::make_unique<const PolicyIndex>(std::move(set->identity));
    if (set->boundary) {
      entry->boundary =
          std::make_unique<const PolicyIndex>(std::vector<NamedPolicy>{*std::move(set->boundary)});
    }
    entry->facts = {.identity = {},
                    .boundary = std::nullopt,
                    .principal_arn = std::move(set->principal_arn),
                    .tags = std::move(set->tags)};
  }
  const std::lock_guard lock(shard.mutex);
  if (shard.entries.size() >= kPerShard) shard.entries.clear();
  shard.entries.insert_or_assign(key, entry);
  return entry;
}

std::shared_ptr<const PolicyAuthorizer::SessionEntry> PolicyAuthorizer::session_of(
    const Principal& principal) {
  const bool narrowed = !principal.session_policy.empty() ||
                        !principal.session_policy_arns.empty() ||
                        principal.kind == Kind::kFederatedUser;
  if (!narrowed) return nullptr;
  std::string key = principal.session_policy;
  for (const std::string& arn : principal.session_policy_arns) key += "\n" + arn;
  const std::uint64_t stamp = principals_.stamp();
  auto& shard = shard_of(sessions_, key);
  {
    const std::lock_guard lock(shard.mutex);
    const auto found = shard.entries.find(key);
    if (found != shard.entries.end() && found->second->stamp == stamp) return found->second;
  }
  auto entry = std::make_shared<SessionEntry>();
  entry->stamp = stamp;
  entry->index = session_policies(principal);
  const std::lock_guard lock(shard.mutex);
  if (shard.entries.size() >= kPerShard) shard.entries.clear();
  shard.entries.insert_or_assign(key, entry);
  return entry;
}

// What does not parse, or is gone, allows nothing.
std::unique_ptr<const PolicyIndex> PolicyAuthorizer::session_policies(const Principal& principal) {
  std::vector<NamedPolicy> policies;
  if (!principal.session_policy.empty()) {
    if (auto policy = parse_policy(principal.session_policy, PolicyKind::kIdentity)) {
      policies.push_back(
          {.name = "session policy", .policy = std::make_shared<const Policy>(*std::move(policy))});
    }
  }
  for (const std::string& arn : principal.session_policy_arns) {
    if (auto policy = principals_.managed(arn)) policies.push_back(*std::move(policy));
  }
  return std::make_unique<const PolicyIndex>(std::move(policies));
}

}  // namespace clary::identity
