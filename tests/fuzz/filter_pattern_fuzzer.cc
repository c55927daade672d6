// Filter patterns of log readers. The first line is the pattern, the rest a log message.
#include <algorithm>

#include "api/logs/filter_pattern.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  const std::size_t end = std::min(text.find('\n'), text.size());
  const auto pattern = clary::api::logs::FilterPattern::parse(text.substr(0, end));
  if (pattern) pattern->matches(text.substr(std::min(end + 1, text.size())));
  return 0;
}
