// The HTTP bindings of restJson and restXml: members in headers, path, query, status and body.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/body.h"
#include "base/json.h"
#include "base/request.h"
#include "wire/model.h"

namespace clary::wire {

// A blob or streaming payload stays with the handler and is absent from the result.
json::object decode_rest(const ServiceModel& model, Protocol protocol, const Operation& operation,
                         const RequestHead& head,
                         const std::vector<std::pair<std::string, std::string>>& labels,
                         std::string_view body);

// Adds status and headers to `head` and returns the body: empty when the payload streams.
std::string encode_rest(const ServiceModel& model, Protocol protocol, const Operation& operation,
                        const json::object& output, ResponseHead& head);

}  // namespace clary::wire
