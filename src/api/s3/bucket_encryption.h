// The default encryption of a bucket.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "api/call.h"
#include "objects/object_store.h"

namespace clary::api::s3 {

struct BucketEncryption {
  bool configured = false;  // by PutBucketEncryption
  std::string scheme;       // of objects that name none; "": they are stored as they are
  std::string kms_key_id;   // "": the AWS managed key
  bool bucket_key = false;
  bool customer_keys_blocked = false;
};

// As they are stored, in memory once they were read. threads: any. blocks: shortly, at the first
// use of a bucket.
class BucketEncryptions {
 public:
  // `fallback`: the scheme of buckets without a configuration.
  BucketEncryptions(objects::ObjectStore& store, std::string fallback)
      : store_(store), fallback_(std::move(fallback)) {}
  BucketEncryption of(const objects::BucketInfo& bucket);

  // GetBucketEncryption, PutBucketEncryption, DeleteBucketEncryption. Throw ApiError.
  json::object get(const objects::BucketInfo& bucket);
  void put(const objects::BucketInfo& bucket, const json::object& input);
  void remove(const objects::BucketInfo& bucket, const json::object& input);

 private:
  struct Known {
    Timestamp created;  // a bucket of that name that is made anew is another one
    BucketEncryption encryption;
  };
  objects::ObjectStore& store_;
  const std::string fallback_;
  std::mutex mutex_;
  std::map<std::string, Known, std::less<>> known_;
  std::uint64_t stamp_ = 0;  // changes with every change
};

}  // namespace clary::api::s3
