#include "identity/policy_authorizer.h"

namespace clary::identity {

Verdict PolicyAuthorizer::decide(const Principal& principal, const AccessRequest& request) {
  Verdict verdict;
  if (principal.kind == Principal::Kind::kRoot) {
    verdict.allowed = true;
    verdict.decision = Decision::kAllowed;
    return verdict;
  }
  PolicyRequest question{.action = request.action,
                         .resource = request.resource,
                         .aws_principals = {principal.arn},
                         .service_principal = {},
                         .context = request.context};
  const auto role = roles_.find(principal.account, principal.name);
  const auto policies = role ? policies_.of_role(*role) : std::vector<NamedPolicy>();
  Evaluation evaluation = evaluate(policies, question);
  verdict.decision = evaluation.decision;
  verdict.allowed = evaluation.decision == Decision::kAllowed;
  verdict.deciding_policies = std::move(evaluation.deciding_policies);
  if (!verdict.allowed) {
    verdict.reason =
        verdict.decision == Decision::kExplicitDeny
            ? "with an explicit deny in an identity-based policy"
            : "because no identity-based policy allows the " + request.action + " action";
  }
  return verdict;
}

}  // namespace clary::identity
