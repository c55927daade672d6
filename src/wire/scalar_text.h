// Scalars that travel as text: in forms, headers, paths, query strings and XML.
#pragma once

#include <optional>
#include <string_view>

#include "base/json.h"
#include "wire/model.h"

namespace clary::wire {

// Nullopt when `text` is no value of the shape's kind. Strings must be UTF-8; blobs stay Base64.
std::optional<json::value> scalar_from_text(const Shape& shape, std::string_view text);

bool is_scalar(const Shape& shape);

}  // namespace clary::wire
