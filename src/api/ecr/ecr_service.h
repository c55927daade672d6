// Amazon ECR over registry/store.h.
#pragma once

#include "api/call.h"
#include "api/ecr/operations.h"

namespace clary::api {

// owns nothing: the stores outlive it.
class EcrService final : public Service {
 public:
  explicit EcrService(ecr::Stores stores) : stores_(stores) {}
  std::string_view model_name() const override { return "ecr"; }
  std::vector<OperationEntry> operations() override;
  // Beside the caller's policies the repository's own counts, also for other accounts.
  void authorize(const json::object& input, Call& call) override;

 private:
  ecr::Stores stores_;
};

}  // namespace clary::api
