// What stands around the operations of jobs, whatever their kind: quotas before they are created,
// and what a queued one waits for when it is described.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "api/call.h"
#include "api/sagemaker/quotas.h"
#include "store/documents.h"

namespace clary::api::sagemaker {

// What a run that is queued waits for, by the run's id; nullopt for one that is not.
using Waiting = std::function<std::optional<std::string>(const std::string& run_id)>;

// threads: any. Both outlive it; nullptr and empty do nothing.
class JobLimits {
 public:
  JobLimits(store::Documents& documents, Quotas* quotas, Waiting waiting)
      : documents_(documents), quotas_(quotas), waiting_(std::move(waiting)) {}

  // The operation, with what it needs around it; as it is when that is nothing.
  OperationEntry guarded(OperationEntry entry);

 private:
  void check(std::string_view create, const json::object& input, const Call& call);
  void put_waiting(json::object& output, const Call& call);

  store::Documents& documents_;
  Quotas* const quotas_;
  const Waiting waiting_;
};

}  // namespace clary::api::sagemaker
