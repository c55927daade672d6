#include "base/arn.h"

#include <array>

namespace clary {

Arn make_arn(const ArnParts& parts) {
  return Arn("arn:" + parts.partition + ":" + parts.service + ":" + parts.region + ":" +
             parts.account + ":" + parts.resource);
}

std::optional<ArnParts> parse_arn(std::string_view text) {
  std::array<std::string_view, 5> fields;
  for (std::string_view& field : fields) {
    const auto colon = text.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    field = text.substr(0, colon);
    text.remove_prefix(colon + 1);
  }
  if (fields[0] != "arn" || text.empty()) return std::nullopt;
  return ArnParts{.partition = std::string(fields[1]),
                  .service = std::string(fields[2]),
                  .region = std::string(fields[3]),
                  .account = std::string(fields[4]),
                  .resource = std::string(text)};
}

}  // namespace clary
