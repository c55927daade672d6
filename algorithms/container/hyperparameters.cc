#include "algorithms/container/hyperparameters.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "algorithms/container/failure.h"
#include "algorithms/data/number.h"
#include "base/text.h"

namespace clary::algorithms {
namespace {

using Type = Hyperparameter::Type;

std::string number_text(double value) {
  if (std::isinf(value)) return value < 0 ? "-inf" : "+inf";
  if (value == std::floor(value) && std::fabs(value) < 1e15) {
    return std::to_string(static_cast<long long>(value));
  }
  char buffer[32];
  return std::string(buffer, write_number(buffer, value));
}

bool read_all(std::string_view text, double& value) {
  text = trim(text);
  const char* at = text.data();
  return read_number(at, text.data() + text.size(), value) && at == text.data() + text.size();
}

bool read_integer(std::string_view text, double& value) {
  text = trim(text);
  if (text.starts_with('+')) text.remove_prefix(1);
  long long whole = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), whole);
  value = static_cast<double>(whole);
  return error == std::errc() && stop == text.data() + text.size();
}

[[noreturn]] void cannot_parse(const Hyperparameter& declared, std::string_view value) {
  throw ClientError("Hyperparameter " + std::string(declared.name) + ": could not parse value '" +
                    std::string(value) + "'");
}

[[noreturn]] void out_of_range(const Hyperparameter& declared, std::string_view value,
                               const std::string& range) {
  throw ClientError("Hyperparameter " + std::string(declared.name) + ": " + std::string(value) +
                    " is not in " + range);
}

std::string choices(const Hyperparameter& declared) {
  std::string text = "[";
  for (const auto word : declared.words) {
    if (text.size() > 1) text += ", ";
    text.append("'").append(word).append("'");
  }
  return text + "]";
}

// Every number in a tuple or nested list, whatever the brackets; false on anything else.
bool read_elements(std::string_view text, std::vector<double>& elements) {
  int depth = 0;
  std::string number;
  const auto finish = [&] {
    if (trim(number).empty()) return true;
    double value = 0;
    const bool good = read_integer(number, value);
    elements.push_back(value);
    number.clear();
    return good;
  };
  for (const char c : text) {
    if (c == '(' || c == '[') {
      if (!trim(number).empty()) return false;
      ++depth;
    } else if (c == ')' || c == ']') {
      if (!finish() || --depth < 0) return false;
    } else if (c == ',') {
      if (!finish()) return false;
    } else {
      number.push_back(c);
    }
  }
  return depth == 0 && finish();
}

void check_value(const Hyperparameter& declared, std::string_view value) {
  double number = 0;
  switch (declared.type) {
    case Type::kInteger:
      if (!read_integer(value, number)) cannot_parse(declared, value);
      if (!declared.range.contains(number)) out_of_range(declared, value, declared.range.text());
      return;
    case Type::kContinuous:
      if (!read_all(value, number)) cannot_parse(declared, value);
      if (!declared.range.contains(number)) out_of_range(declared, value, declared.range.text());
      return;
    case Type::kCategorical:
      if (std::ranges::find(declared.words, value) == declared.words.end()) {
        out_of_range(declared, value, choices(declared));
      }
      return;
    case Type::kWords:
      for (const std::string& word : split_words(value)) {
        if (!declared.words.empty() &&
            std::ranges::find(declared.words, word) == declared.words.end()) {
          throw ClientError("Hyperparameter " + std::string(declared.name) + ": value ['" + word +
                            "'] not in range " + choices(declared));
        }
      }
      return;
    case Type::kTuple:
    case Type::kNestedList: {
      std::vector<double> elements;
      if (!read_elements(value, elements)) cannot_parse(declared, value);
      for (const double element : elements) {
        if (!declared.range.contains(element)) {
          throw ClientError("Hyperparameter " + std::string(declared.name) + ": value " +
                            std::string(value) + " not in range " + declared.range.text());
        }
      }
      return;
    }
  }
}

std::string_view type_name(Type type) {
  switch (type) {
    case Type::kInteger:
      return "Integer";
    case Type::kContinuous:
      return "Continuous";
    case Type::kCategorical:
      return "Categorical";
    default:
      return "FreeText";
  }
}

// A bound as HyperParameterSpecification writes it, which has no word for "none".
std::string bound_text(double value, Type type) {
  if (!std::isinf(value)) return number_text(value);
  const std::string_view most = type == Type::kInteger ? "2147483647" : "3.4028235e+38";
  return (value < 0 ? "-" : "") + std::string(most);
}

// What a fallback in words ("by objective") is not.
bool is_value(const Hyperparameter& declared) {
  if (declared.fallback.empty()) return false;
  try {
    check_value(declared, declared.fallback);
  } catch (const ClientError&) {
    return false;
  }
  return declared.type != Type::kWords;
}

std::string description(const Hyperparameter& declared) {
  std::string text(declared.help);
  const bool number = declared.type == Type::kInteger || declared.type == Type::kContinuous;
  const Range& range = declared.range;
  if (number && (!std::isinf(range.low) || !std::isinf(range.high))) {
    text += "; in " + range.text();
  }
  if (declared.tuning) text += "; for tuning: " + declared.tuning->text();
  if (!declared.fallback.empty() && !is_value(declared)) {
    text += "; without it: " + std::string(declared.fallback);
  }
  return text;
}

json::object range_specification(const Hyperparameter& declared) {
  if (declared.type == Type::kCategorical) {
    json::array values;
    for (const std::string_view word : declared.words) values.emplace_back(word);
    return {{"CategoricalParameterRangeSpecification", {{"Values", std::move(values)}}}};
  }
  if (declared.type != Type::kInteger && declared.type != Type::kContinuous) return {};
  const std::string kind = declared.type == Type::kInteger ? "Integer" : "Continuous";
  return {{kind + "ParameterRangeSpecification",
           {{"MinValue", bound_text(declared.range.low, declared.type)},
            {"MaxValue", bound_text(declared.range.high, declared.type)}}}};
}

}  // namespace

bool Range::contains(double value) const {
  if (std::isnan(value)) return false;
  return (low_open ? value > low : value >= low) && (high_open ? value < high : value <= high);
}

std::string Range::text() const {
  const bool left_open = low_open || std::isinf(low);
  const bool right_open = high_open || std::isinf(high);
  return (left_open ? "(" : "[") + number_text(low) + ", " + number_text(high) +
         (right_open ? ")" : "]");
}

std::vector<std::string> split_words(std::string_view text) {
  std::vector<std::string> words;
  while (true) {
    const auto comma = text.find(',');
    words.emplace_back(trim(text.substr(0, comma)));
    if (comma == text.npos) return words;
    text.remove_prefix(comma + 1);
  }
}

HyperparameterValues validate(std::span<const Hyperparameter> declared,
                              const std::map<std::string, std::string>& given) {
  HyperparameterValues values;
  for (const auto& [name, value] : given) {
    const auto known = std::ranges::find_if(declared, [&](const Hyperparameter& h) {
      return h.name == name || (!h.alias.empty() && h.alias == name);
    });
    if (known == declared.end()) throw ClientError("Extraneous hyperparameter found: " + name);
    values[std::string(known->name)] = value;
  }
  for (const Hyperparameter& hyperparameter : declared) {
    const auto value = values.find(hyperparameter.name);
    if (value == values.end()) {
      if (hyperparameter.need == Hyperparameter::Need::kOptional) continue;
      throw ClientError("Missing required hyperparameter: " + std::string(hyperparameter.name));
    }
    check_value(hyperparameter, value->second);
  }
  return values;
}

std::string hyperparameter_table(std::span<const Hyperparameter> declared) {
  std::string text = "| name | type | range | default | what it does |\n|---|---|---|---|---|\n";
  for (const Hyperparameter& h : declared) {
    const bool listed = !h.words.empty();
    text.append("| ").append(h.name);
    if (!h.alias.empty()) text.append(" (").append(h.alias).append(")");
    text.append(" | ").append(type_name(h.type));
    text.append(" | ").append(listed ? choices(h) : h.range.text());
    const bool required = h.need == Hyperparameter::Need::kRequired;
    text.append(" | ").append(required ? "required" : h.fallback);
    text.append(" | ").append(h.help).append(" |\n");
  }
  return text;
}

json::array hyperparameter_specifications(std::span<const Hyperparameter> declared) {
  json::array all;
  for (const Hyperparameter& h : declared) {
    if (h.name.starts_with('_')) continue;
    json::object one{{"Name", h.name},
                     {"Description", description(h)},
                     {"Type", type_name(h.type)},
                     {"IsTunable", h.tuning.has_value()},
                     {"IsRequired", h.need == Hyperparameter::Need::kRequired}};
    if (json::object range = range_specification(h); !range.empty()) {
      one["Range"] = std::move(range);
    }
    if (is_value(h)) one["DefaultValue"] = h.fallback;
    all.push_back(std::move(one));
  }
  return all;
}

}  // namespace clary::algorithms
