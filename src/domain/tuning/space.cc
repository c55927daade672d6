#include "domain/tuning/space.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <set>
#include <utility>

namespace clary::tuning {
namespace {

constexpr std::size_t kMostParameters = 30;
constexpr double kLogarithmicFactor = 100;
// How far a continuous value may be moved to be written with fewer digits, in the unit cube.
constexpr double kResolution = 1e-6;

template <typename Number>
std::optional<Number> read(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  if (text.size() > 1 && text.front() == '+' && text[1] != '-') text.remove_prefix(1);
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// An integer may be written as 3.0 or 1e2 by a client that keeps all numbers as floats.
std::optional<std::int64_t> read_integer(std::string_view text) {
  if (const auto whole = read<std::int64_t>(text)) return whole;
  const auto number = read<double>(text);
  if (!number || std::abs(*number) > 9e15 || std::nearbyint(*number) != *number) return {};
  return static_cast<std::int64_t>(*number);
}

std::string in_quotes(std::string_view name) {
  return "'" + std::string(name) + "'";
}

std::string bad_number(std::string_view name, std::string_view text, std::string_view kind) {
  return "The range of hyperparameter " + in_quotes(name) + " has the bound " + in_quotes(text) +
         ", which is not " + std::string(kind) + ".";
}

double scaled(Scaling scaling, double value) {
  if (scaling == Scaling::kLogarithmic) return std::log(value);
  if (scaling == Scaling::kReverseLogarithmic) return -std::log1p(-value);
  return value;
}

double unscaled(Scaling scaling, double value) {
  if (scaling == Scaling::kLogarithmic) return std::exp(value);
  if (scaling == Scaling::kReverseLogarithmic) return -std::expm1(-value);
  return value;
}

Scaling resolve(Scaling scaling, double min, double max) {
  if (scaling != Scaling::kAutomatic) return scaling;
  return min > 0 && max / min >= kLogarithmicFactor ? Scaling::kLogarithmic : Scaling::kLinear;
}

std::optional<std::string> problem_of(const std::string& name, const Continuous& range) {
  if (!std::isfinite(range.min) || !std::isfinite(range.max)) {
    return "The range of hyperparameter " + in_quotes(name) + " must be finite.";
  }
  if (range.min > range.max) {
    return "The minimum value of hyperparameter " + in_quotes(name) +
           " must not be greater than its maximum value.";
  }
  if (!std::isfinite(range.max - range.min)) {
    return "The range of hyperparameter " + in_quotes(name) + " is too wide.";
  }
  if (range.scaling == Scaling::kLogarithmic && range.min <= 0) {
    return "Logarithmic scaling of hyperparameter " + in_quotes(name) +
           " requires that all values of its range are greater than 0.";
  }
  if (range.scaling == Scaling::kReverseLogarithmic && (range.min < 0 || range.max >= 1)) {
    return "Reverse logarithmic scaling of hyperparameter " + in_quotes(name) +
           " requires a range within 0 <= x < 1.";
  }
  return std::nullopt;
}

std::optional<std::string> problem_of(const std::string& name, const Integer& range) {
  if (range.min > range.max) {
    return "The minimum value of hyperparameter " + in_quotes(name) +
           " must not be greater than its maximum value.";
  }
  constexpr std::int64_t kWidest = std::int64_t{1} << 52;
  if (range.min < -kWidest || range.max > kWidest) {
    return "The range of hyperparameter " + in_quotes(name) + " is too wide.";
  }
  if (range.scaling == Scaling::kLogarithmic && range.min <= 0) {
    return "Logarithmic scaling of hyperparameter " + in_quotes(name) +
           " requires that all values of its range are greater than 0.";
  }
  if (range.scaling == Scaling::kReverseLogarithmic) {
    return "Reverse logarithmic scaling of hyperparameter " + in_quotes(name) +
           " is available only for continuous ranges.";
  }
  return std::nullopt;
}

std::optional<std::string> problem_of(const std::string& name, const Categorical& range) {
  if (range.values.empty()) {
    return "The range of hyperparameter " + in_quotes(name) + " has no values.";
  }
  const std::set<std::string_view> distinct(range.values.begin(), range.values.end());
  if (distinct.size() != range.values.size()) {
    return "The range of hyperparameter " + in_quotes(name) + " has a value more than once.";
  }
  return std::nullopt;
}

std::optional<std::string> problem_of(const std::vector<Parameter>& parameters) {
  if (parameters.empty()) return "At least one hyperparameter range must be given.";
  if (parameters.size() > kMostParameters) {
    return "At most " + std::to_string(kMostParameters) + " hyperparameters can be tuned, but " +
           std::to_string(parameters.size()) + " ranges were given.";
  }
  std::set<std::string_view> names;
  for (const Parameter& parameter : parameters) {
    if (!names.insert(parameter.name).second) {
      return "Hyperparameter " + in_quotes(parameter.name) + " has more than one range.";
    }
    auto problem = std::visit([&](const auto& range) { return problem_of(parameter.name, range); },
                              parameter.range);
    if (problem) return problem;
  }
  return std::nullopt;
}

}  // namespace

Checked<Parameter> continuous_from_text(std::string name, std::string_view min,
                                        std::string_view max, Scaling scaling) {
  const auto low = read<double>(min), high = read<double>(max);
  if (!low || !high) return std::unexpected(bad_number(name, low ? max : min, "a number"));
  return Parameter{std::move(name), Continuous{*low, *high, scaling}};
}

Checked<Parameter> integer_from_text(std::string name, std::string_view min, std::string_view max,
                                     Scaling scaling) {
  const auto low = read_integer(min), high = read_integer(max);
  if (!low || !high) return std::unexpected(bad_number(name, low ? max : min, "an integer"));
  return Parameter{std::move(name), Integer{*low, *high, scaling}};
}

std::optional<Scaling> scaling_from_text(std::string_view text) {
  if (text == "Auto") return Scaling::kAutomatic;
  if (text == "Linear") return Scaling::kLinear;
  if (text == "Logarithmic") return Scaling::kLogarithmic;
  if (text == "ReverseLogarithmic") return Scaling::kReverseLogarithmic;
  return std::nullopt;
}

std::string to_text(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  std::array<char, 64> buffer;
  std::to_chars_result result{};
  if (const auto* whole = std::get_if<std::int64_t>(&value)) {
    result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), *whole);
  } else {
    result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), std::get<double>(value));
  }
  return {buffer.data(), result.ptr};
}

Checked<Space> Space::make(std::vector<Parameter> parameters) {
  if (auto problem = problem_of(parameters)) return std::unexpected(std::move(*problem));
  Space space;
  space.parameters_ = std::move(parameters);
  space.count_ = 1;
  for (const Parameter& parameter : space.parameters_) {
    Scaling scaling = Scaling::kLinear;
    double low = 0, high = 1;
    std::uint64_t values = 0;
    if (const auto* range = std::get_if<Continuous>(&parameter.range)) {
      scaling = resolve(range->scaling, range->min, range->max);
      low = scaled(scaling, range->min);
      high = scaled(scaling, range->max);
      values = range->min == range->max ? 1 : 0;
    } else if (const auto* whole = std::get_if<Integer>(&parameter.range)) {
      const auto min = static_cast<double>(whole->min), max = static_cast<double>(whole->max);
      scaling = resolve(whole->scaling, min, max);
      // Each integer owns what rounds to it, the ends too.
      low = scaled(scaling, min - 0.5);
      high = scaled(scaling, max + 0.5);
      values = static_cast<std::uint64_t>(whole->max - whole->min) + 1;
    } else {
      values = std::get<Categorical>(parameter.range).values.size();
    }
    space.scalings_.push_back(scaling);
    space.low_.push_back(low);
    space.high_.push_back(high);
    space.values_.push_back(values);
    if (values == 0 || !space.count_ || *space.count_ > (std::uint64_t{1} << 62) / values) {
      space.count_.reset();
    } else {
      *space.count_ *= values;
    }
  }
  return space;
}

bool Space::categorical(std::size_t i) const {
  return std::holds_alternative<Categorical>(parameters_[i].range);
}

Point Space::from_unit(std::span<const double> unit) const {
  Point point;
  point.reserve(size());
  for (std::size_t i = 0; i < size(); ++i) {
    const double u = std::clamp(unit[i], 0.0, 1.0);
    if (const auto* names = std::get_if<Categorical>(&parameters_[i].range)) {
      point.emplace_back(names->values[static_cast<std::size_t>(whole_at(i, u))]);
    } else if (const auto* range = std::get_if<Continuous>(&parameters_[i].range)) {
      const double value = unscaled(scalings_[i], low_[i] + u * (high_[i] - low_[i]));
      point.emplace_back(rounded(i, std::clamp(value, range->min, range->max)));
    } else {
      point.emplace_back(whole_at(i, u));
    }
  }
  return point;
}

double Space::rounded(std::size_t i, double value) const {
  const auto& range = std::get<Continuous>(parameters_[i].range);
  std::array<char, 64> buffer;
  for (int digits = 1; digits < std::numeric_limits<double>::max_digits10; ++digits) {
    const auto text = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                    std::chars_format::general, digits);
    double shorter = value;
    std::from_chars(buffer.data(), text.ptr, shorter);
    if (shorter >= range.min && shorter <= range.max &&
        std::abs(unit_of(i, shorter) - unit_of(i, value)) <= kResolution) {
      return shorter;
    }
  }
  return value;
}

double Space::unit_of(std::size_t i, double value) const {
  if (high_[i] <= low_[i]) return 0.5;
  return (scaled(scalings_[i], value) - low_[i]) / (high_[i] - low_[i]);
}

std::optional<std::vector<double>> Space::to_unit(const Point& point) const {
  if (point.size() != size()) return std::nullopt;
  std::vector<double> unit(size());
  for (std::size_t i = 0; i < size(); ++i) {
    const Parameter& parameter = parameters_[i];
    if (parameter.range.index() != point[i].index()) return std::nullopt;
    if (const auto* names = std::get_if<Categorical>(&parameter.range)) {
      const auto& values = names->values;
      const auto found = std::find(values.begin(), values.end(), std::get<std::string>(point[i]));
      if (found == values.end()) return std::nullopt;
      unit[i] = unit_of_whole(i, found - values.begin());
    } else if (const auto* number = std::get_if<double>(&point[i])) {
      unit[i] = unit_of(i, *number);
    } else {
      unit[i] = unit_of(i, static_cast<double>(std::get<std::int64_t>(point[i])));
    }
    if (!std::isfinite(unit[i])) return std::nullopt;
  }
  return unit;
}

std::int64_t Space::whole_at(std::size_t i, double unit) const {
  const double inside = std::clamp(unit, 0.0, 1.0);
  if (const auto* whole = std::get_if<Integer>(&parameters_[i].range)) {
    const double value = unscaled(scalings_[i], low_[i] + inside * (high_[i] - low_[i]));
    return std::clamp(static_cast<std::int64_t>(std::floor(value + 0.5)), whole->min, whole->max);
  }
  const auto count = static_cast<double>(values_[i]);
  return static_cast<std::int64_t>(std::min(inside * count, count - 1));
}

double Space::unit_of_whole(std::size_t i, std::int64_t whole) const {
  if (categorical(i)) return (static_cast<double>(whole) + 0.5) / static_cast<double>(values_[i]);
  return unit_of(i, static_cast<double>(whole));
}

double Space::snapped(std::size_t i, double unit) const {
  if (std::holds_alternative<Continuous>(parameters_[i].range)) return std::clamp(unit, 0.0, 1.0);
  return unit_of_whole(i, whole_at(i, unit));
}

std::optional<double> Space::stepped(std::size_t i, double unit, std::int64_t steps) const {
  if (std::holds_alternative<Continuous>(parameters_[i].range)) return std::nullopt;
  const std::int64_t next = whole_at(i, unit) + steps;
  if (const auto* whole = std::get_if<Integer>(&parameters_[i].range)) {
    if (next < whole->min || next > whole->max) return std::nullopt;
  } else if (next < 0 || next >= static_cast<std::int64_t>(values_[i])) {
    return std::nullopt;
  }
  return unit_of_whole(i, next);
}

Checked<Value> Space::value_from_text(std::size_t i, std::string_view text) const {
  const Parameter& parameter = parameters_[i];
  if (std::holds_alternative<Categorical>(parameter.range)) return Value(std::string(text));
  if (std::holds_alternative<Continuous>(parameter.range)) {
    if (const auto number = read<double>(text); number && std::isfinite(*number)) {
      return Value(*number);
    }
  } else if (const auto whole = read_integer(text)) {
    return Value(*whole);
  }
  return std::unexpected("The value " + in_quotes(text) + " of hyperparameter " +
                         in_quotes(parameter.name) + " is not a number of its range's kind.");
}

bool Space::contains(const Point& point) const {
  if (point.size() != size()) return false;
  for (std::size_t i = 0; i < size(); ++i) {
    const auto& range = parameters_[i].range;
    if (range.index() != point[i].index()) return false;
    if (const auto* names = std::get_if<Categorical>(&range)) {
      if (std::ranges::find(names->values, std::get<std::string>(point[i])) == names->values.end())
        return false;
    } else if (const auto* numbers = std::get_if<Continuous>(&range)) {
      const double number = std::get<double>(point[i]);
      if (!(number >= numbers->min && number <= numbers->max)) return false;
    } else {
      const auto& whole = std::get<Integer>(range);
      const auto number = std::get<std::int64_t>(point[i]);
      if (number < whole.min || number > whole.max) return false;
    }
  }
  return true;
}

}  // namespace clary::tuning
