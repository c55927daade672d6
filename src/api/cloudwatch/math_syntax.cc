#include "api/cloudwatch/math_syntax.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace clary::api::cloudwatch {
namespace {

using Result = std::expected<MathNode, std::string>;

bool letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool digit(char c) {
  return c >= '0' && c <= '9';
}

// Precedence climbing: comparisons bind least, then + -, then * /, then unary minus, then ^.
class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result parse() {
    auto node = parse_binary(0, 0);
    skip_space();
    if (node && at_ != text_.size()) return fail();
    return node;
  }

 private:
  static constexpr int kMaxDepth = 64, kMaxNodes = 1000;

  std::unexpected<std::string> fail() const {
    return std::unexpected("Invalid syntax at character " + std::to_string(at_ + 1) +
                           " of the expression.");
  }
  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n')) {
      ++at_;
    }
  }
  bool take(std::string_view token) {
    skip_space();
    if (!text_.substr(at_).starts_with(token)) return false;
    at_ += token.size();
    return true;
  }

  std::optional<std::string> take_operator(int level) {
    constexpr std::array<std::array<std::string_view, 6>, 3> kLevels = {
        {{"<=", ">=", "==", "!=", "<", ">"},
         {"+", "-", "", "", "", ""},
         {"*", "/", "", "", "", ""}}};
    for (const std::string_view token : kLevels[static_cast<std::size_t>(level)]) {
      if (!token.empty() && take(token)) return std::string(token);
    }
    return std::nullopt;
  }

  Result parse_binary(int level, int depth) {
    if (level == 3) return parse_unary(depth);
    auto left = parse_binary(level + 1, depth);
    while (left) {
      auto operation = take_operator(level);
      if (!operation) return left;
      auto right = parse_binary(level + 1, depth);
      if (!right) return right;
      left = binary(*std::move(operation), *std::move(left), *std::move(right));
    }
    return left;
  }

  static MathNode binary(std::string operation, MathNode left, MathNode right) {
    MathNode node{
        .kind = MathNode::Kind::kBinary, .number = 0, .text = std::move(operation), .children = {}};
    node.children.push_back(std::move(left));
    node.children.push_back(std::move(right));
    return node;
  }

  Result parse_unary(int depth) {
    if (depth > kMaxDepth || ++nodes_ > kMaxNodes) {
      return std::unexpected("The expression is too long or too deeply nested.");
    }
    if (take("-")) {
      auto operand = parse_unary(depth + 1);
      if (!operand) return operand;
      MathNode node{.kind = MathNode::Kind::kUnary, .number = 0, .text = "-", .children = {}};
      node.children.push_back(*std::move(operand));
      return node;
    }
    auto base = parse_primary(depth);
    if (!base || !take("^")) return base;
    auto exponent = parse_unary(depth + 1);
    if (!exponent) return exponent;
    return binary("^", *std::move(base), *std::move(exponent));
  }

  Result parse_primary(int depth) {
    if (take("(")) {
      auto inner = parse_binary(0, depth + 1);
      if (inner && !take(")")) return fail();
      return inner;
    }
    if (take("["))
      return parse_items(
          MathNode{.kind = MathNode::Kind::kList, .number = 0, .text = {}, .children = {}}, "]",
          depth);
    skip_space();
    if (at_ == text_.size()) return fail();
    if (digit(text_[at_]) || text_[at_] == '.') return parse_number();
    if (text_[at_] == '\'' || text_[at_] == '"') return parse_text();
    if (!letter(text_[at_])) return fail();
    const std::size_t start = at_;
    while (at_ < text_.size() && (letter(text_[at_]) || digit(text_[at_]))) ++at_;
    MathNode node{.kind = MathNode::Kind::kName,
                  .number = 0,
                  .text = std::string(text_.substr(start, at_ - start)),
                  .children = {}};
    if (!take("(")) return node;
    node.kind = MathNode::Kind::kCall;
    std::ranges::transform(node.text, node.text.begin(), [](char c) {
      return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    });
    return parse_items(std::move(node), ")", depth);
  }

  Result parse_items(MathNode node, std::string_view end, int depth) {
    if (take(end)) return node;
    do {
      auto item = parse_binary(0, depth + 1);
      if (!item) return item;
      node.children.push_back(*std::move(item));
    } while (take(","));
    if (!take(end)) return fail();
    return node;
  }

  Result parse_number() {
    MathNode node;
    const auto [end, error] =
        std::from_chars(text_.data() + at_, text_.data() + text_.size(), node.number);
    if (error != std::errc()) return fail();
    at_ = static_cast<std::size_t>(end - text_.data());
    return node;
  }

  Result parse_text() {
    const auto end = text_.find(text_[at_], at_ + 1);
    if (end == std::string_view::npos) return fail();
    MathNode node{.kind = MathNode::Kind::kText,
                  .number = 0,
                  .text = std::string(text_.substr(at_ + 1, end - at_ - 1)),
                  .children = {}};
    at_ = end + 1;
    return node;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int nodes_ = 0;
};

}  // namespace

std::expected<MathNode, std::string> parse_math(std::string_view expression) {
  return Parser(expression).parse();
}

}  // namespace clary::api::cloudwatch
