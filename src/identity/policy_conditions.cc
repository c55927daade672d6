#include "identity/policy_conditions.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>

#include "base/text.h"

namespace clary::identity {
namespace {

constexpr char kLiteralStar = '\x01', kLiteralQuestion = '\x02';

std::optional<double> number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) {
    return std::nullopt;
  }
  return value;
}

std::optional<int> digits(std::string_view text, std::size_t at, std::size_t count) {
  if (at + count > text.size()) return std::nullopt;
  int value = 0;
  for (const char c : text.substr(at, count)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

// 2026-11-22, 2026-11-22T20:00Z, 2026-11-22T20:00:00Z, with a fraction, or seconds since 1970.
std::optional<double> date(std::string_view text) {
  if (const auto seconds = number(text)) return seconds;
  const auto year = digits(text, 0, 4), month = digits(text, 5, 2), day = digits(text, 8, 2);
  if (!year || !month || !day || text[4] != '-' || text[7] != '-') return std::nullopt;
  const std::chrono::year_month_day ymd{std::chrono::year(*year),
                                        std::chrono::month(static_cast<unsigned>(*month)),
                                        std::chrono::day(static_cast<unsigned>(*day))};
  if (!ymd.ok()) return std::nullopt;
  double seconds =
      static_cast<double>(std::chrono::sys_days(ymd).time_since_epoch().count()) * 86400;
  if (text.size() == 10) return seconds;
  if (text[10] != 'T' || !text.ends_with('Z')) return std::nullopt;
  const auto hour = digits(text, 11, 2), minute = digits(text, 14, 2);
  if (!hour || !minute) return std::nullopt;
  seconds += *hour * 3600 + *minute * 60;
  if (const auto second = digits(text, 17, 2)) seconds += *second;
  return seconds;
}

struct Address {
  int family = 0;
  std::array<unsigned char, 16> bytes{};
};

std::optional<Address> address(std::string_view text) {
  const std::string copy(text);
  Address result;
  for (const int family : {AF_INET, AF_INET6}) {
    if (inet_pton(family, copy.c_str(), result.bytes.data()) == 1) {
      result.family = family;
      return result;
    }
  }
  return std::nullopt;
}

// `range` is an address or a CIDR block.
bool in_range(std::string_view text, std::string_view range) {
  const auto slash = std::min(range.find('/'), range.size());
  const auto network = address(range.substr(0, slash));
  const auto host = address(text);
  if (!network || !host || network->family != host->family) return false;
  int bits = network->family == AF_INET ? 32 : 128;
  if (slash < range.size()) {
    const std::string_view length = range.substr(slash + 1);
    int given = 0;
    const auto [end, error] = std::from_chars(length.data(), length.data() + length.size(), given);
    if (error != std::errc() || end != length.data() + length.size() || given < 0 || given > bits) {
      return false;
    }
    bits = given;
  }
  for (int bit = 0; bit < bits; ++bit) {
    const auto byte = static_cast<std::size_t>(bit / 8);
    const int mask = 0x80 >> (bit % 8);
    if ((network->bytes[byte] & mask) != (host->bytes[byte] & mask)) return false;
  }
  return true;
}

// Each of the six parts by itself, so that '*' does not reach across a colon.
bool matches_arn(std::string_view pattern, std::string_view text) {
  for (int part = 0; part < 5; ++part) {
    const auto a = pattern.find(':'), b = text.find(':');
    if (a == std::string_view::npos || b == std::string_view::npos) return false;
    if (!matches_pattern(pattern.substr(0, a), text.substr(0, b))) return false;
    pattern.remove_prefix(a + 1);
    text.remove_prefix(b + 1);
  }
  return matches_pattern(pattern, text);
}

std::string without_markers(std::string_view text) {
  std::string result(text);
  std::ranges::replace(result, kLiteralStar, '*');
  std::ranges::replace(result, kLiteralQuestion, '?');
  return result;
}

using Compare = bool (*)(std::string_view actual, std::string_view wanted);

template <class Parse, class Relation>
bool compare_parsed(std::string_view actual, std::string_view wanted, Parse parse,
                    Relation relation) {
  const auto a = parse(actual), b = parse(wanted);
  return a && b && relation(*a, *b);
}

struct Operator {
  std::string_view name;
  bool negated;
  Compare compare;
};

// A negated operator holds when no wanted value compares equal.
constexpr std::array kOperators = {
    Operator{"StringEquals", false,
             [](std::string_view a, std::string_view b) { return a == without_markers(b); }},
    Operator{"StringNotEquals", true,
             [](std::string_view a, std::string_view b) { return a == without_markers(b); }},
    Operator{"StringEqualsIgnoreCase", false,
             [](std::string_view a, std::string_view b) {
               return equals_ignore_case(a, without_markers(b));
             }},
    Operator{"StringNotEqualsIgnoreCase", true,
             [](std::string_view a, std::string_view b) {
               return equals_ignore_case(a, without_markers(b));
             }},
    Operator{"StringLike", false,
             [](std::string_view a, std::string_view b) { return matches_pattern(b, a); }},
    Operator{"StringNotLike", true,
             [](std::string_view a, std::string_view b) { return matches_pattern(b, a); }},
    Operator{"NumericEquals", false,
             [](std::string_view a, std::string_view b) {
               return compare_parsed(a, b, number, std::equal_to<>());
             }},
    Operator{"NumericNotEquals", true,
             [](std::string_view a, std::string_view b) {
               return compare_parsed(a, b, number, std::equal_to<>());
             }},
    Operator{"NumericLessThan", false,
             [](std::string_view a, std::string_view b) {
               return compare_parsed(a, b, number, std::less<>());
             }},
    Operator{"NumericLessThanEquals", false,
             [](std::string_view a, std::string_view b) {
               return compare_parsed(a, b, number, std::less_equal<>());
             }},
    Operator{"NumericGreaterThan", false,
             [](std::string_view a, std::string_view b) {
               return compare_parsed(a, b, number, std::greater<>());
             }},
    Operator{"NumericGreaterThanEquals", false,
             [](std::string_view a, std::string_view b) {
               return compare_parsed(a, b, number, std::greater_equal<>());
             }},
    Operator{"DateEquals", false,
             [](std::string_view a, std::string_view b) {
               return compare_parsed(a, b, date, std::equal_to<>());
             }},
    Operator{"DateNotEquals", true,
             [](std::string_view a, std::string_view b) {
               return compare_parsed(a, b, date, std::equal_to<>());
             }},
    Operator{"DateLessThan", false,
             [](std::string_view a, std::string_view b) {
               return compare_parsed(a, b, date, std::less<>());
             }},
    Operator{"DateLessThanEquals", false,
             [](std::string_view a, std::string_view b) {
               return compare_parsed(a, b, date, std::less_equal<>());
             }},
    Operator{"DateGreaterThan", false,
             [](std::string_view a, std::string_view b) {
               return compare_parsed(a, b, date, std::greater<>());
             }},
    Operator{"DateGreaterThanEquals", false,
             [](std::string_view a, std::string_view b) {
               return compare_parsed(a, b, date, std::greater_equal<>());
             }},
    Operator{"Bool", false,
             [](std::string_view a, std::string_view b) { return equals_ignore_case(a, b); }},
    Operator{"BinaryEquals", false, [](std::string_view a, std::string_view b) { return a == b; }},
    Operator{"IpAddress", false, in_range},
    Operator{"NotIpAddress", true, in_range},
    Operator{"ArnEquals", false,
             [](std::string_view a, std::string_view b) { return matches_arn(b, a); }},
    Operator{"ArnLike", false,
             [](std::string_view a, std::string_view b) { return matches_arn(b, a); }},
    Operator{"ArnNotEquals", true,
             [](std::string_view a, std::string_view b) { return matches_arn(b, a); }},
    Operator{"ArnNotLike", true,
             [](std::string_view a, std::string_view b) { return matches_arn(b, a); }},
};

constexpr std::size_t kNull = kOperators.size();

}  // namespace

// "Null" comes after the table, what is unknown after that.
std::size_t condition_operator_index(std::string_view operation) {
  if (equals_ignore_case(operation, "Null")) return kNull;
  const auto found = std::ranges::find_if(
      kOperators, [&](const Operator& o) { return equals_ignore_case(o.name, operation); });
  if (found == kOperators.end()) return kNull + 1;
  return static_cast<std::size_t>(found - kOperators.begin());
}

bool known_condition_operator(std::string_view operation) {
  return condition_operator_index(operation) <= kNull;
}

bool holds(const Condition& condition, const PolicyRequest& request, bool variables) {
  const auto found = request.context.find(condition.key);
  const bool present = found != request.context.end() && !found->second.empty();
  if (condition.operation_index == kNull) {
    return std::ranges::any_of(condition.values, [&](const std::string& wanted) {
      return equals_ignore_case(wanted, "true") ? !present : present;
    });
  }
  if (condition.operation_index > kNull) return false;
  const Operator* const operation = &kOperators[condition.operation_index];
  if (!present) {
    if (condition.set == Condition::Set::kForAnyValue) return condition.if_exists;
    return condition.if_exists || operation->negated ||
           condition.set == Condition::Set::kForAllValues;
  }
  std::vector<std::string> wanted;
  for (const std::string& value : condition.values) {
    if (!variables) {
      wanted.push_back(value);
    } else if (auto expanded = expand_variables(value, request)) {
      wanted.push_back(*std::move(expanded));
    }
  }
  const auto one_holds = [&](const std::string& actual) {
    const bool equal = std::ranges::any_of(
        wanted, [&](const std::string& value) { return operation->compare(actual, value); });
    return equal != operation->negated;
  };
  switch (condition.set) {
    case Condition::Set::kForAllValues:
      return std::ranges::all_of(found->second, one_holds);
    case Condition::Set::kForAnyValue:
      return std::ranges::any_of(found->second, one_holds);
    case Condition::Set::kSingle:
      break;
  }
  return operation->negated ? std::ranges::all_of(found->second, one_holds)
                            : std::ranges::any_of(found->second, one_holds);
}

std::optional<std::string> expand_variables(std::string_view text, const PolicyRequest& request) {
  std::string result;
  while (true) {
    const auto start = text.find("${");
    result.append(text.substr(0, start));
    if (start == std::string_view::npos) return result;
    const auto end = text.find('}', start);
    if (end == std::string_view::npos) {
      result.append(text.substr(start));
      return result;
    }
    std::string_view name = text.substr(start + 2, end - start - 2);
    text.remove_prefix(end + 1);
    if (name == "*" || name == "?" || name == "$") {
      result.push_back(name == "*" ? kLiteralStar : name == "?" ? kLiteralQuestion : '$');
      continue;
    }
    std::optional<std::string> value;
    const auto comma = name.find(',');
    if (comma != std::string_view::npos) {
      const std::string_view quoted = trim(name.substr(comma + 1));
      if (quoted.size() < 2 || quoted.front() != '\'' || quoted.back() != '\'') return std::nullopt;
      value = quoted.substr(1, quoted.size() - 2);
      name = trim(name.substr(0, comma));
    }
    const auto found = request.context.find(to_lower(name));
    if (found != request.context.end() && found->second.size() == 1) value = found->second[0];
    if (!value) return std::nullopt;
    std::ranges::replace(*value, '*', kLiteralStar);
    std::ranges::replace(*value, '?', kLiteralQuestion);
    result.append(*value);
  }
}

bool matches_pattern(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = std::string_view::npos, resume = 0;
  while (t < text.size()) {
    const char want = p < pattern.size() ? pattern[p] : '\0';
    const bool literal =
        (want == kLiteralStar && text[t] == '*') || (want == kLiteralQuestion && text[t] == '?');
    if (p < pattern.size() && want == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && (want == '?' || want == text[t] || literal)) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

bool matches_wildcard(std::string_view pattern, std::string_view text) {
  return matches_pattern(pattern, text);
}

}  // namespace clary::identity
