// A regular expression of a service model, as Java reads it: the whole value must match.
#pragma once

#include <mutex>
#include <string>
#include <string_view>

namespace clary::wire {

// Compiled with PCRE2's JIT on first use. threads: any. Work per match is bounded, so that no
// value can make an expression run away; one that would is taken as not matching.
class Pattern {
 public:
  explicit Pattern(std::string text) : text_(std::move(text)) {}
  ~Pattern();
  Pattern(const Pattern&) = delete;
  Pattern& operator=(const Pattern&) = delete;

  const std::string& text() const { return text_; }
  bool matches(std::string_view value) const;
  // False when PCRE2 does not take the expression; then everything matches.
  bool compiles() const;

 private:
  void compile() const;

  std::string text_;
  mutable std::once_flag once_;
  mutable void* code_ = nullptr;  // pcre2_code
};

}  // namespace clary::wire
