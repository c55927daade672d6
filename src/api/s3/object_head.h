// The response heads of GetObject and HeadObject.
#pragma once

#include <expected>
#include <optional>
#include <string>

#include "api/call.h"
#include "api/s3/range.h"
#include "objects/object_info.h"

namespace clary::api::s3 {

// What of an object a GetObject or HeadObject shows.
struct ObjectView {
  std::optional<ByteRange> range;  // 206 when set
  std::optional<int> part_number;
};

// Throws nothing for a satisfiable request; the answer to an unsatisfiable one is an ApiError in
// the other arm: 416 InvalidRange, or 400 for a part it lacks and for contradictions.
std::expected<ObjectView, wire::ApiError> view_of(const json::object& input,
                                                  const objects::ObjectInfo& info);

// Every header that describes the object; response-* parameters of the query overrule.
ResponseHead object_head(const json::object& input, const Call& call,
                         const objects::ObjectInfo& info, const ObjectView& view);

// 304, with what a cache needs.
ResponseHead not_modified_head(const Call& call, const objects::ObjectInfo& info);

}  // namespace clary::api::s3
