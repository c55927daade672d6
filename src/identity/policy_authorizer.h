// The authorizer over the roles and policies that are stored.
#pragma once

#include "identity/authorizer.h"

namespace clary::identity {

// threads: any. order: destroyed before roles and policies.
class PolicyAuthorizer final : public Authorizer {
 public:
  PolicyAuthorizer(Roles& roles, Policies& policies) : roles_(roles), policies_(policies) {}
  Verdict decide(const Principal& principal, const AccessRequest& request) override;

 private:
  Roles& roles_;
  Policies& policies_;
};

}  // namespace clary::identity
