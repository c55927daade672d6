#include "api/sagemaker/role_sessions.h"

#include "base/random.h"
#include "base/text.h"
#include "identity/policy.h"

namespace clary::api::sagemaker {
namespace {

identity::Principal session_of(const identity::Role& role, const SessionTags& tags) {
  identity::Principal principal;
  principal.kind = identity::Principal::Kind::kAssumedRole;
  principal.account = role.account;
  principal.arn = "arn:aws:sts::" + role.account + ":assumed-role/" + role.name + "/SageMaker";
  principal.user_id = role.id + ":SageMaker";
  principal.name = role.name;
  principal.session_tags = tags;
  for (const auto& [key, value] : tags) principal.transitive_tags.push_back(key);
  return principal;
}

}  // namespace

std::string role_refused(std::string_view role_arn) {
  return "Could not assume role " + std::string(role_arn) +
         ". Please ensure that the role exists and allows principal 'sagemaker.amazonaws.com' to "
         "assume the role.";
}

std::optional<identity::Role> IdentityRoleSessions::find(std::string_view role_arn,
                                                         std::string_view account,
                                                         const SessionTags& tags) {
  std::optional<identity::Role> role = roles_.find_by_arn(role_arn);
  if (!role || role->account != account) return std::nullopt;
  auto trust = identity::parse_policy(role->trust_policy, identity::PolicyKind::kTrust);
  if (!trust) return std::nullopt;
  // SageMaker asks on behalf of an account, which a trust policy may insist on.
  const std::string owner(account);
  const identity::NamedPolicy named{
      .name = "trust", .policy = std::make_shared<const identity::Policy>(*std::move(trust))};
  const auto allows = [&](const char* action) {
    identity::PolicyRequest request{.action = action,
                                    .resource = role->arn,
                                    .aws_principals = {},
                                    .service_principal = "sagemaker.amazonaws.com",
                                    .context = {{"aws:sourceaccount", {owner}}}};
    for (const auto& [key, value] : tags) {
      request.context["aws:requesttag/" + to_lower(key)] = {value};
      request.context["aws:tagkeys"].push_back(key);
    }
    return identity::evaluate(std::span(&named, 1), request).decision ==
           identity::Decision::kAllowed;
  };
  if (!allows("sts:AssumeRole") || (!tags.empty() && !allows("sts:TagSession"))) {
    return std::nullopt;
  }
  return role;
}

bool IdentityRoleSessions::usable(std::string_view role_arn, std::string_view account,
                                  const SessionTags& tags) {
  return find(role_arn, account, tags).has_value();
}

std::optional<engine::AgentAccess> IdentityRoleSessions::open(std::string_view role_arn,
                                                              std::string_view account,
                                                              std::chrono::seconds lifetime,
                                                              const SessionTags& tags) {
  const std::optional<identity::Role> role = find(role_arn, account, tags);
  if (!role) return std::nullopt;
  const identity::Principal principal = session_of(*role, tags);
  const identity::AccessKey key = credentials_.create_session(principal, lifetime);
  return engine::AgentAccess{.server_url = server_url_(),
                             .report_token = random_hex(32),
                             .access_key_id = key.id,
                             .secret_access_key = key.secret,
                             .session_token = key.session_token};
}

std::optional<identity::Principal> IdentityRoleSessions::principal(std::string_view role_arn,
                                                                   std::string_view account) {
  const std::optional<identity::Role> role = find(role_arn, account, {});
  if (!role) return std::nullopt;
  identity::Principal principal = session_of(*role, {});
  principal.temporary = true;
  return principal;
}

}  // namespace clary::api::sagemaker
