#include "agent/log_shipper.h"

#include "base/text.h"

namespace clary::agent {
namespace {

constexpr std::chrono::milliseconds kBatchTime{100};
constexpr std::size_t kBatchBytes = 64 * 1024;

}  // namespace

LogShipper::LogShipper(Reporter& reporter, const Clock& clock)
    : reporter_(reporter),
      clock_(clock),
      output_([this](std::string line) { add(std::move(line)); }),
      error_([this](std::string line) {
        if (!trim(line).empty()) last_error_ = line;
        add(std::move(line));
      }),
      last_flush_(clock.steady_now() - kBatchTime) {}

void LogShipper::scrape(const std::vector<MetricPattern>& patterns) {
  scraper_.emplace(patterns);
  for (const std::string& error : scraper_->errors()) add(error);
}

void LogShipper::add(std::string line) {
  const std::int64_t now = report_time(clock_);
  if (scraper_) {
    for (const ScrapedMetric& metric : scraper_->scan(line)) {
      metrics_.push_back(
          json::object{{"name", metric.name}, {"value", metric.value}, {"time", now}});
    }
  }
  if (reporter_.full()) {
    if (std::exchange(said_full_, true)) return;
    line = "Further log lines of this job are dropped: they no longer fit on the disk of the agent";
  }
  bytes_ += line.size();
  logs_.push_back(json::object{{"t", now}, {"m", std::move(line)}});
  if (bytes_ >= kBatchBytes) flush();
}

void LogShipper::flush_if_due() {
  if (const auto left = wait(); left && left->count() <= 0) flush();
}

std::optional<std::chrono::milliseconds> LogShipper::wait() const {
  if (logs_.empty() && metrics_.empty()) return std::nullopt;
  return std::chrono::ceil<std::chrono::milliseconds>(last_flush_ + kBatchTime -
                                                      clock_.steady_now());
}

void LogShipper::flush() {
  if (logs_.empty() && metrics_.empty()) return;
  json::object report;
  if (!logs_.empty()) report["logs"] = std::exchange(logs_, {});
  if (!metrics_.empty()) report["metrics"] = std::exchange(metrics_, {});
  reporter_.report(std::move(report));
  bytes_ = 0;
  last_flush_ = clock_.steady_now();
}

void LogShipper::finish() {
  output_.finish();
  error_.finish();
  flush();
}

}  // namespace clary::agent
