// Buckets: ListBuckets, CreateBucket, HeadBucket, GetBucketLocation, DeleteBucket.
#include "api/s3/bucket_name.h"
#include "api/s3/new_bucket_access.h"
#include "api/s3/notifications.h"
#include "api/s3/request.h"
#include "base/text.h"

namespace clary::api::s3 {
namespace {

using wire::ApiError;

constexpr std::size_t kMaxBuckets = 10'000;

// The tokens of ListBuckets are the last name, encoded so that nobody takes them for one.
std::string token_of(std::string_view name) {
  return base64(name);
}

std::string name_of_token(const json::object& input) {
  const auto token = find_string(input, "ContinuationToken");
  if (!token || token->empty()) return {};
  auto name = unbase64(*token);
  if (!name) {
    throw ApiError("InvalidArgument", "The continuation token provided is incorrect", 400);
  }
  return std::move(*name);
}

json::object list_buckets(Context& context, const json::object& input, Call& call) {
  const auto limit = page_size(input, "MaxBuckets", "max-buckets", kMaxBuckets);
  if (find_int(input, "MaxBuckets") && limit == 0) {
    throw ApiError("InvalidArgument", "Argument max-buckets must be an integer between 1 and 10000",
                   400);
  }
  const auto prefix = string_or(input, "Prefix");
  const auto region = find_string(input, "BucketRegion");
  const auto after = name_of_token(input);
  json::array buckets;
  json::object output{{"Owner", owner_of(call.account)}};
  if (!prefix.empty()) output["Prefix"] = prefix;
  for (const auto& bucket : context.store.buckets(call.account)) {
    const auto& name = bucket.name.str();
    if (name <= after || !name.starts_with(prefix)) continue;
    if (region && bucket.region != *region) continue;
    if (buckets.size() == limit) {
      output["ContinuationToken"] = token_of(buckets.back().as_object().at("Name").as_string());
      break;
    }
    buckets.push_back(json::object{{"Name", name},
                                   {"CreationDate", epoch_seconds(bucket.created)},
                                   {"BucketRegion", bucket.region}});
  }
  output["Buckets"] = std::move(buckets);
  return output;
}

// Which region a new bucket is in: "CreateBucket", Amazon S3 API reference.
std::string region_of(const json::object& input, std::string_view endpoint) {
  const auto* configuration = find_object(input, "CreateBucketConfiguration");
  const auto asked =
      configuration != nullptr ? string_or(*configuration, "LocationConstraint") : std::string();
  if (endpoint == "us-east-1") {
    if (asked == "us-east-1") {
      throw ApiError("InvalidLocationConstraint", "The specified location-constraint is not valid",
                     400);
    }
    return asked.empty() ? std::string(endpoint) : asked == "EU" ? "eu-west-1" : asked;
  }
  if (asked != endpoint) {
    throw ApiError("IllegalLocationConstraintException",
                   "The " + (asked.empty() ? std::string("unspecified") : asked) +
                       " location constraint is incompatible for the region specific endpoint "
                       "this request was sent to.",
                   400);
  }
  return asked;
}

json::object create_bucket(Context& context, const json::object& input, Call& call) {
  const auto name = string_or(input, "Bucket");
  if (!valid_bucket_name(name)) {
    ApiError error("InvalidBucketName", "The specified bucket is not valid.", 400);
    error.details()["BucketName"] = name;
    throw error;
  }
  const auto access = new_bucket_access(context, input, call);
  const objects::BucketInfo bucket{BucketName(name),
                                   std::string(call.account),
                                   region_of(input, call.region),
                                   call.now,
                                   objects::Versioning::kNever,
                                   find_bool(input, "ObjectLockEnabledForBucket").value_or(false)};
  const auto created = context.store.create_bucket(bucket);
  // In us-east-1 alone, creating what is one's own already succeeds.
  const bool repeated = !created && created.error() == objects::StoreError::kBucketOwnedByYou &&
                        call.region == "us-east-1";
  if (!created && !repeated) throw error_of(created.error(), input);
  if (created && context.notifications != nullptr) context.notifications->forget(bucket.name);
  if (repeated) {
    reset_acl(context, bucket, access, input);
  } else {
    store_access(context, bucket.name, access, input);
  }
  return {{"Location", "/" + name}};
}

json::object head_bucket(Context& context, const json::object& input, Call& call) {
  const auto bucket = bucket_of(context, input, call);
  return {{"BucketRegion", bucket.region}, {"AccessPointAlias", false}};
}

// The answer's root element holds the region itself, which no other operation does.
boost::asio::awaitable<void> get_bucket_location(Context& context, json::object input, Call& call,
                                                 BodyWriter& response) {
  const auto bucket = find_bucket(context, input, call);
  if (!bucket) {
    co_await answer_error(call, response, bucket.error());
    co_return;
  }
  const std::string region = bucket->region == "us-east-1" ? "" : bucket->region;
  ResponseHead head;
  head.headers = {{"x-amz-request-id", std::string(call.request_id)},
                  {"Content-Type", "application/xml"}};
  std::string body = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<LocationConstraint xmlns=\"";
  body += call.model.xml_namespace();
  body += region.empty() ? "\"/>" : "\">" + region + "</LocationConstraint>";
  co_await response.send(std::move(head), std::move(body));
}

json::object delete_bucket(Context& context, const json::object& input, Call& call) {
  const auto bucket = bucket_of(context, input, call);
  must(context.store.delete_bucket(bucket.name), input);
  context.access.forget(bucket.name);
  return {};
}

}  // namespace

std::vector<OperationEntry> bucket_operations(Context& context) {
  const auto plain = [&context](auto function) {
    return [&context, function](const json::object& input, Call& call) {
      return function(context, input, call);
    };
  };
  return {
      {"ListBuckets", plain(list_buckets), {}},
      {"CreateBucket", plain(create_bucket), {}},
      {"HeadBucket", plain(head_bucket), {}},
      {"GetBucketLocation",
       {},
       [&context](json::object input, Call& call, BodyReader&, BodyWriter& response) {
         return get_bucket_location(context, std::move(input), call, response);
       }},
      {"DeleteBucket", plain(delete_bucket), {}},
  };
}

}  // namespace clary::api::s3
