// The S3 service: its table of operations, one file per family.
#pragma once

#include <string_view>
#include <vector>

#include "api/call.h"
#include "api/s3/cors.h"
#include "base/worker_pool.h"
#include "objects/object_store.h"

namespace clary::api::s3 {

// What every operation works with. Outlives the service's operations.
struct Context {
  objects::ObjectStore& store;
  WorkerPool& workers;
  CorsCache& cors;
};

// threads: any. order: destroyed before the store and the pool.
class S3 final : public Service {
 public:
  S3(objects::ObjectStore& store, WorkerPool& workers)
      : cors_(store), context_{store, workers, cors_} {}
  std::string_view model_name() const override { return "s3"; }
  std::vector<OperationEntry> operations() override;
  CorsCache& cors() { return cors_; }

 private:
  CorsCache cors_;
  Context context_;
};

// One per file of this folder.
std::vector<OperationEntry> bucket_operations(Context& context);
std::vector<OperationEntry> bucket_setting_operations(Context& context);
std::vector<OperationEntry> read_operations(Context& context);
std::vector<OperationEntry> write_operations(Context& context);
std::vector<OperationEntry> copy_operations(Context& context);
std::vector<OperationEntry> delete_operations(Context& context);
std::vector<OperationEntry> listing_operations(Context& context);
std::vector<OperationEntry> upload_operations(Context& context);
std::vector<OperationEntry> part_operations(Context& context);
std::vector<OperationEntry> tagging_operations(Context& context);
std::vector<OperationEntry> cors_operations(Context& context);
std::vector<OperationEntry> version_listing_operations(Context& context);
std::vector<OperationEntry> versioning_operations(Context& context);
std::vector<OperationEntry> object_lock_operations(Context& context);
std::vector<OperationEntry> lifecycle_operations(Context& context);

}  // namespace clary::api::s3
