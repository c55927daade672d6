// A workload's output on its way into reports: lines, and the metric values in them.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "agent/log_lines.h"
#include "agent/metric_scraper.h"
#include "agent/reporter.h"
#include "base/clock.h"
#include "base/json.h"

namespace clary::agent {

// The first line after a pause goes at once, then batches: what came within a tenth of a second, or
// 64 KiB. threads: one.
class LogShipper {
 public:
  LogShipper(Reporter& reporter, const Clock& clock);

  // Patterns are compiled when this is called: after the workload was started, not before.
  void scrape(const std::vector<MetricPattern>& patterns);
  void output(std::string_view bytes) { output_.write(bytes); }
  void error(std::string_view bytes) { error_.write(bytes); }
  // A line of the agent's own.
  void say(const std::string& line) { add(line); }

  // Call after each round of output, and when wait() has passed.
  void flush_if_due();
  // How long until something must be flushed; nullopt: nothing waits.
  std::optional<std::chrono::milliseconds> wait() const;
  void finish();  // ends open lines and reports everything

  // The last line of standard error that is not blank: for reasons.
  const std::string& last_error() const { return last_error_; }

 private:
  void add(std::string line);
  void flush();

  Reporter& reporter_;
  const Clock& clock_;
  LineSplitter output_, error_;
  std::optional<MetricScraper> scraper_;
  json::array logs_, metrics_;
  std::size_t bytes_ = 0;
  std::chrono::steady_clock::time_point last_flush_;
  std::string last_error_;
  bool said_full_ = false;
};

}  // namespace clary::agent
