// Cutting a workload's output into log lines.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace clary::agent {

// CloudWatch's largest event is 256 KiB, 26 bytes of it overhead.
inline constexpr std::size_t kLongestLine = 256 * 1024 - 26;

// Bytes that are no UTF-8 become U+FFFD: reports and logs are JSON.
std::string valid_utf8(std::string_view bytes);

// One per stream. A line is given on without its newline and otherwise untouched; one longer than
// kLongestLine in pieces that never cut a character.
class LineSplitter {
 public:
  explicit LineSplitter(std::function<void(std::string line)> emit) : emit_(std::move(emit)) {}
  void write(std::string_view bytes);
  void finish();  // a last line without its newline

 private:
  void line(std::string_view text);
  void give(std::string_view text);

  std::function<void(std::string)> emit_;
  std::string rest_;
};

}  // namespace clary::agent
