// The decision itself, over policies that are at hand: pure functions, no storage.
// Source: IAM's "Policy evaluation logic", "How AWS enforcement code logic evaluates requests" and
// "Cross-account policy evaluation logic".
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "identity/authorizer.h"
#include "identity/policy_index.h"

namespace clary::identity {

// What takes part beside the resource's policy.
struct DecidingPolicies {
  // Root of an account and its owner's key: allowed all that nothing denies.
  bool everything = false;
  const PolicyIndex* identity = nullptr;  // nullptr: none, which allows nothing
  const PolicyIndex* boundary = nullptr;  // nullptr: no boundary
  const PolicyIndex* session = nullptr;   // nullptr: the session is not narrowed
};

// Which part lets the request through; what SimulatePrincipalPolicy explains.
struct DecisionDetail {
  bool identity = false, boundary = true, session = true;
  Named resource = Named::kNot;
};

// `request` holds action, resource and the caller's names; `add_context` fills request.context when
// a policy asks for a key. `cross_account`: the resource is another account's.
struct DecisionInput {
  PolicyRequest request;
  std::function<void(Context&)> add_context;
  const Policy* resource_policy = nullptr;
  bool resource_policy_required = false;
  bool granted = false;
  bool cross_account = false;
  // A caller without an account: only the resource's policy speaks.
  bool outsider = false;
};

Verdict decide_by(const DecidingPolicies& policies, DecisionInput input,
                  DecisionDetail* detail = nullptr);

}  // namespace clary::identity
