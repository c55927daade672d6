// The SageMaker service: its table of operations.
#pragma once

#include <memory>

#include "api/call.h"
#include "store/documents.h"

namespace clary::api::sagemaker {

// What the service works with; all outlive it.
struct Parts {
  store::Documents& documents;
};

// threads: operations run on the worker pool, many at once.
class SageMaker final : public Service {
 public:
  explicit SageMaker(const Parts& parts);
  ~SageMaker() override;
  std::string_view model_name() const override { return "sagemaker"; }
  std::vector<OperationEntry> operations() override;

 private:
  struct Families;
  std::unique_ptr<Families> families_;
};

}  // namespace clary::api::sagemaker
