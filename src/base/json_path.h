// The subset of JSONPath that SageMaker's batch transform documents, over JSON as text: what is
// selected keeps the very characters it was written with, numbers above all.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clary {

// Splits of a valid JSON text (the caller has parsed it once): members of an object with decoded
// names, elements of an array. Values keep their text.
using JsonMembers = std::vector<std::pair<std::string, std::string_view>>;
JsonMembers json_members(std::string_view object);
std::vector<std::string_view> json_elements(std::string_view array);
// The text without white space around it.
std::string_view json_trimmed(std::string_view text);

// The document has nothing at the path; what() is for the user.
class JsonPathMissing : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Source: the developer guide, "Associate Prediction Results with Input Records": $, .name,
// ['name','name'], *, [index,index] (negative ones from the end), [start:end]. As in the JsonPath
// library it refers to, a slice excludes its end.
class JsonPath {
 public:
  // Throws std::invalid_argument that says what is wrong and where.
  explicit JsonPath(std::string_view text);
  bool is_root() const { return steps_.empty(); }
  const std::string& text() const { return text_; }

  // Of a valid JSON text: a value for a path that can lead to one place only, else an array of all
  // that was found; several names of one object give an object. Throws JsonPathMissing.
  std::string select(std::string_view document) const;
  // Of a CSV row, taken as an array of its cells.
  std::vector<std::string_view> select_cells(std::span<const std::string_view> cells) const;

 private:
  struct Step {
    enum class Kind { kNames, kIndexes, kSlice, kAll } kind = Kind::kAll;
    std::vector<std::string> names;
    std::vector<std::int64_t> indexes;
    std::optional<std::int64_t> begin, end;  // kSlice
  };
  class Parser;
  struct Selection;
  void apply(const Step& step, bool last, Selection& selection) const;
  template <class Item>
  std::vector<Item> pick(const Step& step, std::span<const Item> items, bool definite) const;

  std::string text_;
  std::vector<Step> steps_;
};

}  // namespace clary
