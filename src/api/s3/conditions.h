// If-Match and its relatives, with S3's precedence.
#pragma once

#include <string_view>

#include "base/json.h"
#include "objects/object_info.h"

namespace clary::api::s3 {

enum class ConditionResult { kHolds, kNotModified, kPreconditionFailed };

// The four conditions of `input`, whose members are named `prefix` + IfMatch, IfNoneMatch,
// IfModifiedSince, IfUnmodifiedSince. If-Match that holds overrules If-Unmodified-Since;
// If-None-Match overrules If-Modified-Since ("GetObject", Amazon S3 API reference). `failed`, when
// the result is kPreconditionFailed, is the header's name.
struct Condition {
  ConditionResult result = ConditionResult::kHolds;
  std::string_view failed;
};
Condition check_conditions(const json::object& input, std::string_view prefix,
                           const objects::ObjectInfo& info);

}  // namespace clary::api::s3
