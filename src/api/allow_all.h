// An authorizer for tests of what operations do, not of who may call them, and for a server that is
// measured with its checks off (setting `authorization`).
#pragma once

#include "identity/authorizer.h"

namespace clary::api {

class AllowAll final : public identity::Authorizer {
 public:
  identity::Verdict decide(const identity::Principal&, const identity::AccessRequest&) override {
    return {.allowed = true, .decision = identity::Decision::kAllowed, .reason = {}, .matched = {}};
  }
};

}  // namespace clary::api
