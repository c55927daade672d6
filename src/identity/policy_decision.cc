#include "identity/policy_decision.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/text.h"
#include "identity/policy_conditions.h"

namespace clary::identity {
namespace {

constexpr const char* kResourcePolicy = "resource policy";

// One kind of policy and what it says to the request.
struct Part {
  std::string_view kind;  // "an identity-based policy"
  std::shared_ptr<const PolicyIndex::Candidates> candidates;
  std::vector<MatchedStatement> allowing, denying;
};

Part part_of(std::string_view kind, const PolicyIndex* index, const std::string& action) {
  Part part{.kind = kind, .candidates = nullptr, .allowing = {}, .denying = {}};
  if (index != nullptr) part.candidates = index->candidates(action);
  return part;
}

// Fills the request's context when a statement wants to know a key; once.
class LazyContext {
 public:
  LazyContext(PolicyRequest& request, const std::function<void(Context&)>& add)
      : request_(request), add_(add) {}
  // False: the statement does not reach the request, whatever the context.
  bool ready_for(const PolicyStatement& statement) {
    if (filled_ || !statement.needs_context) return true;
    if (!may_reach(statement, request_)) return false;
    filled_ = true;
    if (add_) add_(request_.context);
    return true;
  }

 private:
  PolicyRequest& request_;
  const std::function<void(Context&)>& add_;
  bool filled_ = false;
};

void evaluate_part(Part& part, const PolicyRequest& request, const std::string& action,
                   LazyContext& context) {
  if (part.candidates == nullptr) return;
  for (const PolicyIndex::Candidate& candidate : part.candidates->statements) {
    const PolicyStatement& statement = candidate.statement();
    if (!context.ready_for(statement)) continue;
    if (applies(*candidate.policy->policy, statement, request, action) == Named::kNot) continue;
    (statement.allow ? part.allowing : part.denying)
        .push_back(matched(*candidate.policy, candidate.index));
  }
}

struct ResourcePart : Part {
  Named named = Named::kNot;  // by the statement that allows and names the caller most closely
};

void evaluate_resource(ResourcePart& part, const Policy* policy, const PolicyRequest& request,
                       const std::string& action, LazyContext& context) {
  if (policy == nullptr) return;
  const NamedPolicy named{.name = policy->id.empty() ? kResourcePolicy : policy->id,
                          .policy = std::shared_ptr<const Policy>(std::shared_ptr<void>(), policy)};
  for (std::size_t i = 0; i < policy->statements.size(); ++i) {
    const PolicyStatement& statement = policy->statements[i];
    if (action_listed(statement, action) == statement.not_action) continue;
    if (!context.ready_for(statement)) continue;
    const Named how = applies(*policy, statement, request, action);
    if (how == Named::kNot) continue;
    (statement.allow ? part.allowing : part.denying).push_back(matched(named, i));
    if (statement.allow) part.named = std::max(part.named, how);
  }
}

Verdict denied(Part& part) {
  Verdict verdict;
  verdict.decision = Decision::kExplicitDeny;
  verdict.reason = "with an explicit deny in " + std::string(part.kind);
  verdict.matched = std::move(part.denying);
  return verdict;
}

Verdict not_allowed(std::string_view kind, const std::string& action) {
  Verdict verdict;
  verdict.reason = "because no " + std::string(kind) + " allows the " + action + " action";
  return verdict;
}

// Nullopt: allowed. Else the kind of policy that is missing.
std::optional<std::string_view> missing(const DecisionInput& input, const DecisionDetail& detail) {
  const bool by_resource = detail.resource != Named::kNot;
  if (input.outsider) {
    return detail.resource == Named::kCaller ? std::nullopt
                                             : std::optional("resource-based policy");
  }
  if ((input.cross_account || input.resource_policy_required) && !by_resource) {
    return "resource-based policy";
  }
  if (!input.cross_account) {
    // A policy that names this very user or session lets it in past all that only allows.
    if (detail.resource == Named::kCaller) return std::nullopt;
    // One that names the role of the session needs no identity policy beside it.
    if (detail.resource != Named::kRole && !detail.identity) return "identity-based policy";
  } else if (!detail.identity) {
    return "identity-based policy";
  }
  if (!detail.boundary) return "permissions boundary";
  if (!detail.session) return "session policy";
  return std::nullopt;
}

}  // namespace

Verdict decide_by(const DecidingPolicies& policies, DecisionInput input, DecisionDetail* explain) {
  const std::string action = to_lower(input.request.action);
  std::array<Part, 3> parts = {part_of("an identity-based policy", policies.identity, action),
                               part_of("a permissions boundary", policies.boundary, action),
                               part_of("a session policy", policies.session, action)};
  auto& [identity, boundary, session] = parts;
  LazyContext context(input.request, input.add_context);
  for (Part& part : parts) evaluate_part(part, input.request, action, context);
  ResourcePart resource;
  resource.kind = "a resource-based policy";
  evaluate_resource(resource, input.resource_policy, input.request, action, context);
  if (input.granted) resource.named = Named::kCaller;

  const DecisionDetail detail{
      .identity = policies.everything || !identity.allowing.empty(),
      .boundary = policies.boundary == nullptr || !boundary.allowing.empty(),
      .session = policies.session == nullptr || !session.allowing.empty(),
      .resource = resource.named};
  if (explain != nullptr) *explain = detail;
  for (Part* part : {&identity, static_cast<Part*>(&resource), &boundary, &session}) {
    if (!part->denying.empty()) return denied(*part);
  }
  if (const auto kind = missing(input, detail)) return not_allowed(*kind, input.request.action);
  Verdict verdict;
  verdict.allowed = true;
  verdict.decision = Decision::kAllowed;
  verdict.matched = std::move(identity.allowing);
  std::ranges::move(resource.allowing, std::back_inserter(verdict.matched));
  return verdict;
}

}  // namespace clary::identity
