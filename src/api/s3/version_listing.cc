// ListObjectVersions.
#include "api/s3/listing.h"
#include "api/s3/storage_class.h"

namespace clary::api::s3 {
namespace {

using wire::ApiError;

ApiError invalid(std::string_view argument, std::string_view value, const std::string& message) {
  ApiError error("InvalidArgument", message, 400);
  error.details()["ArgumentName"] = argument;
  error.details()["ArgumentValue"] = value;
  return error;
}

objects::VersionsQuery query_of(const json::object& input, const objects::BucketInfo& bucket,
                                const ListingRequest& request) {
  objects::VersionsQuery query{
      bucket.name, request.prefix, request.delimiter, string_or(input, "KeyMarker"),
      "",          request.limit};
  if (const auto version = find_string(input, "VersionIdMarker")) {
    if (version->empty()) {
      throw invalid("version-id-marker", "", "A version-id marker cannot be empty.");
    }
    if (query.after_key.empty()) {
      throw invalid("version-id-marker", *version,
                    "A version-id marker cannot be specified without a key marker.");
    }
    query.after_version = *version;
  }
  return query;
}

json::object entry_of(const objects::ObjectInfo& info, const objects::BucketInfo& bucket,
                      bool url) {
  auto entry = info.delete_marker ? json::object{{"Key", percent_encoded(info.key.str(), url)},
                                                 {"LastModified", epoch_seconds(info.modified)}}
                                  : listed_object(info, url);
  entry["VersionId"] = info.version_id;
  entry["IsLatest"] = info.latest;
  entry["Owner"] = owner_of(info.owner.empty() ? bucket.account : info.owner);
  return entry;
}

// The model parts versions and delete markers into two lists; on the wire they stand in one order,
// which clients of S3 do not rely on.
json::object list_object_versions(Context& context, const json::object& input, Call& call) {
  const auto bucket = bucket_of(context, input, call);
  const auto request = listing_request(input, bucket);
  const auto page = must(context.store.list_versions(query_of(input, bucket, request)), input);
  auto output = listing_output(request, page.truncated, page.common_prefixes);
  output["KeyMarker"] = percent_encoded(string_or(input, "KeyMarker"), request.url);
  output["VersionIdMarker"] = string_or(input, "VersionIdMarker");
  if (page.truncated) {
    output["NextKeyMarker"] = percent_encoded(page.last_key, request.url);
    if (!page.last_version.empty()) output["NextVersionIdMarker"] = page.last_version;
  }
  json::array versions, markers;
  for (const auto& info : page.versions) {
    (info.delete_marker ? markers : versions).push_back(entry_of(info, bucket, request.url));
  }
  output["Versions"] = std::move(versions);
  output["DeleteMarkers"] = std::move(markers);
  return output;
}

}  // namespace

std::vector<OperationEntry> version_listing_operations(Context& context) {
  return {{"ListObjectVersions",
           [&context](const json::object& input, Call& call) {
             return list_object_versions(context, input, call);
           },
           {}}};
}

}  // namespace clary::api::s3
