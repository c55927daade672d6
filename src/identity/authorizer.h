// May this principal do that? Identity policies, permission boundary, session policy and resource
// policy together, as IAM's "Policy evaluation logic" has it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "identity/credentials.h"
#include "identity/policy.h"

namespace clary::identity {

// Condition keys in lower case and their values.
using Context = std::map<std::string, std::vector<std::string>>;

// One thing somebody wants to do to one resource.
struct AccessRequest {
  std::string action;            // "s3:GetObject"
  std::string resource = "*";    // an ARN
  std::string resource_account;  // who owns it; "" is the principal's own account
  // Condition keys beside those of the principal, which the authorizer adds itself
  // (aws:PrincipalArn, aws:PrincipalTag/*, aws:userid, aws:username, ...).
  Context context;
  // Adds keys that cost something to find out (tags of the resource, ...): called once at most, and
  // only when a policy asks for a key. May be empty.
  std::function<void(Context&)> more_context;
  // The policy that hangs on the resource (bucket, key, role to assume); nullptr for none.
  std::shared_ptr<const Policy> resource_policy;
  // The resource's policy must let the caller in by itself or by naming the account, as KMS keys
  // ask; without it an identity policy of the same account is enough.
  bool resource_policy_required = false;
  // The resource lets the caller in by other means than its policy, as S3's ACLs do: counts like a
  // statement of the resource's policy that allows this and names the caller.
  bool granted = false;
};

struct Verdict {
  bool allowed = false;
  Decision decision = Decision::kImplicitDeny;
  // As AWS ends its message: "because no identity-based policy allows the s3:GetObject action".
  // "" when allowed.
  std::string reason;
  // The statements that decided: the denying ones, else those that allow.
  std::vector<MatchedStatement> matched;
};

// threads: any. Does not block for a principal it has seen since the last change of its policies.
class Authorizer {
 public:
  virtual ~Authorizer() = default;
  virtual Verdict decide(const Principal& principal, const AccessRequest& request) = 0;
};

}  // namespace clary::identity
