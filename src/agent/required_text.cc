#include "agent/required_text.h"

#include <algorithm>
#include <cctype>

namespace clary::agent {
namespace {

bool is_letter_or_digit(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0;
}

// Walks along the expression's outermost level and gathers what stands there literally.
class Reader {
 public:
  explicit Reader(std::string_view regex) : regex_(regex) {}

  std::string read() {
    while (known_ && at_ < regex_.size()) step();
    end_run();
    return known_ ? longest_ : std::string();
  }

 private:
  void step() {
    const char c = regex_[at_];
    switch (c) {
      case '|':
        known_ = false;
        break;
      case '(':
        end_run();
        skip_group();
        break;
      case '[':
        end_run();
        skip_class();
        break;
      case '\\':
        escape();
        break;
      case '*':
      case '?':
      case '{':
        // What stands before may be missing.
        if (!run_.empty()) run_.pop_back();
        end_run();
        at_ = c == '{' ? std::min(regex_.find('}', at_), regex_.size()) : at_;
        ++at_;
        break;
      case '+':
      case '.':
      case '^':
      case '$':
        end_run();
        ++at_;
        break;
      default:
        // Of a character of several bytes a quantifier would take more than the last one.
        if (static_cast<unsigned char>(c) < 0x80) {
          run_ += c;
        } else {
          end_run();
        }
        ++at_;
    }
  }

  void end_run() {
    if (run_.size() > longest_.size()) longest_ = run_;
    run_.clear();
  }

  // Letters after a backslash mean classes (\d), places (\b), single characters (\t) and more that
  // has its own grammar (\x, \Q, \g, \p).
  void escape() {
    const char next = at_ + 1 < regex_.size() ? regex_[at_ + 1] : 'Q';
    at_ += 2;
    if (!is_letter_or_digit(next)) {
      run_ += next;
      return;
    }
    end_run();
    constexpr std::string_view kKnown = "dDwWsSbBAzZtnrfvhH";
    known_ = known_ && kKnown.contains(next);
  }

  void skip_class() {
    ++at_;
    if (at_ < regex_.size() && regex_[at_] == '^') ++at_;
    if (at_ < regex_.size() && regex_[at_] == ']') ++at_;  // the first one is meant
    for (; at_ < regex_.size() && regex_[at_] != ']'; ++at_) {
      if (regex_[at_] == '[') known_ = false;  // [:alpha:]
      if (regex_[at_] != '\\') continue;
      ++at_;
      if (at_ < regex_.size() && regex_[at_] == 'Q') known_ = false;
    }
    ++at_;
  }

  void skip_group() {
    ++at_;
    // Options, conditions, assertions, verbs: only what groups is known.
    const std::string_view rest = regex_.substr(at_);
    const bool plain = !rest.starts_with('*') && (!rest.starts_with('?') || rest.starts_with("?:"));
    known_ = known_ && plain;
    if (rest.starts_with("?:")) at_ += 2;
    while (known_ && at_ < regex_.size() && regex_[at_] != ')') {
      if (regex_[at_] == '(') {
        skip_group();
      } else if (regex_[at_] == '[') {
        skip_class();
      } else if (regex_[at_] == '\\') {
        if (at_ + 1 < regex_.size() && regex_[at_ + 1] == 'Q') known_ = false;
        at_ += 2;
      } else {
        ++at_;
      }
    }
    ++at_;
  }

  const std::string_view regex_;
  std::size_t at_ = 0;
  std::string run_, longest_;
  bool known_ = true;
};

}  // namespace

std::string required_text(std::string_view regex) {
  return Reader(regex).read();
}

}  // namespace clary::agent
