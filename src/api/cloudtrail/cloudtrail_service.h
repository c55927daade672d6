// CloudTrail: what was done in an account, as LookupEvents answers it.
#pragma once

#include "api/call.h"
#include "audit/event_index.h"

namespace clary::api {

// owns nothing: the index outlives it.
class CloudTrailService final : public Service {
 public:
  explicit CloudTrailService(audit::EventIndex& index) : index_(index) {}
  std::string_view model_name() const override { return "cloudtrail"; }
  std::vector<OperationEntry> operations() override;

 private:
  json::object lookup_events(const json::object& input, Call& call);

  audit::EventIndex& index_;
};

}  // namespace clary::api
