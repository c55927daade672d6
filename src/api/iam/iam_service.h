// IAM as far as clients need it: roles, policies, simulation.
#pragma once

#include "api/call.h"
#include "identity/credentials.h"
#include "identity/policies.h"
#include "identity/roles.h"

namespace clary::api {

struct IamStores {
  identity::Roles& roles;
  identity::Policies& policies;
};

// owns nothing: the stores outlive it.
class IamService final : public Service {
 public:
  explicit IamService(IamStores stores) : stores_(stores) {}
  std::string_view model_name() const override { return "iam"; }
  std::vector<OperationEntry> operations() override;

 private:
  IamStores stores_;
};

}  // namespace clary::api
