// PutBucketLifecycleConfiguration, GetBucketLifecycleConfiguration, DeleteBucketLifecycle.
#include "api/s3/lifecycle.h"

#include "api/s3/request.h"
#include "base/text.h"
#include "objects/lifecycle.h"

namespace clary::api::s3 {
namespace {

using wire::ApiError;

constexpr std::string_view kMinimumSize = "TransitionDefaultMinimumObjectSize";

json::object put_lifecycle(Context& context, const json::object& input, Call& call) {
  const auto bucket = bucket_of(context, input, call);
  const auto* configuration = find_object(input, "LifecycleConfiguration");
  const auto* given = configuration != nullptr ? find_array(*configuration, "Rules") : nullptr;
  json::array rules = given != nullptr ? *given : json::array();
  check_lifecycle_rules(rules);
  const auto size = string_or(input, kMinimumSize, "all_storage_classes_128K");
  if (size != "all_storage_classes_128K" && size != "varies_by_storage_class") {
    throw ApiError("InvalidRequest",
                   "Invalid value for x-amz-transition-default-minimum-object-size", 400);
  }
  const json::object stored{{"Rules", std::move(rules)}, {kMinimumSize, size}};
  must(context.store.set_lifecycle(bucket.name, json::serialize(stored)), input);
  return {{kMinimumSize, size}};
}

json::object get_lifecycle(Context& context, const json::object& input, Call& call) {
  const auto bucket = bucket_of(context, input, call);
  const auto stored =
      must(context.store.bucket_config(bucket.name, objects::kLifecycleConfig), input);
  if (!stored) {
    ApiError error("NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist",
                   404);
    error.details()["BucketName"] = bucket.name.str();
    throw error;
  }
  return json::parse(*stored).as_object();
}

json::object delete_lifecycle(Context& context, const json::object& input, Call& call) {
  const auto bucket = bucket_of(context, input, call);
  must(context.store.set_lifecycle(bucket.name, std::nullopt), input);
  return {};
}

std::optional<std::string> expiration_of(const objects::BucketInfo& bucket,
                                         const objects::ObjectInfo& info) {
  if (!bucket.lifecycle) return std::nullopt;
  const auto expiry = objects::expiry_of(*bucket.lifecycle, info);
  if (!expiry) return std::nullopt;
  return "expiry-date=\"" + http_date(expiry->at) + "\", rule-id=\"" +
         uri_encode(expiry->rule_id, Slash::kEncode) + "\"";
}

}  // namespace

void show_expiration(ResponseHead& head, const objects::BucketInfo& bucket,
                     const objects::ObjectInfo& info) {
  if (auto text = expiration_of(bucket, info)) {
    head.headers.emplace_back("x-amz-expiration", std::move(*text));
  }
}

void show_expiration(json::object& output, const objects::BucketInfo& bucket,
                     const objects::ObjectInfo& info) {
  if (const auto text = expiration_of(bucket, info)) output["Expiration"] = *text;
}

void show_abort(json::object& output, const objects::BucketInfo& bucket,
                const objects::UploadInfo& upload) {
  if (!bucket.lifecycle) return;
  const auto expiry = objects::expiry_of(*bucket.lifecycle, upload);
  if (!expiry) return;
  output["AbortDate"] = epoch_seconds(expiry->at);
  output["AbortRuleId"] = expiry->rule_id;
}

std::vector<OperationEntry> lifecycle_operations(Context& context) {
  const auto plain = [&context](auto function) {
    return [&context, function](const json::object& input, Call& call) {
      return function(context, input, call);
    };
  };
  return {
      {"PutBucketLifecycleConfiguration", plain(put_lifecycle), {}},
      {"GetBucketLifecycleConfiguration", plain(get_lifecycle), {}},
      {"DeleteBucketLifecycle", plain(delete_lifecycle), {}},
  };
}

}  // namespace clary::api::s3
