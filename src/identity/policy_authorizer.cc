#include "identity/policy_authorizer.h"

namespace clary::identity {

Verdict PolicyAuthorizer::decide(const Principal& principal, const AccessRequest& request) {
  Verdict verdict;
  if (principal.kind == Principal::Kind::kRoot || principal.owner) {
    verdict.allowed = true;
    verdict.decision = Decision::kAllowed;
    return verdict;
  }
  PolicyRequest question{.action = request.action,
                         .resource = request.resource,
                         .aws_principals = {principal.arn},
                         .service_principal = {},
                         .context = request.context};
  if (request.more_context) request.more_context(question.context);
  const auto set = principals_.of(principal);
  Evaluation evaluation = set ? evaluate(set->identity, question) : Evaluation();
  verdict.decision = evaluation.decision;
  verdict.allowed = evaluation.decision == Decision::kAllowed;
  verdict.matched = std::move(evaluation.matched);
  if (!verdict.allowed) {
    verdict.reason =
        verdict.decision == Decision::kExplicitDeny
            ? "with an explicit deny in an identity-based policy"
            : "because no identity-based policy allows the " + request.action + " action";
  }
  return verdict;
}

}  // namespace clary::identity
