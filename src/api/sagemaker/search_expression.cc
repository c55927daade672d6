#include "api/sagemaker/search_expression.h"

#include <charconv>
#include <vector>

#include "base/text.h"

namespace clary::api::sagemaker {
namespace {

// Every value a name leads to: several where the path passes a list.
void collect(const json::value& value, std::string_view path,
             std::vector<const json::value*>& found) {
  if (value.is_array()) {
    for (const json::value& entry : value.get_array()) collect(entry, path, found);
    return;
  }
  if (path.empty()) {
    found.push_back(&value);
    return;
  }
  if (!value.is_object()) return;
  const json::object& object = value.get_object();
  // Names of hyperparameters and metrics may hold dots themselves: the longest name wins.
  for (std::size_t end = path.size(); end != std::string_view::npos && end > 0;
       end = path.rfind('.', end - 1)) {
    if (const json::value* member = object.if_contains(path.substr(0, end))) {
      collect(*member, end == path.size() ? std::string_view() : path.substr(end + 1), found);
      return;
    }
    if (end == 0) return;
  }
}

std::vector<const json::value*> values_of(const json::object& record, std::string_view name) {
  std::vector<const json::value*> found;
  if (name.starts_with("Tags.")) {
    const std::string_view key = name.substr(5);
    const json::array* tags = find_array(record, "Tags");
    if (tags == nullptr) return found;
    for (const json::value& tag : *tags) {
      if (string_or(tag.as_object(), "Key") == key) found.push_back(&tag.as_object().at("Value"));
    }
    return found;
  }
  for (std::size_t end = name.size(); end != std::string_view::npos && end > 0;
       end = name.rfind('.', end - 1)) {
    if (const json::value* member = record.if_contains(name.substr(0, end))) {
      collect(*member, end == name.size() ? std::string_view() : name.substr(end + 1), found);
      break;
    }
  }
  return found;
}

std::string text_of(const json::value& value) {
  return value.is_string() ? std::string(value.get_string()) : json::serialize(value);
}

std::optional<double> number_in(std::string_view text) {
  double number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) return std::nullopt;
  return number;
}

// Seconds since the epoch of "2026-11-22T20:28:40Z" and shorter forms of it.
std::optional<double> time_in(std::string_view text) {
  int parts[6] = {0, 1, 1, 0, 0, 0};
  std::size_t count = 0;
  const char* at = text.data();
  const char* end = at + text.size();
  while (at < end && count < 6) {
    const auto parsed = std::from_chars(at, end, parts[count]);
    if (parsed.ec != std::errc()) break;
    ++count;
    at = parsed.ptr;
    if (at < end && (*at == '-' || *at == ':' || *at == 'T' || *at == ' ')) ++at;
  }
  if (count < 3) return std::nullopt;
  const std::chrono::year_month_day day{std::chrono::year(parts[0]),
                                        std::chrono::month(static_cast<unsigned>(parts[1])),
                                        std::chrono::day(static_cast<unsigned>(parts[2]))};
  if (!day.ok()) return std::nullopt;
  const auto seconds = std::chrono::sys_days(day).time_since_epoch() +
                       std::chrono::hours(parts[3]) + std::chrono::minutes(parts[4]) +
                       std::chrono::seconds(parts[5]);
  return std::chrono::duration<double>(seconds).count();
}

// -1, 0, 1; numbers and times by value, the rest as text.
int compare(const json::value& value, std::string_view wanted) {
  if (value.is_number()) {
    std::optional<double> number = number_in(wanted);
    if (!number) number = time_in(wanted);
    if (number) {
      const double left = value.to_number<double>();
      return left < *number ? -1 : left > *number ? 1 : 0;
    }
  }
  const std::string text = text_of(value);
  if (value.is_string()) {
    const std::optional<double> left = number_in(text), right = number_in(wanted);
    if (left && right) return *left < *right ? -1 : *left > *right ? 1 : 0;
  }
  const int order = std::string_view(text).compare(wanted);
  return order < 0 ? -1 : order > 0 ? 1 : 0;
}

bool is_one_of(const json::value& value, std::string_view list) {
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    if (compare(value, trim(list.substr(0, comma))) == 0) return true;
    if (comma == std::string_view::npos) return false;
    list.remove_prefix(comma + 1);
  }
  return false;
}

bool holds(const json::value& value, std::string_view op, std::string_view wanted) {
  if (op == "Contains") return text_of(value).find(wanted) != std::string::npos;
  if (op == "In") return is_one_of(value, wanted);
  const int order = compare(value, wanted);
  if (op == "Equals") return order == 0;
  if (op == "GreaterThan") return order > 0;
  if (op == "GreaterThanOrEqualTo") return order >= 0;
  if (op == "LessThan") return order < 0;
  if (op == "LessThanOrEqualTo") return order <= 0;
  return false;
}

bool filter_matches(const json::object& filter, const json::object& record) {
  const std::vector<const json::value*> values = values_of(record, string_or(filter, "Name"));
  const std::string wanted = string_or(filter, "Value");
  // Without an operator: Equals when there is a value, else Exists.
  const std::string op =
      string_or(filter, "Operator", filter.contains("Value") ? "Equals" : "Exists");
  if (op == "Exists") return !values.empty();
  if (op == "NotExists") return values.empty();
  auto equals = [&](const json::value* value) { return compare(*value, wanted) == 0; };
  if (op == "NotEquals") return std::ranges::none_of(values, equals);
  return std::ranges::any_of(values,
                             [&](const json::value* value) { return holds(*value, op, wanted); });
}

// All filters must hold of one and the same entry of the list.
bool nested_match(const json::object& nested, const json::object& record) {
  const std::string name = string_or(nested, "NestedPropertyName");
  const json::array* filters = find_array(nested, "Filters");
  const json::value* list = record.if_contains(name);
  if (filters == nullptr || list == nullptr || !list->is_array()) return false;
  return std::ranges::any_of(list->get_array(), [&](const json::value& entry) {
    json::object one;
    one[name] = entry;
    return std::ranges::all_of(*filters, [&](const json::value& filter) {
      return filter_matches(filter.as_object(), one);
    });
  });
}

}  // namespace

bool matches(const json::object& expression, const json::object& record) {
  std::vector<bool> results;
  auto each = [&](std::string_view member, auto test) {
    const json::array* list = find_array(expression, member);
    if (list == nullptr) return;
    for (const json::value& entry : *list) results.push_back(test(entry.as_object(), record));
  };
  each("Filters", filter_matches);
  each("NestedFilters", nested_match);
  each("SubExpressions", matches);
  if (results.empty()) return true;
  const bool any = string_or(expression, "Operator", "And") == "Or";
  const auto yes = [](bool result) { return result; };
  return any ? std::ranges::any_of(results, yes) : std::ranges::all_of(results, yes);
}

}  // namespace clary::api::sagemaker
