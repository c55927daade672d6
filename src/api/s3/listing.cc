// ListObjects, ListObjectsV2, ListObjectVersions.
#include "api/s3/payload_checks.h"
#include "api/s3/request.h"
#include "base/text.h"

namespace clary::api::s3 {
namespace {

using wire::ApiError;

constexpr std::size_t kMaxKeys = 1000;

struct Listing {
  objects::ListQuery query;
  bool url = false;  // encoding-type=url
  objects::ListPage page;
};

Listing start_listing(const json::object& input, const objects::BucketInfo& bucket) {
  Listing listing;
  listing.query.bucket = bucket.name;
  listing.query.prefix = string_or(input, "Prefix");
  listing.query.delimiter = string_or(input, "Delimiter");
  listing.query.limit = page_size(input, "MaxKeys", "max-keys", kMaxKeys);
  const auto encoding = find_string(input, "EncodingType");
  listing.url = encoding == "url";
  if (encoding && !listing.url) {
    ApiError error("InvalidArgument", "Invalid Encoding Method specified in Request", 400);
    error.details()["ArgumentName"] = "encoding-type";
    error.details()["ArgumentValue"] = *encoding;
    throw error;
  }
  return listing;
}

// Contents (or Versions): what all three listings say of an object.
json::object entry_of(const objects::ObjectInfo& info, bool url) {
  json::object entry{{"Key", percent_encoded(info.key.str(), url)},
                     {"LastModified", epoch_seconds(info.modified)},
                     {"ETag", in_quotes(info.etag)},
                     {"Size", info.size},
                     {"StorageClass", "STANDARD"}};
  if (!info.checksums.empty()) {
    json::array algorithms;
    for (const auto& checksum : info.checksums) {
      algorithms.emplace_back(wire::checksum_name(kind_of(checksum.algorithm)));
    }
    entry["ChecksumAlgorithm"] = std::move(algorithms);
    entry["ChecksumType"] = info.checksums.front().composite ? "COMPOSITE" : "FULL_OBJECT";
  }
  return entry;
}

// The members that all three outputs share.
json::object output_of(const Listing& listing) {
  json::object output{{"Name", listing.query.bucket.str()},
                      {"Prefix", percent_encoded(listing.query.prefix, listing.url)},
                      {"MaxKeys", listing.query.limit},
                      {"IsTruncated", listing.page.truncated}};
  if (!listing.query.delimiter.empty()) {
    output["Delimiter"] = percent_encoded(listing.query.delimiter, listing.url);
  }
  if (listing.url) output["EncodingType"] = "url";
  if (!listing.page.common_prefixes.empty()) {
    json::array prefixes;
    for (const auto& prefix : listing.page.common_prefixes) {
      prefixes.push_back(json::object{{"Prefix", percent_encoded(prefix, listing.url)}});
    }
    output["CommonPrefixes"] = std::move(prefixes);
  }
  return output;
}

json::array contents_of(const Listing& listing, const json::object* owner) {
  json::array contents;
  contents.reserve(listing.page.objects.size());
  for (const auto& info : listing.page.objects) {
    auto entry = entry_of(info, listing.url);
    if (owner != nullptr) entry["Owner"] = *owner;
    contents.push_back(std::move(entry));
  }
  return contents;
}

json::object list_objects(Context& context, const json::object& input, Call& call) {
  const auto bucket = bucket_of(context, input, call);
  auto listing = start_listing(input, bucket);
  const auto marker = string_or(input, "Marker");
  listing.query.start_after = marker;
  listing.page = must(context.store.list(listing.query), input);
  auto output = output_of(listing);
  output["Marker"] = percent_encoded(marker, listing.url);
  // Without a delimiter the last key itself is where the next page starts.
  if (listing.page.truncated && !listing.query.delimiter.empty()) {
    output["NextMarker"] = percent_encoded(listing.page.last, listing.url);
  }
  const auto owner = owner_of(bucket.account);
  output["Contents"] = contents_of(listing, &owner);
  return output;
}

// A continuation token is the last name shown, marked as ours.
constexpr std::string_view kTokenMark = "1/";

std::string token_of(std::string_view name) {
  return base64(std::string(kTokenMark).append(name));
}

std::string name_of_token(std::string_view token) {
  auto name = unbase64(token);
  if (!name || !name->starts_with(kTokenMark)) {
    ApiError error("InvalidArgument", "The continuation token provided is incorrect", 400);
    error.details()["ArgumentName"] = "continuation-token";
    throw error;
  }
  return name->substr(kTokenMark.size());
}

json::object list_objects_v2(Context& context, const json::object& input, Call& call) {
  const auto bucket = bucket_of(context, input, call);
  auto listing = start_listing(input, bucket);
  const auto start_after = find_string(input, "StartAfter");
  const auto token = find_string(input, "ContinuationToken");
  listing.query.start_after = token ? name_of_token(*token) : std::string(start_after.value_or(""));
  listing.page = must(context.store.list(listing.query), input);
  auto output = output_of(listing);
  output["KeyCount"] = listing.page.objects.size() + listing.page.common_prefixes.size();
  if (token) output["ContinuationToken"] = *token;
  if (start_after) output["StartAfter"] = percent_encoded(*start_after, listing.url);
  if (listing.page.truncated) output["NextContinuationToken"] = token_of(listing.page.last);
  const auto owner = owner_of(bucket.account);
  const bool with_owner = find_bool(input, "FetchOwner").value_or(false);
  output["Contents"] = contents_of(listing, with_owner ? &owner : nullptr);
  return output;
}

// Buckets have no versions yet, so each object is its one version, "null".
json::object list_object_versions(Context& context, const json::object& input, Call& call) {
  const auto bucket = bucket_of(context, input, call);
  auto listing = start_listing(input, bucket);
  const auto marker = string_or(input, "KeyMarker");
  listing.query.start_after = marker;
  listing.page = must(context.store.list(listing.query), input);
  auto output = output_of(listing);
  output["KeyMarker"] = percent_encoded(marker, listing.url);
  output["VersionIdMarker"] = string_or(input, "VersionIdMarker");
  if (listing.page.truncated) {
    output["NextKeyMarker"] = percent_encoded(listing.page.last, listing.url);
    output["NextVersionIdMarker"] = "null";
  }
  const auto owner = owner_of(bucket.account);
  auto versions = contents_of(listing, &owner);
  for (auto& version : versions) {
    version.as_object()["VersionId"] = "null";
    version.as_object()["IsLatest"] = true;
  }
  output["Versions"] = std::move(versions);
  return output;
}

}  // namespace

std::vector<OperationEntry> listing_operations(Context& context) {
  const auto plain = [&context](auto function) {
    return [&context, function](const json::object& input, Call& call) {
      return function(context, input, call);
    };
  };
  return {
      {"ListObjects", plain(list_objects), {}},
      {"ListObjectsV2", plain(list_objects_v2), {}},
      {"ListObjectVersions", plain(list_object_versions), {}},
  };
}

}  // namespace clary::api::s3
