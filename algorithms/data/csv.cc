#include "algorithms/data/csv.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>
#include <string>
#include <thread>

#include "algorithms/container/failure.h"
#include "algorithms/data/number.h"

namespace clary::algorithms {
namespace {

constexpr std::size_t kBytesWorthAThread = 1 << 20;

struct Shape {
  std::size_t cells = 0;  // of a line, label and weight included
  std::size_t leading = 0;
  char delimiter = ',';
};

// Where and why parsing stopped; the line number is counted only then.
struct Fault {
  const char* where = nullptr;
  std::string reason;
};

std::string_view next_line(std::string_view& rest) {
  const auto* end = static_cast<const char*>(std::memchr(rest.data(), '\n', rest.size()));
  const std::size_t length = end ? static_cast<std::size_t>(end - rest.data()) : rest.size();
  std::string_view line = rest.substr(0, length);
  rest.remove_prefix(end ? length + 1 : length);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

std::size_t count_lines(std::string_view text) {
  std::size_t lines = 0;
  while (!text.empty()) lines += next_line(text).empty() ? 0 : 1;
  return lines;
}

char find_delimiter(std::string_view line) {
  for (const char candidate : {',', '\t', ';', '|', ' '}) {
    if (line.find(candidate) != line.npos) return candidate;
  }
  return ',';
}

std::string cell_excerpt(const char* at, const char* end, char delimiter) {
  const char* stop = std::find(at, end, delimiter);
  std::string text(at, std::min(stop, at + 40));
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20) c = '?';
  }
  return text;
}

const char* skip_padding(const char* at, const char* end, char delimiter) {
  while (at != end && (*at == ' ' || *at == '"' || *at == '\'') && *at != delimiter) ++at;
  return at;
}

// One line into `cells` values at `out`. Returns the count of cells found, or nothing with `fault`
// set when a cell is no number. Counts on past `cells` without storing, for the message.
std::optional<std::size_t> read_line(std::string_view line, const Shape& shape, float* out,
                                     Fault& fault) {
  const char* at = line.data();
  const char* end = at + line.size();
  std::size_t count = 0;
  while (true) {
    double value = kMissing;
    if (at != end && *at != shape.delimiter && !read_number(at, end, value)) {
      at = skip_padding(at, end, shape.delimiter);
      if (at != end && *at != shape.delimiter && !read_number(at, end, value)) {
        fault = {line.data(), "column " + std::to_string(count + 1) + " is '" +
                                  cell_excerpt(at, end, shape.delimiter) + "', not a number"};
        return std::nullopt;
      }
    }
    if (at != end && *at != shape.delimiter) at = skip_padding(at, end, shape.delimiter);
    if (at != end && *at != shape.delimiter) {
      fault = {line.data(), "column " + std::to_string(count + 1) + " has '" +
                                cell_excerpt(at, end, shape.delimiter) + "' after a number"};
      return std::nullopt;
    }
    if (count < shape.cells) out[count] = static_cast<float>(value);
    ++count;
    if (at == end) return count;
    ++at;
  }
}

// The rows of `text` into `table` from row `first` on. `scratch`-free: label and weight are parsed
// in front of the features and moved.
std::optional<Fault> read_rows(std::string_view text, const Shape& shape, Table& table,
                               std::size_t first, const CsvOptions& options) {
  std::vector<float> cells(shape.cells);
  const std::size_t features = shape.cells - shape.leading;
  std::size_t row = first;
  while (!text.empty()) {
    const std::string_view line = next_line(text);
    if (line.empty()) continue;
    float* features_at = table.dense.data() + row * features;
    // Without label and weight the cells go straight to their place.
    float* out = shape.leading == 0 ? features_at : cells.data();
    Fault fault;
    const auto count = read_line(line, shape, out, fault);
    if (!count) return fault;
    if (*count != shape.cells) {
      return Fault{line.data(), "has " + std::to_string(*count) + " columns, the first line has " +
                                    std::to_string(shape.cells)};
    }
    if (options.label_column) {
      if (std::isnan(cells[0])) return Fault{line.data(), "has no label in its first column"};
      table.labels[row] = cells[0];
    }
    if (options.weight_column) {
      if (!(cells[1] >= 0)) {
        return Fault{line.data(), "has no instance weight in its second column (csv_weights is 1)"};
      }
      table.weights[row] = cells[1];
    }
    if (shape.leading > 0) {
      std::copy(cells.begin() + static_cast<std::ptrdiff_t>(shape.leading), cells.end(),
                features_at);
    }
    ++row;
  }
  return std::nullopt;
}

bool looks_like_header(std::string_view line, char delimiter) {
  // Names in several cells: a header. One bad cell among numbers: a mistake.
  std::size_t cells = 0;
  std::size_t words = 0;
  const char* at = line.data();
  const char* end = at + line.size();
  while (at <= end) {
    const char* stop = std::find(at, end, delimiter);
    const char* cell = skip_padding(at, stop, delimiter);
    double ignored = 0;
    ++cells;
    if (cell != stop && !read_number(cell, stop, ignored)) ++words;
    at = stop + 1;
  }
  return words > 1 || (words == 1 && cells == 1);
}

[[noreturn]] void fail(const Fault& fault, std::string_view text, std::string_view source,
                       char delimiter) {
  const auto before = text.substr(0, static_cast<std::size_t>(fault.where - text.data()));
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  std::string message = std::string(source) + " line " + std::to_string(line) + " " + fault.reason;
  std::string_view rest = text.substr(before.size());
  if (line == 1 && looks_like_header(next_line(rest), delimiter)) {
    message += ". The line looks like a header; CSV for training and inference has none: remove it";
  }
  throw ClientError(message);
}

std::vector<std::string_view> split_at_lines(std::string_view text, unsigned threads) {
  const std::size_t parts =
      std::clamp<std::size_t>(text.size() / kBytesWorthAThread, 1, std::max(1U, threads));
  std::vector<std::string_view> result;
  const std::size_t size = text.size() / parts + 1;
  while (!text.empty()) {
    std::size_t end = text.size() <= size ? text.npos : text.find('\n', size);
    end = end == text.npos ? text.size() : end + 1;
    result.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return result;
}

}  // namespace

Table read_csv(std::string_view text, std::string_view source, const CsvOptions& options) {
  Table table;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  std::string_view rest = text;
  std::string_view first;
  while (!rest.empty() && first.empty()) first = next_line(rest);
  if (first.empty()) return table;

  Shape shape;
  shape.delimiter = find_delimiter(first);
  shape.leading = (options.label_column ? 1U : 0U) + (options.weight_column ? 1U : 0U);
  Fault fault;
  const auto cells = read_line(first, shape, nullptr, fault);
  if (!cells) fail(fault, text, source, shape.delimiter);
  shape.cells = *cells;
  if (shape.cells <= shape.leading) {
    fail({first.data(), "has only " + std::to_string(shape.cells) +
                            " columns: a label and at least one feature are needed"},
         text, source, shape.delimiter);
  }

  const std::vector<std::string_view> parts = split_at_lines(text, options.threads);
  std::vector<std::size_t> starts(parts.size() + 1, 0);
  std::vector<std::optional<Fault>> faults(parts.size());
  const auto in_parallel = [&](auto&& work) {
    std::vector<std::thread> threads;
    for (std::size_t i = 1; i < parts.size(); ++i) threads.emplace_back(work, i);
    work(std::size_t{0});
    for (auto& thread : threads) thread.join();
  };
  in_parallel([&](std::size_t i) { starts[i + 1] = count_lines(parts[i]); });
  for (std::size_t i = 0; i < parts.size(); ++i) starts[i + 1] += starts[i];

  table.rows = starts.back();
  table.columns = shape.cells - shape.leading;
  table.dense.resize(table.rows * table.columns);
  if (options.label_column) table.labels.resize(table.rows);
  if (options.weight_column) table.weights.resize(table.rows);
  in_parallel(
      [&](std::size_t i) { faults[i] = read_rows(parts[i], shape, table, starts[i], options); });
  for (const auto& found : faults) {
    if (found) fail(*found, text, source, shape.delimiter);
  }
  return table;
}

}  // namespace clary::algorithms
