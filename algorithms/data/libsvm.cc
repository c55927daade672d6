#include "algorithms/data/libsvm.h"

#include <charconv>
#include <cmath>
#include <cstring>
#include <optional>
#include <string>

#include "algorithms/container/failure.h"
#include "algorithms/data/number.h"

namespace clary::algorithms {
namespace {

// More columns than that is a broken file, not data: memory per column adds up in every trainer.
constexpr std::uint64_t kMaxIndex = (std::uint64_t{1} << 31) - 2;

class LineReader {
 public:
  LineReader(std::string_view line, Table& table) : line_(line), table_(table) {}

  // What is wrong with the line, or nothing.
  std::optional<std::string> read(LibsvmLabels labels) {
    std::string_view token = next_token();
    if (token.empty()) return std::nullopt;
    const bool pair = labels == LibsvmLabels::kOptional && token.find(':') != token.npos;
    if (!pair) {
      if (auto wrong = read_label(token)) return wrong;
      token = next_token();
    }
    if (token.starts_with("qid:")) {
      std::uint32_t id = 0;
      if (!read_whole(token.substr(4), id)) return "has a bad '" + excerpt(token) + "'";
      table_.query_ids.push_back(id);
      token = next_token();
    }
    for (; !token.empty(); token = next_token()) {
      if (auto wrong = read_pair(token)) return wrong;
    }
    ++table_.rows;
    table_.row_starts.push_back(table_.values.size());
    return std::nullopt;
  }

 private:
  static std::string excerpt(std::string_view token) { return std::string(token.substr(0, 40)); }

  std::string_view next_token() {
    const auto start = line_.find_first_not_of(" \t\r");
    if (start == line_.npos) return {};
    line_.remove_prefix(start);
    const auto end = std::min(line_.find_first_of(" \t\r"), line_.size());
    const std::string_view token = line_.substr(0, end);
    line_.remove_prefix(end);
    return token;
  }

  template <class Integer>
  static bool read_whole(std::string_view text, Integer& value) {
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && stop == text.data() + text.size();
  }

  static bool read_whole_number(std::string_view text, double& value) {
    const char* at = text.data();
    return read_number(at, text.data() + text.size(), value) && at == text.data() + text.size();
  }

  std::optional<std::string> read_label(std::string_view token) {
    const auto colon = token.find(':');
    double label = 0;
    if (!read_whole_number(token.substr(0, colon), label) || std::isnan(label)) {
      return "'" + excerpt(token) + "' is no label: LIBSVM lines are '<label>[:<weight>] " +
             "<index>:<value> ...'";
    }
    table_.labels.push_back(static_cast<float>(label));
    if (colon == token.npos) return std::nullopt;
    double weight = 0;
    if (!read_whole_number(token.substr(colon + 1), weight) || !(weight >= 0)) {
      return "'" + excerpt(token) + "' has no instance weight after the colon";
    }
    table_.weights.push_back(static_cast<float>(weight));
    return std::nullopt;
  }

  std::optional<std::string> read_pair(std::string_view token) {
    const auto colon = token.find(':');
    std::uint64_t index = 0;
    double value = 0;
    if (colon == token.npos || !read_whole(token.substr(0, colon), index) ||
        !read_whole_number(token.substr(colon + 1), value)) {
      return "'" + excerpt(token) + "' is no <index>:<value>";
    }
    if (index > kMaxIndex) return "has the feature index " + std::to_string(index);
    table_.column_of.push_back(static_cast<std::uint32_t>(index));
    table_.values.push_back(static_cast<float>(value));
    table_.columns = std::max<std::size_t>(table_.columns, index + 1);
    return std::nullopt;
  }

  std::string_view line_;
  Table& table_;
};

}  // namespace

Table read_libsvm(std::string_view text, std::string_view source, LibsvmLabels labels) {
  Table table;
  table.sparse = true;
  table.row_starts.push_back(0);
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    line = line.substr(0, line.find('#'));
    const std::size_t rows = table.rows;
    auto wrong = LineReader(line, table).read(labels);
    const auto partly = [&](std::size_t count) { return count != 0 && count != table.rows; };
    if (!wrong && table.rows != rows) {
      if (partly(table.weights.size())) wrong = "has or lacks a weight, unlike the lines before";
      if (partly(table.query_ids.size())) wrong = "has or lacks a qid, unlike the lines before";
      if (partly(table.labels.size())) wrong = "has or lacks a label, unlike the lines before";
    }
    if (wrong) {
      throw ClientError(std::string(source) + " line " + std::to_string(number) + " " + *wrong);
    }
  }
  return table;
}

}  // namespace clary::algorithms
