// JSON bodies by shape: what awsJson and restJson share.
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "wire/api_error.h"
#include "wire/model.h"

namespace clary::wire {

// Levels of nesting that any decoder accepts. AWS's deepest shapes need about twenty.
inline constexpr int kMaxDepth = 64;

ApiError serialization_error(const std::string& message);

// The body of a request whose members are those of `shape`. An empty body is an empty object;
// unknown members and nulls are left out; timestamps become numbers. Throws ApiError
// SerializationException.
json::object decode_json(const Shape& shape, std::string_view body);

// Appends `object` as JSON by `shape`. With `body_only`, members that travel in headers, the path
// or the query are left out. Throws std::logic_error when a value is not of its shape's kind: the
// handler's mistake.
enum class Members { kAll, kBodyOnly };
void write_json(std::string& out, const Shape& shape, const json::object& object,
                Members members = Members::kAll);
void write_json_string(std::string& out, std::string_view text);

}  // namespace clary::wire
