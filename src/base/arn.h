// Amazon Resource Names: arn:aws:SERVICE:REGION:ACCOUNT:RESOURCE.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/strong.h"

namespace clary {

struct ArnParts {
  std::string partition = "aws";
  std::string service;
  std::string region;
  std::string account;
  // All after the fifth colon: "training-job/name", "role/service-role/X", ...
  std::string resource;
};

Arn make_arn(const ArnParts& parts);
std::optional<ArnParts> parse_arn(std::string_view text);

}  // namespace clary
