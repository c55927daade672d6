// Whether a key that a request names for later use can be used at all: asked when a job or an
// endpoint is created, so that it does not fail for that hours later.
#pragma once

#include <string>
#include <string_view>

#include "api/call.h"

namespace clary::api::kms {

class KeyCheck {
 public:
  virtual ~KeyCheck() = default;
  // The ARN of the symmetric, enabled key that an id, ARN or alias names. `action` ("CreateGrant",
  // "" for none): what the caller must be allowed to do with it, through the service it called.
  // errors: ApiError with KMS's code and words.
  virtual std::string usable(const Call& call, std::string_view key_id,
                             std::string_view action) = 0;
};

}  // namespace clary::api::kms
