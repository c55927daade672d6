#include "api/sagemaker/role_sessions.h"

#include "base/random.h"

namespace clary::api::sagemaker {

std::string role_refused(std::string_view role_arn) {
  return "Could not assume role " + std::string(role_arn) +
         ". Please ensure that the role exists and allows principal 'sagemaker.amazonaws.com' to "
         "assume the role.";
}

std::optional<identity::Role> IdentityRoleSessions::find(std::string_view role_arn,
                                                         std::string_view account) {
  std::optional<identity::Role> role = roles_.find_by_arn(role_arn);
  const bool ours = role && role->account == account &&
                    role->trust_policy.find("sagemaker.amazonaws.com") != std::string::npos;
  return ours ? role : std::nullopt;
}

bool IdentityRoleSessions::usable(std::string_view role_arn, std::string_view account) {
  return find(role_arn, account).has_value();
}

std::optional<engine::AgentAccess> IdentityRoleSessions::open(std::string_view role_arn,
                                                              std::string_view account,
                                                              std::chrono::seconds lifetime) {
  const std::optional<identity::Role> role = find(role_arn, account);
  if (!role) return std::nullopt;
  identity::Principal principal;
  principal.kind = identity::Principal::Kind::kAssumedRole;
  principal.account = role->account;
  principal.arn = "arn:aws:sts::" + role->account + ":assumed-role/" + role->name + "/SageMaker";
  principal.user_id = role->id + ":SageMaker";
  principal.name = role->name;
  const identity::AccessKey key = credentials_.create_session(principal, lifetime);
  return engine::AgentAccess{.server_url = server_url_(),
                             .report_token = random_hex(32),
                             .access_key_id = key.id,
                             .secret_access_key = key.secret,
                             .session_token = key.session_token};
}

}  // namespace clary::api::sagemaker
