// The program's log: one line a record, to stderr. Secrets never go in.
#pragma once

#include <spdlog/spdlog.h>

namespace clary {

// Call once, early in main. Level: trace, debug, info, warn, error.
inline void start_log(std::string_view level) {
  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %^%l%$ %v", spdlog::pattern_time_type::utc);
  spdlog::set_level(spdlog::level::from_str(std::string(level)));
}

}  // namespace clary
