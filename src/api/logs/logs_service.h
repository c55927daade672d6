// CloudWatch Logs over store/log_events.h.
#pragma once

#include "api/call.h"
#include "store/documents.h"
#include "store/log_events.h"

namespace clary::api {

struct LogStores {
  store::LogEvents& events;
  store::Documents& documents;  // tags of groups
};

// owns nothing: the stores outlive it.
class LogsService final : public Service {
 public:
  explicit LogsService(LogStores stores) : stores_(stores) {}
  std::string_view model_name() const override { return "logs"; }
  std::vector<OperationEntry> operations() override;
  void add_resource_context(const std::string& resource_arn, const Call& call,
                            identity::Context& context) override;

 private:
  LogStores stores_;
};

}  // namespace clary::api
