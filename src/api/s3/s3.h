// The S3 service: its table of operations, one file per family.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "api/call.h"
#include "api/s3/bucket_access.h"
#include "api/s3/cors.h"
#include "api/s3/directory.h"
#include "base/worker_pool.h"
#include "objects/object_store.h"

namespace clary::api::s3 {

class BucketNotifications;
class ObjectEncryption;
struct EncryptionKeys;

// What a bucket is made with when its maker says nothing. AWS's own defaults: ACLs disabled, every
// kind of public access blocked.
struct NewBuckets {
  ObjectOwnership ownership = ObjectOwnership::kBucketOwnerEnforced;
  bool block_public_access = true;
};

// What every operation works with. Outlives the service's operations.
struct Context {
  objects::ObjectStore& store;
  WorkerPool& workers;
  CorsCache& cors;
  ObjectEncryption& encryption;
  BucketAccessCache& access;
  Directory directory = {};
  NewBuckets new_buckets = {};
  BucketNotifications* notifications = nullptr;
};

// threads: any. order: destroyed before the store and the pool.
class S3 final : public Service {
 public:
  S3(objects::ObjectStore& store, WorkerPool& workers, const EncryptionKeys& keys);
  // Without a root key and KMS: objects are stored as they are, unless SSE-C asks otherwise.
  S3(objects::ObjectStore& store, WorkerPool& workers);
  ~S3() override;
  // Whom ACLs and policies may name, and how buckets are made. Set before the service is used.
  void share(Directory directory, NewBuckets new_buckets);
  std::string_view model_name() const override { return "s3"; }
  std::vector<OperationEntry> operations() override;
  void authorize(const json::object& input, Call& call) override;
  CorsCache& cors() { return cors_; }
  // Before requests come; without it notifications are not offered.
  void notify(BucketNotifications& notifications) { context_.notifications = &notifications; }

 private:
  CorsCache cors_;
  std::unique_ptr<ObjectEncryption> encryption_;
  BucketAccessCache access_;
  Context context_;
};

// One per file of this folder.
std::vector<OperationEntry> bucket_operations(Context& context);
std::vector<OperationEntry> bucket_setting_operations(Context& context);
std::vector<OperationEntry> bucket_encryption_operations(Context& context);
std::vector<OperationEntry> read_operations(Context& context);
std::vector<OperationEntry> write_operations(Context& context);
std::vector<OperationEntry> copy_operations(Context& context);
std::vector<OperationEntry> delete_operations(Context& context);
std::vector<OperationEntry> listing_operations(Context& context);
std::vector<OperationEntry> upload_operations(Context& context);
std::vector<OperationEntry> part_operations(Context& context);
std::vector<OperationEntry> tagging_operations(Context& context);
std::vector<OperationEntry> cors_operations(Context& context);
std::vector<OperationEntry> notification_operations(Context& context);
std::vector<OperationEntry> version_listing_operations(Context& context);
std::vector<OperationEntry> versioning_operations(Context& context);
std::vector<OperationEntry> object_lock_operations(Context& context);
std::vector<OperationEntry> lifecycle_operations(Context& context);
std::vector<OperationEntry> acl_operations(Context& context);
std::vector<OperationEntry> bucket_policy_operations(Context& context);
std::vector<OperationEntry> public_access_operations(Context& context);

}  // namespace clary::api::s3
