// The hyperparameters that a tuning job may choose, and how a choice maps to the unit cube in which
// the searches work.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace clary::tuning {

enum class Scaling { kAutomatic, kLinear, kLogarithmic, kReverseLogarithmic };

struct Continuous {
  double min = 0, max = 1;
  Scaling scaling = Scaling::kAutomatic;
};

// Both ends belong to the range.
struct Integer {
  std::int64_t min = 0, max = 1;
  Scaling scaling = Scaling::kAutomatic;
};

struct Categorical {
  std::vector<std::string> values;
};

struct Parameter {
  std::string name;
  std::variant<Continuous, Integer, Categorical> range;
};

// One value of each kind of range: double of Continuous, int64 of Integer, string of Categorical.
using Value = std::variant<double, std::int64_t, std::string>;
// Values aligned with the parameters of a space.
using Point = std::vector<Value>;

// What is wrong with a request, in words for the person who sent it.
template <typename T>
using Checked = std::expected<T, std::string>;

// A range as the API carries it, in text. The errors name the parameter.
Checked<Parameter> continuous_from_text(std::string name, std::string_view min,
                                        std::string_view max, Scaling scaling);
Checked<Parameter> integer_from_text(std::string name, std::string_view min, std::string_view max,
                                     Scaling scaling);
// "Auto", "Linear", "Logarithmic", "ReverseLogarithmic"; anything else is nullopt.
std::optional<Scaling> scaling_from_text(std::string_view text);

// The text a training job gets as its hyperparameter: shortest that reads back as the same number.
std::string to_text(const Value& value);

// The parameters of one search, checked, with Auto decided.
class Space {
 public:
  // Errors: no parameter at all, more than 30, a name twice, a range upside down or not finite, a
  // logarithm of what is not positive, a reverse logarithm outside [0, 1) or of an integer, a
  // categorical without values or with one twice. A range of one point is allowed.
  static Checked<Space> make(std::vector<Parameter> parameters);

  std::span<const Parameter> parameters() const { return parameters_; }
  std::size_t size() const { return parameters_.size(); }

  // How many points there are; nullopt when a range is continuous or they are more than 2^62.
  std::optional<std::uint64_t> count() const { return count_; }
  // How many values parameter `i` has; 0 for a continuous one (1 when it is a single point).
  std::uint64_t values_of(std::size_t i) const { return values_[i]; }
  bool categorical(std::size_t i) const;

  // The scaling in force. Auto is logarithmic when the range is positive and its ends are a factor
  // of 100 or more apart, else linear: AWS documents only that the service decides.
  Scaling scaling(std::size_t i) const { return scalings_[i]; }

  // Every point of [0, 1)^size is a point of the space, and uniform ones are uniform in the scaled
  // ranges; integers and categories own equal (scaled) shares. A continuous value is one of few
  // digits: within a millionth of the range's width where it was asked for, and read back exactly.
  Point from_unit(std::span<const double> unit) const;
  // The middle of the share that a point owns. A number outside its range lands outside [0, 1]:
  // parents of a warm start may have had wider ranges. Nullopt: a category that the space has not,
  // a value of the wrong type, or a number of which the scaling has no image.
  std::optional<std::vector<double>> to_unit(const Point& point) const;

  // The middle of the share of parameter `i` that `unit` lies in; `unit` itself for a continuous
  // one.
  double snapped(std::size_t i, double unit) const;
  // The middle of the share `steps` values further on; nullopt when that leaves the range, or for a
  // continuous parameter.
  std::optional<double> stepped(std::size_t i, double unit, std::int64_t steps) const;

  // Reads a value as to_text writes it; range is not checked, so that parents can be read.
  Checked<Value> value_from_text(std::size_t i, std::string_view text) const;
  // Whether each value has the right type and lies in its range.
  bool contains(const Point& point) const;

 private:
  Space() = default;
  double unit_of(std::size_t i, double value) const;
  // The number of the fewest digits beside `value`, in the range.
  double rounded(std::size_t i, double value) const;
  // The integer, or the number of the category, that `unit` lies in the share of.
  std::int64_t whole_at(std::size_t i, double unit) const;
  double unit_of_whole(std::size_t i, std::int64_t whole) const;

  std::vector<Parameter> parameters_;
  std::vector<Scaling> scalings_;
  std::vector<std::uint64_t> values_;
  // The scaled ends of the shares of the numeric parameters.
  std::vector<double> low_, high_;
  std::optional<std::uint64_t> count_;
};

}  // namespace clary::tuning
