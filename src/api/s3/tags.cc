#include "api/s3/tags.h"

#include "base/text.h"
#include "wire/api_error.h"

namespace clary::api::s3 {
namespace {

using wire::ApiError;

constexpr std::size_t kMaxKeyBytes = 128 * 4, kMaxValueBytes = 256 * 4;

// Characters, not bytes: continuation bytes of UTF-8 do not count.
std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

void add_tag(Tags& tags, std::string key, std::string value) {
  if (key.empty() || key.size() > kMaxKeyBytes || characters(key) > 128) {
    throw ApiError("InvalidTag", "The TagKey you have provided is invalid", 400);
  }
  if (value.size() > kMaxValueBytes || characters(value) > 256) {
    throw ApiError("InvalidTag", "The TagValue you have provided is invalid", 400);
  }
  if (key.starts_with("aws:")) {
    throw ApiError("InvalidTag", "System tags cannot be added/updated by requester", 400);
  }
  if (!tags.emplace(std::move(key), std::move(value)).second) {
    throw ApiError("InvalidTag", "Cannot provide multiple Tags with the same key", 400);
  }
}

void check_count(const Tags& tags, std::size_t most) {
  if (tags.size() <= most) return;
  throw ApiError("InvalidTag",
                 (most == kMaxObjectTags ? "Object tags cannot be greater than "
                                         : "Bucket tag count cannot be greater than ") +
                     std::to_string(most),
                 400);
}

}  // namespace

Tags tags_of_header(std::string_view header) {
  Tags tags;
  while (!header.empty()) {
    const auto end = std::min(header.find('&'), header.size());
    const auto pair = header.substr(0, end);
    header.remove_prefix(std::min(end + 1, header.size()));
    const auto equals = std::min(pair.find('='), pair.size());
    auto key = uri_decode(pair.substr(0, equals), Plus::kSpace);
    auto value = uri_decode(pair.substr(std::min(equals + 1, pair.size())), Plus::kSpace);
    if (!key || !value) {
      throw ApiError("InvalidArgument",
                     "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL "
                     "query parameters without tag name duplicates.",
                     400);
    }
    add_tag(tags, std::move(*key), std::move(*value));
  }
  check_count(tags, kMaxObjectTags);
  return tags;
}

Tags tags_of_input(const json::object& input, std::size_t most) {
  const auto* tagging = find_object(input, "Tagging");
  if (tagging == nullptr) {
    throw ApiError("MalformedXML",
                   "The XML you provided was not well-formed or did not validate against our "
                   "published schema",
                   400);
  }
  Tags tags;
  if (const auto* set = find_array(*tagging, "TagSet")) {
    for (const auto& tag : *set) {
      add_tag(tags, string_or(tag.as_object(), "Key"), string_or(tag.as_object(), "Value"));
    }
  }
  check_count(tags, most);
  return tags;
}

json::array tag_set(const Tags& tags) {
  json::array set;
  for (const auto& [key, value] : tags) {
    set.push_back(json::object{{"Key", key}, {"Value", value}});
  }
  return set;
}

}  // namespace clary::api::s3
