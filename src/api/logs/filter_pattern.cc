#include "api/logs/filter_pattern.h"

#include <algorithm>
#include <vector>

#include "api/logs/filter_condition.h"
#include "base/text.h"

namespace clary::api::logs {

struct FilterPattern::Terms {
  std::vector<std::string> all, any, none;

  bool match(std::string_view message) const {
    const auto within = [&](const std::string& term) {
      return message.find(term) != std::string_view::npos;
    };
    // Optional terms beside others decide nothing, as on AWS.
    if (all.empty() && none.empty() && !any.empty()) return std::ranges::any_of(any, within);
    return std::ranges::all_of(all, within) && std::ranges::none_of(none, within);
  }
};

FilterPattern::FilterPattern() = default;
FilterPattern::~FilterPattern() = default;
FilterPattern::FilterPattern(FilterPattern&&) noexcept = default;
FilterPattern& FilterPattern::operator=(FilterPattern&&) noexcept = default;

std::expected<FilterPattern, std::string> FilterPattern::parse(std::string_view text) {
  text = trim(text);
  FilterPattern pattern;
  if (text.starts_with('{')) {
    if (!text.ends_with('}')) return std::unexpected("Invalid filter pattern: no closing brace");
    auto condition = parse_conditions(text.substr(1, text.size() - 2));
    if (!condition) return std::unexpected("Invalid filter pattern: " + condition.error());
    pattern.condition_ = std::make_unique<Condition>(*std::move(condition));
    return pattern;
  }
  if (text.starts_with('[')) {
    return std::unexpected(
        "Filter patterns for space-delimited fields are not supported by Clary; use terms or a "
        "JSON pattern.");
  }
  if (text.size() > 1 && text.starts_with('%') && text.ends_with('%')) {
    return std::unexpected("Regular expressions in filter patterns are not supported by Clary.");
  }
  pattern.terms_ = std::make_unique<Terms>();
  while (!text.empty()) {
    auto* group = &pattern.terms_->all;
    if (text.front() == '-' || text.front() == '?') {
      group = text.front() == '-' ? &pattern.terms_->none : &pattern.terms_->any;
      text.remove_prefix(1);
    }
    std::string term;
    if (text.starts_with('"')) {
      std::size_t end = 1;
      for (; end < text.size() && text[end] != '"'; ++end) {
        if (text[end] == '\\' && end + 1 < text.size()) ++end;
        term.push_back(text[end]);
      }
      if (end == text.size()) return std::unexpected("Invalid filter pattern: no closing quote");
      text.remove_prefix(end + 1);
    } else {
      const auto end = std::min(text.find_first_of(" \t\r\n"), text.size());
      term = text.substr(0, end);
      text.remove_prefix(end);
    }
    if (term.empty()) return std::unexpected("Invalid filter pattern: an empty term");
    group->push_back(std::move(term));
    text = trim(text);
  }
  return pattern;
}

bool FilterPattern::matches(std::string_view message) const {
  if (terms_ != nullptr) return terms_->match(message);
  boost::system::error_code error;
  json::parse_options options;
  options.max_depth = 64;
  const json::value document = json::parse(trim(message), error, {}, options);
  return !error && condition_->holds(document);
}

}  // namespace clary::api::logs
