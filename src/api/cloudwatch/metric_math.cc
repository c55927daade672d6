#include "api/cloudwatch/metric_math.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "api/cloudwatch/math_syntax.h"

namespace clary::api::cloudwatch {
namespace {

using SeriesMap = std::map<std::string, Series>;

struct MathError {
  std::string message;
};
[[noreturn]] void fail(std::string message) {
  throw MathError{std::move(message)};
}

double apply(std::string_view operation, double a, double b) {
  if (operation == "+") return a + b;
  if (operation == "-") return a - b;
  if (operation == "*") return a * b;
  if (operation == "/") return a / b;
  if (operation == "^") return std::pow(a, b);
  if (operation == "<") return a < b;
  if (operation == "<=") return a <= b;
  if (operation == ">") return a > b;
  if (operation == ">=") return a >= b;
  if (operation == "==") return a == b;
  return a != b;
}

Series map_values(Series series, const std::function<double(double)>& change) {
  for (auto& [time, value] : series.values) value = change(value);
  return series;
}

// Only where both have a value, as on AWS.
Series join(std::string_view operation, const Series& a, const Series& b) {
  Series result{.values = {}, .period = std::max(a.period, b.period)};
  for (const auto& [time, value] : a.values) {
    const auto other = b.values.find(time);
    if (other != b.values.end()) {
      result.values.emplace(time, apply(operation, value, other->second));
    }
  }
  return result;
}

MathValue combine(std::string_view operation, const MathValue& a, const MathValue& b) {
  if (const auto* const list = std::get_if<SeriesMap>(&a)) {
    SeriesMap result;
    for (const auto& [id, series] : *list) {
      const MathValue one = combine(operation, series, b);
      if (!std::holds_alternative<Series>(one)) fail("Two lists of series cannot be combined.");
      result[id] = std::get<Series>(one);
    }
    return result;
  }
  if (const auto* const list = std::get_if<SeriesMap>(&b)) {
    SeriesMap result;
    for (const auto& [id, series] : *list)
      result[id] = std::get<Series>(combine(operation, a, series));
    return result;
  }
  const auto* const left = std::get_if<Series>(&a);
  const auto* const right = std::get_if<Series>(&b);
  if (left != nullptr && right != nullptr) return join(operation, *left, *right);
  if (left != nullptr) {
    const double number = std::get<double>(b);
    return map_values(*left, [&](double value) { return apply(operation, value, number); });
  }
  if (right != nullptr) {
    const double number = std::get<double>(a);
    return map_values(*right, [&](double value) { return apply(operation, number, value); });
  }
  return apply(operation, std::get<double>(a), std::get<double>(b));
}

MathValue each(const MathValue& value, const std::function<Series(const Series&)>& change) {
  if (const auto* const series = std::get_if<Series>(&value)) return change(*series);
  if (const auto* const list = std::get_if<SeriesMap>(&value)) {
    SeriesMap result;
    for (const auto& [id, series] : *list) result[id] = change(series);
    return result;
  }
  fail("A number stands where a time series is needed.");
}

// RATE and DIFF: against the value before.
Series changes(const Series& series, bool per_second) {
  Series result{.values = {}, .period = series.period};
  const std::pair<const Timestamp, double>* before = nullptr;
  for (const auto& point : series.values) {
    if (before != nullptr) {
      const double seconds = std::chrono::duration<double>(point.first - before->first).count();
      result.values.emplace(point.first,
                            (point.second - before->second) / (per_second ? seconds : 1));
    }
    before = &point;
  }
  return result;
}

Series running_sum(Series series) {
  double sum = 0;
  for (auto& [time, value] : series.values) value = sum += value;
  return series;
}

double aggregate(std::string_view name, const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  if (name == "SUM") return sum;
  if (name == "MIN") return std::ranges::min(values);
  if (name == "MAX") return std::ranges::max(values);
  const double mean = sum / static_cast<double>(values.size());
  if (name == "AVG") return mean;
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return std::sqrt(squares / static_cast<double>(values.size()));
}

// Of one series a number, of several a series.
MathValue aggregate_all(std::string_view name, const MathValue& value) {
  if (const auto* const series = std::get_if<Series>(&value)) {
    std::vector<double> values;
    for (const auto& point : series->values) values.push_back(point.second);
    return values.empty() ? 0.0 : aggregate(name, values);
  }
  const auto* const list = std::get_if<SeriesMap>(&value);
  if (list == nullptr) return value;
  std::map<Timestamp, std::vector<double>> by_time;
  Series result;
  for (const auto& [id, series] : *list) {
    result.period = std::max(result.period, series.period);
    for (const auto& [time, number] : series.values) by_time[time].push_back(number);
  }
  for (const auto& [time, values] : by_time) result.values[time] = aggregate(name, values);
  return result;
}

class Evaluator {
 public:
  explicit Evaluator(const MathScope& scope) : scope_(scope) {}

  MathValue evaluate(const MathNode& node) {
    switch (node.kind) {
      case MathNode::Kind::kNumber:
        return node.number;
      case MathNode::Kind::kText:
        fail("A text stands where a number or a time series is needed.");
      case MathNode::Kind::kName:
        return look_up(node.text);
      case MathNode::Kind::kList:
        return list_of(node);
      case MathNode::Kind::kUnary:
        return combine("-", 0.0, evaluate(node.children[0]));
      case MathNode::Kind::kBinary:
        return combine(node.text, evaluate(node.children[0]), evaluate(node.children[1]));
      case MathNode::Kind::kCall:
        break;
    }
    return call(node);
  }

 private:
  const MathValue& look_up(const std::string& id) const {
    const auto found = scope_.by_id.find(id);
    if (found == scope_.by_id.end()) fail("Unknown id " + id + " in the expression.");
    return found->second;
  }

  MathValue list_of(const MathNode& node) {
    SeriesMap list;
    for (const MathNode& child : node.children) {
      const MathValue value = evaluate(child);
      const auto* const series = std::get_if<Series>(&value);
      if (series == nullptr) fail("Lists hold time series only.");
      list[child.text.empty() ? std::to_string(list.size()) : child.text] = *series;
    }
    return list;
  }

  MathValue argument(const MathNode& node, std::size_t index) {
    if (index >= node.children.size()) fail(node.text + " needs more arguments.");
    return evaluate(node.children[index]);
  }

  MathValue metrics(const MathNode& node) {
    SeriesMap list;
    for (const std::string& id : scope_.metrics) {
      const auto* const series = std::get_if<Series>(&look_up(id));
      if (series == nullptr) continue;
      if (!node.children.empty() && !id.contains(node.children[0].text)) continue;
      list[id] = *series;
    }
    return list;
  }

  // FILL(series, value), with REPEAT or LINEAR in the place of the value.
  Series fill(const Series& series, const MathNode& filler) {
    const bool repeat = filler.kind == MathNode::Kind::kName && filler.text == "REPEAT";
    const bool linear = filler.kind == MathNode::Kind::kName && filler.text == "LINEAR";
    Series result = series;
    if (series.values.empty() && (repeat || linear)) return result;
    const double number = repeat || linear ? 0 : std::get<double>(evaluate(filler));
    const auto period = std::chrono::duration_cast<std::chrono::milliseconds>(series.period);
    Timestamp time(scope_.from.time_since_epoch() / period * period);
    if (time < scope_.from) time += period;
    for (; time < scope_.until; time += period) {
      if (result.values.contains(time)) continue;
      const auto next = series.values.lower_bound(time);
      if (!repeat && !linear) {
        result.values[time] = number;
      } else if (next != series.values.begin() && (repeat || next != series.values.end())) {
        const auto before = std::prev(next);
        double value = before->second;
        if (linear) {
          const double share = std::chrono::duration<double>(time - before->first) /
                               std::chrono::duration<double>(next->first - before->first);
          value += (next->second - before->second) * share;
        }
        result.values[time] = value;
      }
    }
    return result;
  }

  // IF(condition, then, else): where the condition is a series, its times decide.
  MathValue choose(const MathNode& node) {
    const MathValue condition = argument(node, 0), yes = argument(node, 1);
    const MathValue no = node.children.size() > 2 ? argument(node, 2) : MathValue(Series{});
    if (const auto* const number = std::get_if<double>(&condition)) return *number != 0 ? yes : no;
    const auto* const series = std::get_if<Series>(&condition);
    if (series == nullptr) fail("IF takes a number or one time series as its condition.");
    Series result{.values = {}, .period = series->period};
    for (const auto& [time, value] : series->values) {
      const MathValue& chosen = value != 0 ? yes : no;
      if (const auto* const number = std::get_if<double>(&chosen)) {
        result.values[time] = *number;
      } else if (const auto* const from = std::get_if<Series>(&chosen)) {
        const auto found = from->values.find(time);
        if (found != from->values.end()) result.values[time] = found->second;
      } else {
        fail("IF takes numbers and single time series.");
      }
    }
    return result;
  }

  MathValue count(const MathNode& node) {
    const MathValue value = argument(node, 0);
    if (node.text == "METRIC_COUNT") {
      const auto* const list = std::get_if<SeriesMap>(&value);
      return list != nullptr ? static_cast<double>(list->size()) : 1.0;
    }
    const auto* const series = std::get_if<Series>(&value);
    if (series == nullptr) fail(node.text + " takes one time series.");
    if (node.text == "PERIOD") return static_cast<double>(series->period.count());
    return static_cast<double>(series->values.size());
  }

  MathValue call(const MathNode& node) {
    const std::string& name = node.text;
    using Function = double (*)(double);
    static const std::map<std::string, Function, std::less<>> kNumeric = {
        {"ABS", [](double v) { return std::abs(v); }},
        {"CEIL", [](double v) { return std::ceil(v); }},
        {"FLOOR", [](double v) { return std::floor(v); }},
        {"LOG", [](double v) { return std::log(v); }},
        {"LOG10", [](double v) { return std::log10(v); }}};
    if (const auto function = kNumeric.find(name); function != kNumeric.end()) {
      const MathValue value = argument(node, 0);
      if (const auto* const number = std::get_if<double>(&value)) return function->second(*number);
      return each(value, [&](const Series& s) { return map_values(s, function->second); });
    }
    constexpr std::array<std::string_view, 5> kAggregates = {"SUM", "AVG", "MIN", "MAX", "STDDEV"};
    if (std::ranges::find(kAggregates, name) != kAggregates.end()) {
      return aggregate_all(name, argument(node, 0));
    }
    if (name == "METRICS") return metrics(node);
    if (name == "METRIC_COUNT" || name == "DATAPOINT_COUNT" || name == "PERIOD") return count(node);
    if (name == "RATE" || name == "DIFF") {
      return each(argument(node, 0), [&](const Series& s) { return changes(s, name == "RATE"); });
    }
    if (name == "RUNNING_SUM") return each(argument(node, 0), running_sum);
    if (name == "FILL") {
      if (node.children.size() != 2) fail("FILL takes a time series and a filler.");
      return each(argument(node, 0), [&](const Series& s) { return fill(s, node.children[1]); });
    }
    if (name == "IF") return choose(node);
    if (name == "TIME_SERIES") {
      const MathValue value = argument(node, 0);
      const auto* const number = std::get_if<double>(&value);
      return number != nullptr ? constant(*number) : value;
    }
    fail("The function " + name + " is not supported by Clary.");
  }

  MathValue constant(double number) const {
    Series result;
    for (const auto& entry : scope_.by_id) {
      if (const auto* const series = std::get_if<Series>(&entry.second)) {
        result.period = std::max(result.period, series->period);
        for (const auto& point : series->values) result.values[point.first] = number;
      }
    }
    return result;
  }

  const MathScope& scope_;
};

void collect(const MathNode& node, std::set<std::string>& names) {
  if (node.kind == MathNode::Kind::kName && node.text != "REPEAT" && node.text != "LINEAR") {
    names.insert(node.text);
  }
  for (const MathNode& child : node.children) collect(child, names);
}

bool is_query(std::string_view expression) {
  return expression.starts_with("SELECT ") || expression.starts_with("select ");
}

}  // namespace

std::expected<MathValue, std::string> evaluate_math(std::string_view expression,
                                                    const MathScope& scope) {
  if (is_query(expression)) {
    return std::unexpected("Metrics Insights queries (SELECT) are not supported by Clary.");
  }
  const auto tree = parse_math(expression);
  if (!tree) return std::unexpected(tree.error());
  try {
    return Evaluator(scope).evaluate(*tree);
  } catch (const MathError& error) {
    return std::unexpected(error.message);
  } catch (const std::bad_variant_access&) {
    return std::unexpected("A time series stands where a number is needed, or the reverse.");
  }
}

std::expected<std::set<std::string>, std::string> math_references(std::string_view expression) {
  std::set<std::string> names;
  if (is_query(expression)) return names;
  const auto tree = parse_math(expression);
  if (!tree) return std::unexpected(tree.error());
  collect(*tree, names);
  return names;
}

}  // namespace clary::api::cloudwatch
