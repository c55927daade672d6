// Tag sets of buckets and objects.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/json.h"

namespace clary::api::s3 {

using Tags = std::map<std::string, std::string>;

inline constexpr std::size_t kMaxObjectTags = 10;
inline constexpr std::size_t kMaxBucketTags = 50;

// x-amz-tagging: a=1&b=2, form-encoded. Throws ApiError InvalidArgument or InvalidTag.
Tags tags_of_header(std::string_view header);
// Tagging.TagSet of a request. Throws ApiError InvalidTag, MalformedXML.
Tags tags_of_input(const json::object& input, std::size_t most);
json::array tag_set(const Tags& tags);

}  // namespace clary::api::s3
