// Tags of objects and of buckets.
#include "api/s3/tags.h"

#include "api/s3/request.h"
#include "api/s3/versioning.h"

namespace clary::api::s3 {
namespace {

using wire::ApiError;

constexpr std::string_view kBucketTags = "tagging";

json::object get_bucket_tagging(Context& context, const json::object& input, Call& call) {
  const auto bucket = bucket_of(context, input, call);
  const auto stored = must(context.store.bucket_config(bucket.name, kBucketTags), input);
  if (!stored) throw ApiError("NoSuchTagSet", "The TagSet does not exist", 404);
  return {{"TagSet", json::parse(*stored)}};
}

json::object put_bucket_tagging(Context& context, const json::object& input, Call& call) {
  const auto bucket = bucket_of(context, input, call);
  const auto tags = tags_of_input(input, kMaxBucketTags);
  must(context.store.set_bucket_config(bucket.name, kBucketTags, json::serialize(tag_set(tags))),
       input);
  return {};
}

json::object delete_bucket_tagging(Context& context, const json::object& input, Call& call) {
  const auto bucket = bucket_of(context, input, call);
  must(context.store.set_bucket_config(bucket.name, kBucketTags, std::nullopt), input);
  return {};
}

json::object get_object_tagging(Context& context, const json::object& input, Call& call) {
  const auto bucket = bucket_of(context, input, call);
  const auto info = must(context.store.head(bucket.name, key_of(input), version_of(input)), input);
  json::object output{{"TagSet", tag_set(info->tags)}};
  show_version(output, bucket, info->version_id);
  return output;
}

json::object put_object_tagging(Context& context, const json::object& input, Call& call) {
  const auto bucket = bucket_of(context, input, call);
  const auto tags = tags_of_input(input, kMaxObjectTags);
  const auto info =
      must(context.store.set_tags(bucket.name, version_name(input, call), tags), input);
  json::object output;
  show_version(output, bucket, info.version_id);
  return output;
}

json::object delete_object_tagging(Context& context, const json::object& input, Call& call) {
  const auto bucket = bucket_of(context, input, call);
  const auto info = must(context.store.set_tags(bucket.name, version_name(input, call), {}), input);
  json::object output;
  show_version(output, bucket, info.version_id);
  return output;
}

}  // namespace

std::vector<OperationEntry> tagging_operations(Context& context) {
  const auto plain = [&context](auto function) {
    return [&context, function](const json::object& input, Call& call) {
      return function(context, input, call);
    };
  };
  return {
      {"GetBucketTagging", plain(get_bucket_tagging), {}},
      {"PutBucketTagging", plain(put_bucket_tagging), {}},
      {"DeleteBucketTagging", plain(delete_bucket_tagging), {}},
      {"GetObjectTagging", plain(get_object_tagging), {}},
      {"PutObjectTagging", plain(put_object_tagging), {}},
      {"DeleteObjectTagging", plain(delete_object_tagging), {}},
  };
}

}  // namespace clary::api::s3
