// What clients read of a bucket's settings. None of them can be changed yet, so each answers what
// holds for every bucket here: S3's own words for a setting that was never made, or the one value
// there is.
#include "api/s3/request.h"

namespace clary::api::s3 {
namespace {

using wire::ApiError;

// A setting that was never made.
struct Absent {
  std::string_view operation, code, message;
};
constexpr std::array kAbsent{
    Absent{"GetBucketWebsite", "NoSuchWebsiteConfiguration",
           "The specified bucket does not have a website configuration"},
    Absent{"GetBucketReplication", "ReplicationConfigurationNotFoundError",
           "The replication configuration was not found"},
};

// An answer without members: never configured.
constexpr std::array<std::string_view, 2> kEmpty{"GetBucketLogging",
                                                 "GetBucketAccelerateConfiguration"};

json::object get_bucket_request_payment(Context& context, const json::object& input, Call& call) {
  bucket_of(context, input, call);
  return {{"Payer", "BucketOwner"}};
}

}  // namespace

std::vector<OperationEntry> bucket_setting_operations(Context& context) {
  const auto plain = [&context](auto function) {
    return [&context, function](const json::object& input, Call& call) {
      return function(context, input, call);
    };
  };
  std::vector<OperationEntry> entries{
      {"GetBucketRequestPayment", plain(get_bucket_request_payment), {}},
  };
  for (const auto& absent : kAbsent) {
    entries.push_back({absent.operation,
                       [&context, absent](const json::object& input, Call& call) -> json::object {
                         const auto bucket = bucket_of(context, input, call);
                         ApiError error(std::string(absent.code), std::string(absent.message), 404);
                         error.details()["BucketName"] = bucket.name.str();
                         throw error;
                       },
                       {}});
  }
  for (const auto operation : kEmpty) {
    entries.push_back({operation,
                       [&context](const json::object& input, Call& call) -> json::object {
                         bucket_of(context, input, call);
                         return {};
                       },
                       {}});
  }
  return entries;
}

}  // namespace clary::api::s3
