#include "api/sts/sts_service.h"

#include "api/access.h"
#include "api/sts/operations.h"

namespace clary::api {
namespace sts {

json::object get_caller_identity(const StsStores&, const json::object&, Call& call) {
  return {{"UserId", call.principal.user_id},
          {"Account", call.principal.account},
          {"Arn", call.principal.arn}};
}

json::object get_access_key_info(const StsStores& stores, const json::object& input, Call& call) {
  identity::AccessRequest request;
  request.action = "sts:GetAccessKeyInfo";
  require_access(call, std::move(request));
  const auto key = stores.credentials.find(string_or(input, "AccessKeyId"));
  if (key == nullptr) {
    throw wire::ApiError("ValidationError", "The specified AccessKeyId is not a valid access key.",
                         400);
  }
  return {{"Account", key->principal->account}};
}

// Sessions of GetSessionToken may assume roles, those of GetFederationToken only ask who they are.
// Source: "Comparing AWS STS API operations".
void keep_out_sessions(const Call& call) {
  using Kind = identity::Principal::Kind;
  const identity::Principal& principal = call.principal;
  if (!principal.temporary || principal.kind == Kind::kAssumedRole) return;
  const std::string& name = call.operation.name;
  if (name == "GetCallerIdentity") return;
  if (name == "AssumeRole" && principal.kind != Kind::kFederatedUser) return;
  throw wire::ApiError("AccessDenied", "Cannot call " + name + " with session credentials", 403);
}

}  // namespace sts

std::vector<OperationEntry> StsService::operations() {
  const auto on = [this](sts::Operation* operation) -> Plain {
    return [this, operation](const json::object& input, Call& call) {
      sts::keep_out_sessions(call);
      return operation(stores_, input, call);
    };
  };
  return {
      {"GetCallerIdentity", on(sts::get_caller_identity), {}, true},
      {"AssumeRole", on(sts::assume_role), {}},
      {"AssumeRoleWithWebIdentity", on(sts::assume_role_with_web_identity), {}},
      {"GetSessionToken", on(sts::get_session_token), {}},
      {"GetFederationToken", on(sts::get_federation_token), {}},
      {"GetAccessKeyInfo", on(sts::get_access_key_info), {}},
  };
}

}  // namespace clary::api
