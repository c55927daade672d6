// PutBucketCors, GetBucketCors, DeleteBucketCors.
#include "api/s3/cors.h"
#include "api/s3/request.h"

namespace clary::api::s3 {
namespace {

using wire::ApiError;

json::object put_bucket_cors(Context& context, const json::object& input, Call& call) {
  const auto bucket = bucket_of(context, input, call);
  const auto* configuration = find_object(input, "CORSConfiguration");
  const auto* rules = configuration == nullptr ? nullptr : find_array(*configuration, "CORSRules");
  if (rules == nullptr || rules->empty()) {
    throw ApiError("MalformedXML",
                   "The XML you provided was not well-formed or did not validate against our "
                   "published schema",
                   400);
  }
  must(context.cors.set(bucket, cors_rules(*rules)), input);
  return {};
}

json::object get_bucket_cors(Context& context, const json::object& input, Call& call) {
  const auto bucket = bucket_of(context, input, call);
  const auto rules = context.cors.find(bucket);
  if (!rules) {
    ApiError error("NoSuchCORSConfiguration", "The CORS configuration does not exist", 404);
    error.details()["BucketName"] = bucket.name.str();
    throw error;
  }
  return {{"CORSRules", cors_document(*rules)}};
}

json::object delete_bucket_cors(Context& context, const json::object& input, Call& call) {
  must(context.cors.set(bucket_of(context, input, call), {}), input);
  return {};
}

}  // namespace

std::vector<OperationEntry> cors_operations(Context& context) {
  const auto plain = [&context](auto function) {
    return [&context, function](const json::object& input, Call& call) {
      return function(context, input, call);
    };
  };
  return {
      {"PutBucketCors", plain(put_bucket_cors), {}},
      {"GetBucketCors", plain(get_bucket_cors), {}},
      {"DeleteBucketCors", plain(delete_bucket_cors), {}},
  };
}

}  // namespace clary::api::s3
