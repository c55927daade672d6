#include "api/logs/filter_condition.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace clary::api::logs {
namespace {

using Condition = FilterPattern::Condition;
using Kind = Condition::Kind;

constexpr int kMaxDepth = 32;
constexpr std::size_t kMaxConditions = 200;

std::optional<double> number_in(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return value;
}

// Recursive descent over: or = and {"||" and}; and = one {"&&" one}; one = "(" or ")" | comparison.
class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  std::expected<Condition, std::string> parse() {
    auto condition = parse_chain(0, Kind::kOr);
    skip_space();
    if (condition && at_ != text_.size()) return fail();
    return condition;
  }

 private:
  std::unexpected<std::string> fail() const {
    return std::unexpected("unexpected text at character " + std::to_string(at_ + 2));
  }
  void skip_space() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").contains(text_[at_])) ++at_;
  }
  bool take(std::string_view token) {
    skip_space();
    if (!text_.substr(at_).starts_with(token)) return false;
    at_ += token.size();
    return true;
  }
  bool take_word(std::string_view word) {
    skip_space();
    const std::string_view rest = text_.substr(at_);
    if (rest.size() < word.size() || !equals_ignore_case(rest.substr(0, word.size()), word)) {
      return false;
    }
    at_ += word.size();
    return true;
  }

  std::expected<Condition, std::string> parse_chain(int depth, Kind kind) {
    Condition chain;
    chain.kind = kind;
    do {
      auto next = kind == Kind::kOr ? parse_chain(depth, Kind::kAnd) : parse_one(depth);
      if (!next) return next;
      chain.children.push_back(*std::move(next));
    } while (take(kind == Kind::kOr ? "||" : "&&"));
    if (chain.children.size() > 1) return chain;
    Condition only = std::move(chain.children.front());
    return only;
  }

  std::expected<Condition, std::string> parse_one(int depth) {
    if (++count_ > kMaxConditions || depth > kMaxDepth) {
      return std::unexpected("too many conditions");
    }
    if (!take("(")) return parse_comparison();
    auto inner = parse_chain(depth + 1, Kind::kOr);
    if (inner && !take(")")) return fail();
    return inner;
  }

  std::expected<Condition, std::string> parse_comparison() {
    Condition condition;
    if (!take("$") || !parse_path(condition)) return fail();
    if (take_word("NOT EXISTS")) {
      condition.kind = Kind::kNotExists;
      return condition;
    }
    if (take_word("IS")) {
      if (take_word("TRUE")) {
        condition.kind = Kind::kIsTrue;
      } else if (take_word("FALSE")) {
        condition.kind = Kind::kIsFalse;
      } else if (take_word("NULL")) {
        condition.kind = Kind::kIsNull;
      } else {
        return fail();
      }
      return condition;
    }
    // Longer operators first.
    constexpr std::array<std::pair<std::string_view, Kind>, 6> kOperators = {
        {{"!=", Kind::kNotEqual},
         {"<=", Kind::kLessEqual},
         {">=", Kind::kGreaterEqual},
         {"=", Kind::kEqual},
         {"<", Kind::kLess},
         {">", Kind::kGreater}}};
    const auto found =
        std::ranges::find_if(kOperators, [&](const auto& o) { return take(o.first); });
    if (found == kOperators.end()) return fail();
    condition.kind = found->second;
    return parse_value(std::move(condition));
  }

  // .name, ['any name'], [0]
  bool parse_path(Condition& condition) {
    while (at_ < text_.size()) {
      if (text_[at_] == '.') {
        ++at_;
        if (at_ < text_.size() && text_[at_] == '[') continue;
        const auto end = std::min(text_.find_first_of(" \t\r\n.[]()=!<>&|", at_), text_.size());
        if (end == at_) return false;
        condition.path.emplace_back(std::string(text_.substr(at_, end - at_)));
        at_ = end;
      } else if (text_[at_] == '[') {
        const auto end = text_.find(']', at_);
        if (end == std::string_view::npos) return false;
        const std::string_view inside = text_.substr(at_ + 1, end - at_ - 1);
        std::size_t index = 0;
        if (inside.size() > 2 && inside.front() == inside.back() &&
            (inside.front() == '\'' || inside.front() == '"')) {
          condition.path.emplace_back(std::string(inside.substr(1, inside.size() - 2)));
        } else if (std::from_chars(inside.data(), inside.data() + inside.size(), index).ptr ==
                       inside.data() + inside.size() &&
                   !inside.empty()) {
          condition.path.emplace_back(index);
        } else {
          return false;
        }
        at_ = end + 1;
      } else {
        break;
      }
    }
    return !condition.path.empty();
  }

  std::expected<Condition, std::string> parse_value(Condition condition) {
    skip_space();
    if (at_ < text_.size() && text_[at_] == '%') {
      return std::unexpected("regular expressions are not supported by Clary");
    }
    if (at_ < text_.size() && text_[at_] == '"') {
      for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) {
        if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
        condition.text.push_back(text_[at_]);
      }
      if (at_ == text_.size()) return std::unexpected("no closing quote");
      ++at_;
    } else {
      const auto end = std::min(text_.find_first_of(" \t\r\n()&|", at_), text_.size());
      condition.text = text_.substr(at_, end - at_);
      at_ = end;
      condition.number = number_in(condition.text);
    }
    const bool orders = condition.kind != Kind::kEqual && condition.kind != Kind::kNotEqual;
    if (condition.text.empty() && !orders) return condition;  // = "" is fine
    if (orders && !condition.number) return std::unexpected("a number is needed");
    return condition;
  }

  std::string_view text_;
  std::size_t at_ = 0, count_ = 0;
};

const json::value* look_up(const json::value& document, const Condition& condition) {
  const json::value* value = &document;
  for (const auto& step : condition.path) {
    if (const auto* const name = std::get_if<std::string>(&step)) {
      value = value->is_object() ? value->as_object().if_contains(*name) : nullptr;
    } else {
      value =
          value->is_array() ? value->as_array().if_contains(std::get<std::size_t>(step)) : nullptr;
    }
    if (value == nullptr) return nullptr;
  }
  return value;
}

// '*' at either end stands for anything.
bool like(std::string_view pattern, std::string_view text) {
  const bool front = pattern.starts_with('*');
  if (front) pattern.remove_prefix(1);
  const bool back = pattern.ends_with('*');
  if (back) pattern.remove_suffix(1);
  if (front && back) return text.contains(pattern);
  if (front) return text.ends_with(pattern);
  if (back) return text.starts_with(pattern);
  return text == pattern;
}

std::optional<double> number_of(const json::value& value) {
  if (value.is_int64()) return static_cast<double>(value.as_int64());
  if (value.is_uint64()) return static_cast<double>(value.as_uint64());
  if (value.is_double()) return value.as_double();
  return std::nullopt;
}

bool equal(const Condition& condition, const json::value& value) {
  if (const auto number = number_of(value)) {
    return condition.number ? *number == *condition.number
                            : condition.text.find('*') != std::string::npos &&
                                  like(condition.text, json::serialize(value));
  }
  if (value.is_string()) return like(condition.text, value.as_string());
  if (value.is_bool()) return condition.text == (value.as_bool() ? "true" : "false");
  return false;
}

}  // namespace

bool FilterPattern::Condition::holds(const json::value& document) const {
  const auto child_holds = [&](const Condition& child) { return child.holds(document); };
  if (kind == Kind::kAnd) return std::ranges::all_of(children, child_holds);
  if (kind == Kind::kOr) return std::ranges::any_of(children, child_holds);
  const json::value* const value = look_up(document, *this);
  if (kind == Kind::kNotExists) return value == nullptr;
  if (value == nullptr) return false;
  const auto actual = number_of(*value);
  switch (kind) {
    case Kind::kEqual:
      return equal(*this, *value);
    case Kind::kNotEqual:
      return !equal(*this, *value);
    case Kind::kLess:
      return actual && *actual < *number;
    case Kind::kLessEqual:
      return actual && *actual <= *number;
    case Kind::kGreater:
      return actual && *actual > *number;
    case Kind::kGreaterEqual:
      return actual && *actual >= *number;
    case Kind::kIsTrue:
      return value->is_bool() && value->as_bool();
    case Kind::kIsFalse:
      return value->is_bool() && !value->as_bool();
    case Kind::kIsNull:
      return value->is_null();
    default:
      return false;
  }
}

std::expected<FilterPattern::Condition, std::string> parse_conditions(std::string_view text) {
  return Parser(text).parse();
}

}  // namespace clary::api::logs
