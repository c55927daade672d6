// Metric math: expressions over time series, as GetMetricData takes them.
// Source: "Using math expressions with CloudWatch metrics".
#pragma once

#include <chrono>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"

namespace clary::api::cloudwatch {

// Values by their period's start. Times without data are absent.
struct Series {
  std::map<Timestamp, double> values;
  std::chrono::seconds period{60};
};

// What an expression can come to: a number, one series, or several by their ids.
using MathValue = std::variant<double, Series, std::map<std::string, Series>>;

// What names in an expression stand for, and the frame they are drawn in.
struct MathScope {
  std::map<std::string, MathValue> by_id;
  std::set<std::string> metrics;  // the ids that METRICS() means
  Timestamp from, until;
};

// An operation known: + - * / ^ and comparisons < <= > >= == !=; ABS CEIL FLOOR LOG LOG10 RATE DIFF
// RUNNING_SUM FILL IF SUM AVG MIN MAX STDDEV METRICS METRIC_COUNT DATAPOINT_COUNT PERIOD
// TIME_SERIES. Errors are sentences for a ValidationError that name what is not known (SEARCH,
// SELECT, ...).
std::expected<MathValue, std::string> evaluate_math(std::string_view expression,
                                                    const MathScope& scope);

// The ids that the expression mentions; an error when it cannot be parsed.
std::expected<std::set<std::string>, std::string> math_references(std::string_view expression);

}  // namespace clary::api::cloudwatch
