#include "identity/policy_positions.h"

namespace clary::identity {
namespace {

// Walks JSON that is known to be well formed, so brackets and strings are all there is to see.
class Walk {
 public:
  explicit Walk(std::string_view text) : text_(text) {}

  std::vector<std::pair<TextPosition, TextPosition>> run() {
    for (; at_ < text_.size(); advance()) {
      const char c = text_[at_];
      if (c == '"') {
        const std::string_view value = string();
        if (depth_ == 1) key_ = value;
      } else if (c == '{' || c == '[') {
        open(c);
      } else if (c == '}' || c == ']') {
        close();
      }
    }
    return std::move(found_);
  }

 private:
  void advance() {
    if (text_[at_] == '\n') {
      ++position_.line;
      position_.column = 0;
    }
    ++position_.column;
    ++at_;
  }
  // Leaves the walk at the closing quote.
  std::string_view string() {
    const std::size_t start = at_ + 1;
    advance();
    while (at_ < text_.size() && text_[at_] != '"') {
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) advance();
      advance();
    }
    const std::size_t end = std::min(at_, text_.size());
    if (at_ >= text_.size()) --at_;
    return text_.substr(start, end - start);
  }
  void open(char bracket) {
    ++depth_;
    if (key_ != "Statement") return;
    if (depth_ == 2 && bracket == '[') {
      inside_ = 3;
    } else if (bracket == '{' && (depth_ == inside_ || (depth_ == 2 && inside_ == 0))) {
      start_ = position_;
      if (depth_ == 2) inside_ = 2;
      in_statement_ = true;
    }
  }
  void close() {
    if (in_statement_ && depth_ == inside_) {
      found_.emplace_back(start_, position_);
      in_statement_ = false;
    }
    if (depth_ == 2) {
      inside_ = 0;
      key_ = {};
    }
    --depth_;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  TextPosition position_, start_;
  int depth_ = 0, inside_ = 0;  // how deep the statements' own braces are
  bool in_statement_ = false;
  std::string_view key_;  // of the document, read last
  std::vector<std::pair<TextPosition, TextPosition>> found_;
};

}  // namespace

std::vector<std::pair<TextPosition, TextPosition>> statement_positions(std::string_view text) {
  return Walk(text).run();
}

}  // namespace clary::identity
