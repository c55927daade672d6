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
    Absent{"GetBucketPolicy", "NoSuchBucketPolicy", "The bucket policy does not exist"},
    Absent{"GetBucketPolicyStatus", "NoSuchBucketPolicy", "The bucket policy does not exist"},
    Absent{"GetPublicAccessBlock", "NoSuchPublicAccessBlockConfiguration",
           "The public access block configuration was not found"},
    Absent{"GetBucketWebsite", "NoSuchWebsiteConfiguration",
           "The specified bucket does not have a website configuration"},
    Absent{"GetBucketReplication", "ReplicationConfigurationNotFoundError",
           "The replication configuration was not found"},
};

// An answer without members: never configured.
constexpr std::array<std::string_view, 3> kEmpty{
    "GetBucketLogging", "GetBucketNotificationConfiguration", "GetBucketAccelerateConfiguration"};

json::object owner_controls_all(std::string_view account) {
  auto grantee = owner_of(account);
  grantee["Type"] = "CanonicalUser";
  return {{"Owner", owner_of(account)},
          {"Grants", json::array{json::object{{"Grantee", std::move(grantee)},
                                              {"Permission", "FULL_CONTROL"}}}}};
}

json::object get_bucket_acl(Context& context, const json::object& input, Call& call) {
  return owner_controls_all(bucket_of(context, input, call).account);
}

json::object get_object_acl(Context& context, const json::object& input, Call& call) {
  const auto bucket = bucket_of(context, input, call);
  must(context.store.head(bucket.name, key_of(input)), input);
  return owner_controls_all(bucket.account);
}

json::object get_bucket_ownership_controls(Context& context, const json::object& input,
                                           Call& call) {
  bucket_of(context, input, call);
  const json::object rule{{"ObjectOwnership", "BucketOwnerEnforced"}};
  return {{"OwnershipControls", json::object{{"Rules", json::array{rule}}}}};
}

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
      {"GetBucketAcl", plain(get_bucket_acl), {}},
      {"GetObjectAcl", plain(get_object_acl), {}},
      {"GetBucketOwnershipControls", plain(get_bucket_ownership_controls), {}},
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
