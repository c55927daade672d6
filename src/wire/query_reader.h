// Forms of the query protocol ("Action=X&Tags.member.1.Key=k") by shape.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "wire/model.h"

namespace clary::wire {

// Decoded pairs in the order they came. Throws ApiError MalformedQueryString on a broken escape or
// bytes that are no UTF-8.
using FormFields = std::vector<std::pair<std::string, std::string>>;
FormFields parse_form(std::string_view text);
// The first field of that name, decoded; empty when there is none. Never throws: it serves to find
// out what a request is.
std::string form_field(std::string_view text, std::string_view name);

// Throws ApiError MalformedInput.
json::object decode_query(const Shape& shape, std::string_view form);

}  // namespace clary::wire
