#include "base/json_path.h"

#include <algorithm>
#include <charconv>

#include "base/json.h"

namespace clary {
namespace {

constexpr std::string_view kSpace = " \t\r\n";

// Where the value that begins at `at` ends.
std::size_t end_of_value(std::string_view text, std::size_t at) {
  std::size_t depth = 0;
  bool in_string = false;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (in_string) {
      if (c == '\\') {
        ++at;
      } else if (c == '"') {
        in_string = false;
        if (depth == 0) return at + 1;
      }
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if (c == '}' || c == ']') {
      if (depth == 0) return at;  // of what it stands in
      if (--depth == 0) return at + 1;
    } else if (depth == 0 && (c == ',' || c == ':' || kSpace.contains(c))) {
      return at;
    }
  }
  return text.size();
}

// Takes the next value off the front, and what separates it from the one after it.
std::string_view take_value(std::string_view& rest) {
  rest = rest.substr(std::min(rest.find_first_not_of(kSpace), rest.size()));
  const std::size_t end = end_of_value(rest, 0);
  const std::string_view value = rest.substr(0, end);
  rest.remove_prefix(end);
  rest = rest.substr(std::min(rest.find_first_not_of(kSpace), rest.size()));
  if (rest.starts_with(',') || rest.starts_with(':')) rest.remove_prefix(1);
  return value;
}

std::string_view inside(std::string_view text) {
  text = json_trimmed(text);
  return text.size() < 2 ? std::string_view() : json_trimmed(text.substr(1, text.size() - 2));
}

// The position that an index means in a list; nullopt when it is outside.
std::optional<std::size_t> position(std::int64_t index, std::size_t size) {
  if (index < 0) index += static_cast<std::int64_t>(size);
  if (index < 0 || index >= static_cast<std::int64_t>(size)) return std::nullopt;
  return static_cast<std::size_t>(index);
}

std::size_t bound(std::optional<std::int64_t> value, std::size_t when_absent, std::size_t size) {
  if (!value) return when_absent;
  const auto length = static_cast<std::int64_t>(size);
  const std::int64_t index = *value < 0 ? *value + length : *value;
  return static_cast<std::size_t>(std::clamp<std::int64_t>(index, 0, length));
}

std::string joined(std::span<const std::string_view> values) {
  std::string text = "[";
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0) text += ',';
    text += values[i];
  }
  return text + "]";
}

}  // namespace

std::string_view json_trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

JsonMembers json_members(std::string_view object) {
  JsonMembers members;
  for (std::string_view rest = inside(object); !rest.empty();) {
    const std::string_view name = take_value(rest);
    boost::system::error_code error;
    const json::value decoded = json::parse(name, error);
    if (error || !decoded.is_string()) break;
    members.emplace_back(decoded.get_string(), take_value(rest));
  }
  return members;
}

std::vector<std::string_view> json_elements(std::string_view array) {
  std::vector<std::string_view> elements;
  for (std::string_view rest = inside(array); !rest.empty();) {
    elements.push_back(take_value(rest));
    if (elements.back().empty()) break;  // no valid JSON after all
  }
  return elements;
}

class JsonPath::Parser {
 public:
  Parser(std::string_view text, std::vector<Step>& steps) : text_(text), steps_(steps) {}

  void parse() {
    if (!accept('$')) bad("a path begins with $");
    while (at_ < text_.size()) {
      if (accept('.')) {
        if (peek() != '[') {
          dotted();
          continue;
        }
      }
      if (!accept('[')) bad("here . or [ is expected");
      bracketed();
    }
  }

 private:
  [[noreturn]] void bad(const std::string& why) const {
    throw std::invalid_argument("the JSONPath \"" + std::string(text_) + "\" cannot be read at " +
                                std::to_string(at_ + 1) + ": " + why);
  }
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool accept(char c) {
    if (peek() != c || at_ >= text_.size()) return false;
    ++at_;
    return true;
  }
  void space() {
    while (peek() == ' ') ++at_;
  }

  void dotted() {
    if (accept('*')) {
      steps_.push_back(
          {.kind = Step::Kind::kAll, .names = {}, .indexes = {}, .begin = {}, .end = {}});
      return;
    }
    const std::size_t end = std::min(text_.find_first_of(".[", at_), text_.size());
    if (end == at_) bad("a name or * is expected; the operator .. is not supported");
    const std::string name(text_.substr(at_, end - at_));
    if (name.find_first_of("()?@'\"*,: ]") != std::string::npos) {
      bad("the name has a character that needs ['...']");
    }
    at_ = end;
    names().push_back(name);
  }

  std::vector<std::string>& names() {
    steps_.push_back(
        {.kind = Step::Kind::kNames, .names = {}, .indexes = {}, .begin = {}, .end = {}});
    return steps_.back().names;
  }

  void bracketed() {
    space();
    if (peek() == '\'' || peek() == '"') {
      std::vector<std::string>& list = names();
      do {
        space();
        list.push_back(quoted());
        space();
      } while (accept(','));
    } else if (accept('*')) {
      steps_.push_back(
          {.kind = Step::Kind::kAll, .names = {}, .indexes = {}, .begin = {}, .end = {}});
    } else {
      numbers();
    }
    space();
    if (!accept(']')) bad("] is expected");
  }

  std::string quoted() {
    const char quote = peek();
    if (quote != '\'' && quote != '"') bad("a name in quotes is expected");
    ++at_;
    std::string name;
    while (at_ < text_.size() && peek() != quote) {
      if (peek() == '\\' && at_ + 1 < text_.size()) ++at_;
      name += text_[at_++];
    }
    if (!accept(quote)) bad("the name has no end");
    return name;
  }

  std::optional<std::int64_t> number() {
    space();
    std::int64_t value = 0;
    const char* const begin = text_.data() + at_;
    const auto parsed = std::from_chars(begin, text_.data() + text_.size(), value);
    if (parsed.ptr == begin) return std::nullopt;
    if (parsed.ec != std::errc() || value > INT32_MAX || value < INT32_MIN) {
      bad("the number is too large");
    }
    at_ += static_cast<std::size_t>(parsed.ptr - begin);
    space();
    return value;
  }

  void numbers() {
    Step step;
    const auto first = number();
    if (accept(':')) {
      step.kind = Step::Kind::kSlice;
      step.begin = first;
      step.end = number();
    } else {
      if (!first) bad("a name in quotes, an index, a slice or * is expected");
      step.kind = Step::Kind::kIndexes;
      step.indexes.push_back(*first);
      while (accept(',')) {
        const auto next = number();
        if (!next) bad("an index is expected");
        step.indexes.push_back(*next);
      }
    }
    steps_.push_back(std::move(step));
  }

  const std::string_view text_;
  std::vector<Step>& steps_;
  std::size_t at_ = 0;
};

// What the steps so far have led to.
struct JsonPath::Selection {
  std::vector<std::string_view> nodes;
  bool definite = true;               // at most one place
  std::optional<std::string> object;  // several members of one object
};

JsonPath::JsonPath(std::string_view text) : text_(text) {
  Parser(text_, steps_).parse();
}

template <class Item>
std::vector<Item> JsonPath::pick(const Step& step, std::span<const Item> items,
                                 bool definite) const {
  std::vector<Item> picked;
  if (step.kind == Step::Kind::kAll) {
    picked.assign(items.begin(), items.end());
  } else if (step.kind == Step::Kind::kSlice) {
    const std::size_t end = bound(step.end, items.size(), items.size());
    for (std::size_t i = bound(step.begin, 0, items.size()); i < end; ++i) {
      picked.push_back(items[i]);
    }
  } else {
    for (const std::int64_t index : step.indexes) {
      const auto at = position(index, items.size());
      if (at) picked.push_back(items[*at]);
      if (!at && definite && step.indexes.size() == 1) {
        throw JsonPathMissing("\"" + text_ + "\" leads to index " + std::to_string(index) +
                              " of a list of " + std::to_string(items.size()));
      }
    }
  }
  return picked;
}

void JsonPath::apply(const Step& step, bool last, Selection& selection) const {
  const bool by_name = step.kind == Step::Kind::kNames;
  const bool one = step.names.size() + step.indexes.size() == 1;
  std::vector<std::string_view> next;
  for (const std::string_view node : selection.nodes) {
    const bool is_object = node.starts_with('{');
    if (is_object && (by_name || step.kind == Step::Kind::kAll)) {
      const JsonMembers members = json_members(node);
      if (!by_name) {
        for (const auto& [name, value] : members) next.push_back(value);
        continue;
      }
      std::string object = "{";
      for (const std::string& name : step.names) {
        const auto found = std::ranges::find(members, name, &JsonMembers::value_type::first);
        if (found != members.end()) {
          next.push_back(found->second);
          if (object.size() > 1) object += ',';
          object += json::serialize(json::value(name)) + ":" + std::string(found->second);
        } else if (selection.definite && one) {
          throw JsonPathMissing("\"" + text_ + "\" leads to \"" + name + "\", which is not there");
        }
      }
      if (!one && last && selection.definite) selection.object = object + "}";
    } else if (!by_name && node.starts_with('[')) {
      const std::vector<std::string_view> elements = json_elements(node);
      const auto picked = pick<std::string_view>(step, elements, selection.definite);
      next.insert(next.end(), picked.begin(), picked.end());
    } else if (selection.definite) {
      throw JsonPathMissing("\"" + text_ + "\" leads into a value that is no " +
                            (by_name ? "object" : "list"));
    }
  }
  selection.nodes = std::move(next);
  selection.definite = selection.definite && one;
}

std::string JsonPath::select(std::string_view document) const {
  Selection selection;
  selection.nodes.push_back(json_trimmed(document));
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    apply(steps_[i], i + 1 == steps_.size(), selection);
  }
  if (selection.object) return *selection.object;
  if (selection.definite) return std::string(selection.nodes.front());
  return joined(selection.nodes);
}

std::vector<std::string_view> JsonPath::select_cells(
    std::span<const std::string_view> cells) const {
  if (steps_.empty()) return {cells.begin(), cells.end()};
  if (steps_.size() > 1 || steps_.front().kind == Step::Kind::kNames) {
    throw JsonPathMissing("\"" + text_ +
                          "\" does not suit CSV, where a row is a list of cells: use indexes and "
                          "slices, such as $[0,2] or $[1:]");
  }
  return pick(steps_.front(), cells, true);
}

}  // namespace clary
