// A request's parameters as they may be written down: without secrets and without contents.
#pragma once

#include <string>

#include "base/json.h"
#include "wire/model.h"

namespace clary::server {

// JSON text. Values of shapes the service model marks `sensitive`, of members with names of secrets
// (whatever the model says) and of environment variables are replaced by CloudTrail's own
// HIDDEN_DUE_TO_SECURITY_REASONS; blobs and bodies are left out. More than kMaxParameterBytes are
// replaced by CloudTrail's {"omitted":true,...}.
inline constexpr std::size_t kMaxParameterBytes = 16 << 10;
std::string redacted(const wire::Operation& operation, const json::object& input);

}  // namespace clary::server
