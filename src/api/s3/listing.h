// What the listings of objects and of versions share.
#pragma once

#include "api/s3/request.h"

namespace clary::api::s3 {

inline constexpr std::size_t kMaxListedKeys = 1000;

struct ListingRequest {
  std::string bucket, prefix, delimiter;
  std::size_t limit = 0;
  bool url = false;  // encoding-type=url
};
ListingRequest listing_request(const json::object& input, const objects::BucketInfo& bucket);

// A Contents or Version element, without its owner.
json::object listed_object(const objects::ObjectInfo& info, bool url);

// The members that all listings share: what was asked for, IsTruncated, CommonPrefixes.
json::object listing_output(const ListingRequest& request, bool truncated,
                            const std::vector<std::string>& common_prefixes);

}  // namespace clary::api::s3
