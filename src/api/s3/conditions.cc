#include "api/s3/conditions.h"

#include "api/s3/etag.h"

namespace clary::api::s3 {
namespace {

std::optional<std::int64_t> seconds_of(const json::object& input, const std::string& member) {
  const auto time = find_double(input, member);
  if (!time) return std::nullopt;
  return static_cast<std::int64_t>(*time);
}

}  // namespace

Condition check_conditions(const json::object& input, std::string_view prefix,
                           const objects::ObjectInfo& info) {
  const std::string start(prefix);
  // HTTP's times have whole seconds.
  const auto modified =
      std::chrono::floor<std::chrono::seconds>(info.modified).time_since_epoch().count();
  if (const auto match = find_string(input, start + "IfMatch")) {
    if (!etag_listed(*match, info.etag)) return {ConditionResult::kPreconditionFailed, "If-Match"};
  } else if (const auto since = seconds_of(input, start + "IfUnmodifiedSince")) {
    if (modified > *since) return {ConditionResult::kPreconditionFailed, "If-Unmodified-Since"};
  }
  if (const auto none = find_string(input, start + "IfNoneMatch")) {
    if (etag_listed(*none, info.etag)) return {ConditionResult::kNotModified, "If-None-Match"};
  } else if (const auto since = seconds_of(input, start + "IfModifiedSince")) {
    if (modified <= *since) return {ConditionResult::kNotModified, "If-Modified-Since"};
  }
  return {};
}

}  // namespace clary::api::s3
