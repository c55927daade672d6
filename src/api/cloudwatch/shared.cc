#include "api/cloudwatch/operations.h"

namespace clary::api::cloudwatch {

void invalid_value(const std::string& message) {
  throw wire::ApiError("InvalidParameterValue", message, 400);
}

void invalid_combination(const std::string& message) {
  throw wire::ApiError("InvalidParameterCombination", message, 400);
}

std::map<std::string, std::string> dimensions_in(const json::object& input) {
  std::map<std::string, std::string> dimensions;
  if (const json::array* const list = find_array(input, "Dimensions")) {
    for (const json::value& dimension : *list) {
      const json::object& object = dimension.as_object();
      dimensions.insert_or_assign(string_or(object, "Name"), string_or(object, "Value"));
    }
  }
  return dimensions;
}

json::array dimensions_out(const std::map<std::string, std::string>& dimensions) {
  json::array list;
  for (const auto& [name, value] : dimensions) {
    list.push_back(json::object{{"Name", name}, {"Value", value}});
  }
  return list;
}

Timestamp time_in(const json::object& input, std::string_view name, Timestamp fallback) {
  const auto seconds = find_double(input, name);
  return seconds ? from_epoch_seconds(*seconds) : fallback;
}

std::chrono::seconds period_in(const json::object& input) {
  const auto period = find_int(input, "Period").value_or(60);
  constexpr std::array kShort = {1, 5, 10, 20, 30};
  if (period < 1 || (period % 60 != 0 && std::ranges::find(kShort, period) == kShort.end())) {
    invalid_value("The parameter Period must be 1, 5, 10, 20, 30, or a multiple of 60.");
  }
  return std::chrono::seconds(period);
}

}  // namespace clary::api::cloudwatch
