// S3 locations as SageMaker requests write them, and the two questions asked of S3 before a job.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace clary::api::sagemaker {

struct S3Location {
  std::string bucket, key;  // key may be "" or a prefix
  std::string uri() const { return "s3://" + bucket + "/" + key; }
};

// s3://bucket/key, https://bucket.s3-region.amazonaws.com/key (and .s3.region.), and
// https://s3.region.amazonaws.com/bucket/key. Nullopt for anything else.
std::optional<S3Location> parse_s3_uri(std::string_view uri);

// Appends `name` to a prefix that may or may not end with a slash.
std::string join_s3(std::string_view prefix, std::string_view name);

// threads: any. blocks.
class S3Look {
 public:
  virtual ~S3Look() = default;
  // Whether the bucket is there and any key starts with the location's.
  virtual bool any_object(const S3Location& location) = 0;
};

}  // namespace clary::api::sagemaker
