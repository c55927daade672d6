#include "domain/tuning/parameter_ranges.h"

namespace clary::tuning {
namespace {

using NumberFromText = Checked<Parameter>(std::string, std::string_view, std::string_view, Scaling);

// The error of the first range that has one; "" when all are good.
std::string add_numbers(const json::object& ranges, std::string_view member,
                        NumberFromText* from_text, std::vector<Parameter>& parameters) {
  const json::array* list = find_array(ranges, member);
  if (list == nullptr) return "";
  for (const json::value& entry : *list) {
    const json::object& range = entry.as_object();
    const auto scaling = scaling_from_text(string_or(range, "ScalingType", "Auto"));
    auto parameter = from_text(string_or(range, "Name"), string_or(range, "MinValue"),
                               string_or(range, "MaxValue"), scaling.value_or(Scaling::kAutomatic));
    if (!parameter) return parameter.error();
    parameters.push_back(std::move(*parameter));
  }
  return "";
}

}  // namespace

Checked<Space> space_of_ranges(const json::object& ranges) {
  std::vector<Parameter> parameters;
  std::string error =
      add_numbers(ranges, "ContinuousParameterRanges", continuous_from_text, parameters);
  if (error.empty()) {
    error = add_numbers(ranges, "IntegerParameterRanges", integer_from_text, parameters);
  }
  if (!error.empty()) return std::unexpected(std::move(error));
  if (const json::array* list = find_array(ranges, "CategoricalParameterRanges")) {
    for (const json::value& entry : *list) {
      Categorical categorical;
      if (const json::array* values = find_array(entry.as_object(), "Values")) {
        for (const json::value& value : *values) categorical.values.emplace_back(value.as_string());
      }
      parameters.push_back({string_or(entry.as_object(), "Name"), std::move(categorical)});
    }
  }
  return Space::make(std::move(parameters));
}

}  // namespace clary::tuning
