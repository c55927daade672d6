// CloudWatch's operations, by file; cloudwatch_service.cc has the table.
#pragma once

#include "api/call.h"
#include "store/metric_points.h"

namespace clary::api::cloudwatch {

using Operation = json::object(store::MetricPoints&, const json::object& input, Call& call);

Operation put_metric_data;        // put_metric_data.cc
Operation get_metric_data;        // get_metric_data.cc
Operation get_metric_statistics;  // get_metric_statistics.cc
Operation list_metrics;           // list_metrics.cc

// shared.cc
[[noreturn]] void invalid_value(const std::string& message);
[[noreturn]] void invalid_combination(const std::string& message);
// Name and Value of each element of Dimensions.
std::map<std::string, std::string> dimensions_in(const json::object& input);
json::array dimensions_out(const std::map<std::string, std::string>& dimensions);
Timestamp time_in(const json::object& input, std::string_view name, Timestamp fallback);
// Seconds; throws unless 1, 5, 10, 20, 30 or a multiple of 60.
std::chrono::seconds period_in(const json::object& input);

}  // namespace clary::api::cloudwatch
