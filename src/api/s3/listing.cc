// ListObjects, ListObjectsV2.
#include "api/s3/listing.h"

#include "api/s3/payload_checks.h"
#include "api/s3/request.h"
#include "api/s3/storage_class.h"
#include "base/text.h"

namespace clary::api::s3 {
namespace {

using wire::ApiError;

struct Listing {
  ListingRequest request;
  objects::ListPage page;
};

void fetch(Context& context, const json::object& input, const objects::BucketInfo& bucket,
           std::string start_after, Listing& listing) {
  const auto& request = listing.request;
  const objects::ListQuery query{bucket.name, request.prefix, request.delimiter,
                                 std::move(start_after), request.limit};
  listing.page = must(context.store.list(query), input);
}

json::object output_of(const Listing& listing) {
  return listing_output(listing.request, listing.page.truncated, listing.page.common_prefixes);
}

json::array contents_of(const Listing& listing, const json::object* owner) {
  json::array contents;
  contents.reserve(listing.page.objects.size());
  for (const auto& info : listing.page.objects) {
    auto entry = listed_object(info, listing.request.url);
    if (owner != nullptr) entry["Owner"] = info.owner.empty() ? *owner : owner_of(info.owner);
    contents.push_back(std::move(entry));
  }
  return contents;
}

json::object list_objects(Context& context, const json::object& input, Call& call) {
  const auto bucket = bucket_of(context, input, call);
  Listing listing{listing_request(input, bucket), {}};
  const auto marker = string_or(input, "Marker");
  fetch(context, input, bucket, marker, listing);
  auto output = output_of(listing);
  output["Marker"] = percent_encoded(marker, listing.request.url);
  // Without a delimiter the last key itself is where the next page starts.
  if (listing.page.truncated && !listing.request.delimiter.empty()) {
    output["NextMarker"] = percent_encoded(listing.page.last, listing.request.url);
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
  Listing listing{listing_request(input, bucket), {}};
  const auto start_after = find_string(input, "StartAfter");
  const auto token = find_string(input, "ContinuationToken");
  fetch(context, input, bucket,
        token && !token->empty() ? name_of_token(*token) : std::string(start_after.value_or("")),
        listing);
  auto output = output_of(listing);
  output["KeyCount"] = listing.page.objects.size() + listing.page.common_prefixes.size();
  if (token) output["ContinuationToken"] = *token;
  if (start_after) output["StartAfter"] = percent_encoded(*start_after, listing.request.url);
  if (listing.page.truncated) output["NextContinuationToken"] = token_of(listing.page.last);
  const auto owner = owner_of(bucket.account);
  const bool with_owner = find_bool(input, "FetchOwner").value_or(false);
  output["Contents"] = contents_of(listing, with_owner ? &owner : nullptr);
  return output;
}

}  // namespace

ListingRequest listing_request(const json::object& input, const objects::BucketInfo& bucket) {
  ListingRequest request;
  request.bucket = bucket.name.str();
  request.prefix = string_or(input, "Prefix");
  request.delimiter = string_or(input, "Delimiter");
  request.limit = page_size(input, "MaxKeys", "max-keys", kMaxListedKeys);
  const auto encoding = find_string(input, "EncodingType");
  request.url = encoding == "url";
  if (encoding && !request.url) {
    ApiError error("InvalidArgument", "Invalid Encoding Method specified in Request", 400);
    error.details()["ArgumentName"] = "encoding-type";
    error.details()["ArgumentValue"] = *encoding;
    throw error;
  }
  return request;
}

json::object listed_object(const objects::ObjectInfo& info, bool url) {
  json::object entry{{"Key", percent_encoded(info.key.str(), url)},
                     {"LastModified", epoch_seconds(info.modified)},
                     {"ETag", in_quotes(info.etag)},
                     {"Size", info.size},
                     {"StorageClass", shown_class(info.storage_class)}};
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

json::object listing_output(const ListingRequest& request, bool truncated,
                            const std::vector<std::string>& common_prefixes) {
  json::object output{{"Name", request.bucket},
                      {"Prefix", percent_encoded(request.prefix, request.url)},
                      {"MaxKeys", request.limit},
                      {"IsTruncated", truncated}};
  if (!request.delimiter.empty()) {
    output["Delimiter"] = percent_encoded(request.delimiter, request.url);
  }
  if (request.url) output["EncodingType"] = "url";
  if (!common_prefixes.empty()) {
    json::array prefixes;
    for (const auto& prefix : common_prefixes) {
      prefixes.push_back(json::object{{"Prefix", percent_encoded(prefix, request.url)}});
    }
    output["CommonPrefixes"] = std::move(prefixes);
  }
  return output;
}

std::vector<OperationEntry> listing_operations(Context& context) {
  const auto plain = [&context](auto function) {
    return [&context, function](const json::object& input, Call& call) {
      return function(context, input, call);
    };
  };
  return {
      {"ListObjects", plain(list_objects), {}},
      {"ListObjectsV2", plain(list_objects_v2), {}},
  };
}

}  // namespace clary::api::s3
