#include "api/iam/operations.h"

namespace clary::api::iam {

// There are no IAM users here: people come in with keys of roles. Both answers say just that.
json::object get_user(const IamStores&, const json::object& input, Call& call) {
  if (const auto name = find_string(input, "UserName")) {
    throw wire::ApiError("NoSuchEntity",
                         "The user with name " + std::string(*name) + " cannot be found.");
  }
  if (call.principal.kind != identity::Principal::Kind::kRoot) {
    throw wire::ApiError("ValidationError",
                         "Must specify userName when calling with non-User credentials", 400);
  }
  return {{"User", json::object{{"UserId", call.principal.user_id},
                                {"Arn", call.principal.arn},
                                {"Path", "/"},
                                {"UserName", "root"},
                                {"CreateDate", 0}}}};
}

json::object list_users(const IamStores&, const json::object&, Call&) {
  return {{"Users", json::array()}, {"IsTruncated", false}};
}

}  // namespace clary::api::iam
