// XML bodies by shape, for S3's requests.
#pragma once

#include <string_view>

#include "base/json.h"
#include "wire/model.h"

namespace clary::wire {

// The document's root element read as `shape`, whatever the root's name. DOCTYPE is refused, so
// there are no entities but XML's own five. Throws ApiError MalformedXML.
json::object decode_xml(const Shape& shape, std::string_view body);

}  // namespace clary::wire
