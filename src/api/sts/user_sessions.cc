#include "api/access.h"
#include "api/sts/operations.h"

namespace clary::api::sts {
namespace {

using identity::Principal;

constexpr std::int64_t kHalfDay = 12 * 3600, kHour = 3600;

void only_long_lived(const Call& call, std::string_view operation) {
  if (call.principal.temporary || call.principal.kind == Principal::Kind::kAssumedRole) {
    throw wire::ApiError(
        "AccessDenied", "Cannot call " + std::string(operation) + " with session credentials", 403);
  }
}

// Sessions of an account's root last an hour at most.
std::chrono::seconds duration_in(const json::object& input, const Principal& principal) {
  std::int64_t seconds = find_int(input, "DurationSeconds").value_or(kHalfDay);
  if (principal.kind == Principal::Kind::kRoot) seconds = std::min(seconds, kHour);
  return std::chrono::seconds(seconds);
}

}  // namespace

json::object get_session_token(const StsStores& stores, const json::object& input, Call& call) {
  only_long_lived(call, "GetSessionToken");
  if (find_string(input, "TokenCode")) {
    throw wire::ApiError("AccessDenied",
                         "MultiFactorAuthentication failed: the caller has no "
                         "multi-factor device.",
                         403);
  }
  Principal principal = call.principal;
  principal.session_context["aws:tokenissuetime"] = iso8601(call.now);
  return {{"Credentials", credentials_out(stores.credentials.create_session(
                              principal, duration_in(input, call.principal)))}};
}

json::object get_federation_token(const StsStores& stores, const json::object& input, Call& call) {
  only_long_lived(call, "GetFederationToken");
  const std::string name = string_or(input, "Name");
  SessionRequest session = session_in(stores, input, call.account);
  Principal principal;
  principal.kind = Principal::Kind::kFederatedUser;
  principal.account = call.account;
  principal.arn = "arn:aws:sts::" + principal.account + ":federated-user/" + name;
  principal.user_id = principal.account + ":" + name;
  principal.name = call.principal.name;
  principal.session_policy = session.policy;
  principal.session_policy_arns = session.policy_arns;
  principal.session_tags = session.tags;
  principal.session_context["aws:tokenissuetime"] = iso8601(call.now);
  const auto require = [&](std::string action) {
    require_access(call, {.action = std::move(action),
                          .resource = principal.arn,
                          .resource_account = principal.account,
                          .context = context_of(input, session),
                          .more_context = {},
                          .resource_policy = nullptr});
  };
  require("sts:GetFederationToken");
  if (!session.tags.empty()) require("sts:TagSession");
  const auto key = stores.credentials.create_session(principal, duration_in(input, call.principal));
  json::object output{{"Credentials", credentials_out(key)},
                      {"FederatedUser", json::object{{"FederatedUserId", principal.user_id},
                                                     {"Arn", principal.arn}}}};
  show_packed_size(output, session);
  return output;
}

}  // namespace clary::api::sts
