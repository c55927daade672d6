// Reads metric values out of log lines, as MetricDefinitions say.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/job_spec.h"

namespace clary::agent {

struct ScrapedMetric {
  std::string name;
  double value = 0;
};

// Each pattern is searched once in each line; its first group is the number. A pattern that does
// not compile is reported in errors() and otherwise ignored. SageMaker's log pipeline shows tabs as
// "#011", and published patterns expect that: a pattern with #011 matches a tab as well.
class MetricScraper {
 public:
  explicit MetricScraper(const std::vector<MetricPattern>& patterns);
  ~MetricScraper();
  std::vector<ScrapedMetric> scan(std::string_view line);
  const std::vector<std::string>& errors() const { return errors_; }

 private:
  struct Pattern;
  std::vector<std::unique_ptr<Pattern>> patterns_;
  std::vector<std::string> errors_;
};

}  // namespace clary::agent
