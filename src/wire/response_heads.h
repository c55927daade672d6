// The headers that every answer of a protocol carries.
#pragma once

#include <string>
#include <string_view>

#include "base/body.h"
#include "wire/model.h"

namespace clary::wire {

// Status 200 and the request id under the names that the service's clients read.
ResponseHead response_head(const ServiceModel& model, Protocol protocol,
                           std::string_view request_id);

std::string_view content_type(Protocol protocol);

// S3's second, opaque id; derived from the first.
std::string s3_host_id(std::string_view request_id);

}  // namespace clary::wire
