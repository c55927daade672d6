#include "wire/pattern.h"

#include <pcre2.h>

#include <charconv>
#include <memory>
#include <optional>

namespace clary::wire {
namespace {

// Backtracking steps per match. The longest honest values need a few thousand.
constexpr std::uint32_t kMatchLimit = 500'000;
// Reserved, not used, by each thread that matches.
constexpr std::size_t kJitStackBytes = std::size_t{8} << 20;

// What a thread needs to run any pattern.
struct Scratch {
  std::unique_ptr<pcre2_match_data, decltype(&pcre2_match_data_free)> data{
      pcre2_match_data_create(1, nullptr), &pcre2_match_data_free};
  std::unique_ptr<pcre2_match_context, decltype(&pcre2_match_context_free)> context{
      pcre2_match_context_create(nullptr), &pcre2_match_context_free};
  std::unique_ptr<pcre2_jit_stack, decltype(&pcre2_jit_stack_free)> stack{
      pcre2_jit_stack_create(32 * 1024, kJitStackBytes, nullptr), &pcre2_jit_stack_free};
  Scratch() {
    pcre2_set_match_limit(context.get(), kMatchLimit);
    pcre2_set_depth_limit(context.get(), kMatchLimit);
    pcre2_set_heap_limit(context.get(), 16 * 1024);
    pcre2_jit_stack_assign(context.get(), nullptr, stack.get());
  }
};

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

// The number after "\u" at `at`, when four hexadecimal digits stand there.
std::optional<std::uint32_t> escaped_unit(std::string_view text, std::size_t at) {
  if (text.size() < at + 6 || text[at] != '\\' || text[at + 1] != 'u') return std::nullopt;
  std::uint32_t unit = 0;
  const char* end = text.data() + at + 6;
  const auto result = std::from_chars(text.data() + at + 2, end, unit, 16);
  if (result.ptr != end) return std::nullopt;
  return unit;
}

// "\uD800\uDC00" is one character to Java; PCRE2 takes it as UTF-8.
std::string join_surrogates(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto high = escaped_unit(text, at);
    const auto low = high ? escaped_unit(text, at + 6) : std::nullopt;
    if (!low || *high < 0xD800 || *high > 0xDBFF || *low < 0xDC00 || *low > 0xDFFF) {
      out.push_back(text[at++]);
      continue;
    }
    const std::uint32_t point = 0x10000 + ((*high - 0xD800) << 10) + (*low - 0xDC00);
    out.push_back(static_cast<char>(0xF0 | point >> 18));
    out.push_back(static_cast<char>(0x80 | (point >> 12 & 0x3F)));
    out.push_back(static_cast<char>(0x80 | (point >> 6 & 0x3F)));
    out.push_back(static_cast<char>(0x80 | (point & 0x3F)));
    at += 12;
  }
  return out;
}

// What Java writes and PCRE2 does not take. In the models, \p{Print} and \p{Alnum} stand inside of
// a bracketed class and \p{ASCII} outside of one; a hyphen after a class like \w is just a hyphen.
std::string translate(std::string_view original) {
  std::string text = join_surrogates(original);
  replace_all(text, "\\p{Print}", "[:print:]");
  replace_all(text, "\\p{Alnum}", "[:alnum:]");
  replace_all(text, "\\p{ASCII}", "[\\x00-\\x7f]");
  replace_all(text, "${", "(?:$){");
  replace_all(text, "\\w-", "\\w\\-");
  replace_all(text, "\\d-", "\\d\\-");
  replace_all(text, "\\s-", "\\s\\-");
  return text;
}

}  // namespace

Pattern::~Pattern() {
  pcre2_code_free(static_cast<pcre2_code*>(code_));
}

void Pattern::compile() const {
  const std::string text = translate(text_);
  std::unique_ptr<pcre2_compile_context, decltype(&pcre2_compile_context_free)> context{
      pcre2_compile_context_create(nullptr), &pcre2_compile_context_free};
  // Java's dot stops at every kind of line end.
  pcre2_set_newline(context.get(), PCRE2_NEWLINE_ANY);
  int error = 0;
  std::size_t offset = 0;
  pcre2_code* code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(),
                                   PCRE2_UTF | PCRE2_ALT_BSUX | PCRE2_ANCHORED | PCRE2_ENDANCHORED,
                                   &error, &offset, context.get());
  if (code != nullptr) pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
  code_ = code;
}

bool Pattern::compiles() const {
  std::call_once(once_, [this] { compile(); });
  return code_ != nullptr;
}

bool Pattern::matches(std::string_view value) const {
  if (!compiles()) return true;
  thread_local Scratch scratch;
  const auto* code = static_cast<const pcre2_code*>(code_);
  return pcre2_match(code, reinterpret_cast<PCRE2_SPTR>(value.data()), value.size(), 0, 0,
                     scratch.data.get(), scratch.context.get()) >= 0;
}

}  // namespace clary::wire
