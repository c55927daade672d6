// STS: who am I, and sessions of roles.
#pragma once

#include "api/call.h"
#include "identity/credentials.h"
#include "identity/roles.h"

namespace clary::api {

// owns nothing: the stores outlive it.
class StsService final : public Service {
 public:
  StsService(identity::Credentials& credentials, identity::Roles& roles)
      : credentials_(credentials), roles_(roles) {}
  std::string_view model_name() const override { return "sts"; }
  std::vector<OperationEntry> operations() override;

 private:
  json::object assume_role(const json::object& input, Call& call);
  json::object get_session_token(const json::object& input, Call& call);
  json::object get_access_key_info(const json::object& input, Call& call);
  // The ARN of the role behind a session, with its path; "" when there is none.
  std::string role_arn_of(const identity::Principal& principal);

  identity::Credentials& credentials_;
  identity::Roles& roles_;
};

}  // namespace clary::api
