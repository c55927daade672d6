#include "api/sts/sts_service.h"

#include "api/sts/operations.h"

namespace clary::api {
namespace sts {

json::object get_caller_identity(const StsStores&, const json::object&, Call& call) {
  return {{"UserId", call.principal.user_id},
          {"Account", call.principal.account},
          {"Arn", call.principal.arn}};
}

json::object get_access_key_info(const StsStores& stores, const json::object& input, Call&) {
  const auto key = stores.credentials.find(string_or(input, "AccessKeyId"));
  if (key == nullptr) {
    throw wire::ApiError("ValidationError", "The specified AccessKeyId is not a valid access key.",
                         400);
  }
  return {{"Account", key->principal->account}};
}

}  // namespace sts

std::vector<OperationEntry> StsService::operations() {
  const auto on = [this](sts::Operation* operation) -> Plain {
    return [this, operation](const json::object& input, Call& call) {
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
