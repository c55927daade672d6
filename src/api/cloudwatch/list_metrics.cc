#include <charconv>

#include "api/cloudwatch/operations.h"

namespace clary::api::cloudwatch {

json::object list_metrics(store::MetricPoints& store, const json::object& input, Call& call) {
  constexpr std::size_t kPage = 500;
  std::size_t offset = 0;
  if (const auto token = find_string(input, "NextToken")) {
    const auto text = unbase64(*token);
    if (!text ||
        std::from_chars(text->data(), text->data() + text->size(), offset).ec != std::errc()) {
      invalid_value("The value " + std::string(*token) + " for parameter NextToken is invalid.");
    }
  }
  std::vector<std::pair<std::string, std::optional<std::string>>> filters;
  if (const json::array* const list = find_array(input, "Dimensions")) {
    for (const json::value& filter : *list) {
      const auto value = find_string(filter.as_object(), "Value");
      filters.emplace_back(string_or(filter.as_object(), "Name"),
                           value ? std::optional<std::string>(*value) : std::nullopt);
    }
  }
  // PT3H is the one value that the model allows.
  const Timestamp since =
      input.contains("RecentlyActive") ? call.now - std::chrono::hours(3) : Timestamp::min();
  auto metrics = store.list(call.account, call.region, string_or(input, "Namespace"),
                            string_or(input, "MetricName"), filters, offset, kPage + 1, since);
  json::object output;
  if (metrics.size() > kPage) {
    metrics.resize(kPage);
    output["NextToken"] = base64(std::to_string(offset + kPage));
  }
  json::array list;
  for (const store::MetricId& metric : metrics) {
    list.push_back(json::object{{"Namespace", metric.metric_namespace},
                                {"MetricName", metric.name},
                                {"Dimensions", dimensions_out(metric.dimensions)}});
  }
  output["Metrics"] = std::move(list);
  return output;
}

}  // namespace clary::api::cloudwatch
