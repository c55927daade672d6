#include "agent/metric_scraper.h"

#include <pcre2.h>

#include <array>
#include <cmath>
#include <cstdlib>

#include "agent/required_text.h"

namespace clary::agent {
namespace {

// A search gives up after that many steps: no pattern may stall a job.
constexpr std::uint32_t kMatchLimit = 100000;

std::string replace_all(std::string text, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
  return text;
}

}  // namespace

struct MetricScraper::Pattern {
  explicit Pattern(std::string name_in) : name(std::move(name_in)) {}
  ~Pattern() {
    pcre2_match_data_free(match);
    pcre2_match_context_free(context);
    pcre2_code_free(code);
  }
  Pattern(const Pattern&) = delete;
  Pattern& operator=(const Pattern&) = delete;

  std::string name;
  std::string required;
  pcre2_code* code = nullptr;
  pcre2_match_data* match = nullptr;
  pcre2_match_context* context = nullptr;
};

MetricScraper::MetricScraper(const std::vector<MetricPattern>& patterns) {
  for (const MetricPattern& wanted : patterns) {
    auto pattern = std::make_unique<Pattern>(wanted.name);
    const std::string regex = replace_all(wanted.regex, "#011", "(?:\\t|#011)");
    int error = 0;
    PCRE2_SIZE offset = 0;
    pattern->code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(regex.data()), regex.size(),
                                  PCRE2_UTF | PCRE2_NO_UTF_CHECK, &error, &offset, nullptr);
    if (pattern->code == nullptr) {
      std::array<PCRE2_UCHAR, 256> message;
      pcre2_get_error_message(error, message.data(), message.size());
      errors_.push_back("The regular expression of metric " + wanted.name +
                        " is not valid: " + reinterpret_cast<const char*>(message.data()));
      continue;
    }
    pattern->required = required_text(regex);
    pattern->match = pcre2_match_data_create_from_pattern(pattern->code, nullptr);
    pattern->context = pcre2_match_context_create(nullptr);
    pcre2_set_match_limit(pattern->context, kMatchLimit);
    patterns_.push_back(std::move(pattern));
  }
}

MetricScraper::~MetricScraper() = default;

std::vector<ScrapedMetric> MetricScraper::scan(std::string_view line) {
  std::vector<ScrapedMetric> found;
  for (const auto& pattern : patterns_) {
    if (!line.contains(pattern->required)) continue;
    const int groups =
        pcre2_match(pattern->code, reinterpret_cast<PCRE2_SPTR>(line.data()), line.size(), 0,
                    PCRE2_NO_UTF_CHECK, pattern->match, pattern->context);
    if (groups < 2) continue;
    const PCRE2_SIZE* ends = pcre2_get_ovector_pointer(pattern->match);
    if (ends[2] == PCRE2_UNSET) continue;
    const std::string number(line.substr(ends[2], ends[3] - ends[2]));
    char* end = nullptr;
    const double value = std::strtod(number.c_str(), &end);
    if (end == number.c_str() || !std::isfinite(value)) continue;
    found.push_back({pattern->name, value});
  }
  return found;
}

}  // namespace clary::agent
