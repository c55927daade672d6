#include "cli/job_cost.h"

#include <fmt/format.h>

#include <charconv>

namespace clary::cli {
namespace {

constexpr double kSecondsPerHour = 3600;

// terms.OnDemand.*.priceDimensions.*.pricePerUnit.USD of an entry of the price list.
std::optional<double> price_in(const json::value& entry) {
  const json::value* here = &entry;
  for (const std::string_view step :
       {"terms", "OnDemand", "", "priceDimensions", "", "pricePerUnit", "USD"}) {
    if (!here->is_object() || here->get_object().empty()) return std::nullopt;
    const json::object& object = here->get_object();
    here = step.empty() ? &object.begin()->value() : object.if_contains(step);
    if (here == nullptr) return std::nullopt;
  }
  if (!here->is_string()) return std::nullopt;
  const std::string_view text = here->get_string();
  double dollars = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), dollars);
  if (parsed.ec != std::errc()) return std::nullopt;
  return dollars;
}

}  // namespace

std::optional<double> Prices::ask(const std::string& instance_type) {
  const auto match = [](std::string_view field, std::string_view value) {
    return json::object{{"Type", "TERM_MATCH"}, {"Field", field}, {"Value", value}};
  };
  try {
    const json::object answer = client_.call(
        kPriceList, "GetProducts",
        {{"ServiceCode", "AmazonSageMaker"},
         {"Filters", {match("instanceName", instance_type), match("component", "Training")}}});
    const json::array* list = find_array(answer, "PriceList");
    if (list == nullptr || list->empty() || !list->front().is_string()) return std::nullopt;
    boost::system::error_code bad;
    const json::value entry = json::parse(list->front().get_string(), bad);
    return bad ? std::nullopt : price_in(entry);
  } catch (const AwsError&) {
    return std::nullopt;  // not everybody may read prices; the jobs are theirs to see all the same
  }
}

std::optional<double> Prices::per_hour(const std::string& instance_type) {
  if (instance_type.empty()) return std::nullopt;
  const auto found = known_.find(instance_type);
  if (found != known_.end()) return found->second;
  return known_[instance_type] = ask(instance_type);
}

std::optional<double> Prices::cost_of(const JobView& job, Timestamp now) {
  if (job.uses.empty()) return std::nullopt;
  const auto hours = static_cast<double>(job.billable_seconds(now)) / kSecondsPerHour;
  double cost = 0;
  for (const InstanceUse& use : job.uses) {
    const std::optional<double> price = per_hour(use.type);
    if (!price) return std::nullopt;
    cost += *price * hours * static_cast<double>(use.count);
  }
  return cost;
}

std::string money_text(std::optional<double> dollars) {
  if (!dollars) return "-";
  return *dollars < 1 ? fmt::format("${:.4f}", *dollars) : fmt::format("${:.2f}", *dollars);
}

}  // namespace clary::cli
