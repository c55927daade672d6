#include "api/s3/s3.h"

#include <iterator>

#include "api/s3/authorize.h"
#include "api/s3/encryption.h"

namespace clary::api::s3 {

S3::S3(objects::ObjectStore& store, WorkerPool& workers, const EncryptionKeys& keys)
    : cors_(store),
      encryption_(std::make_unique<ObjectEncryption>(store, keys)),
      access_(store),
      context_{store, workers, cors_, *encryption_, access_} {}

S3::S3(objects::ObjectStore& store, WorkerPool& workers) : S3(store, workers, EncryptionKeys{}) {}

S3::~S3() = default;

std::vector<OperationEntry> S3::operations() {
  std::vector<OperationEntry> all;
  for (const auto family :
       {bucket_operations,        bucket_setting_operations,  bucket_encryption_operations,
        read_operations,          write_operations,           copy_operations,
        delete_operations,        listing_operations,         upload_operations,
        part_operations,          tagging_operations,         cors_operations,
        notification_operations,  version_listing_operations, versioning_operations,
        object_lock_operations,   lifecycle_operations,       acl_operations,
        bucket_policy_operations, public_access_operations}) {
    std::ranges::move(family(context_), std::back_inserter(all));
  }
  return all;
}

void S3::share(Directory directory, NewBuckets new_buckets) {
  context_.directory = std::move(directory);
  context_.new_buckets = new_buckets;
}

void S3::authorize(const json::object& input, Call& call) {
  authorize_operation(context_, input, call);
}

}  // namespace clary::api::s3
