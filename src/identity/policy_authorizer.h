// The authorizer over the policies of principals.
#pragma once

#include "identity/authorizer.h"
#include "identity/principal_policies.h"

namespace clary::identity {

// threads: any. order: destroyed before `principals`.
class PolicyAuthorizer final : public Authorizer {
 public:
  explicit PolicyAuthorizer(PrincipalPolicies& principals) : principals_(principals) {}
  Verdict decide(const Principal& principal, const AccessRequest& request) override;

 private:
  PrincipalPolicies& principals_;
};

}  // namespace clary::identity
