#include "algorithms/xgboost/outputs.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "algorithms/data/number.h"
#include "algorithms/data/recordio.h"
#include "base/text.h"

namespace clary::algorithms::xgboost {
namespace {

// Floats are printed as Python prints the double they become, as the container does.
void put_number(std::string& out, double value, bool json) {
  if (json && std::isnan(value)) {
    out += "NaN";
    return;
  }
  char buffer[40];
  out.append(buffer, write_number(buffer, value));
}

void put_list(std::string& out, std::span<const float> values, std::string_view separator) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0) out += separator;
    put_number(out, static_cast<double>(values[i]), false);
  }
}

void put_score(std::string& out, std::span<const float> row) {
  out += "{\"score\": ";
  if (row.size() == 1) {
    put_number(out, static_cast<double>(row[0]), true);
  } else {
    out += "[";
    put_list(out, row, ", ");
    out += "]";
  }
  out += "}";
}

std::span<const float> row_at(const Rows& rows, std::size_t i) {
  return rows.values.subspan(i * rows.width, rows.width);
}

// One selected output of one row: a whole number, a number, or a list of either.
struct Output {
  std::vector<double> values;
  bool is_list = false;
  bool is_whole = false;

  static Output missing() { return {{std::numeric_limits<double>::quiet_NaN()}, false, false}; }
  static Output number(double value) { return {{value}, false, false}; }
  static Output whole(std::size_t value) { return {{static_cast<double>(value)}, false, true}; }
};

// Which outputs an objective has; the table of the container (serve_utils.VALID_OBJECTIVES).
class Selector {
 public:
  Selector(std::string_view objective, std::size_t classes)
      : objective_(objective), classes_(classes) {
    regression_ = objective == "reg:squarederror" || objective == "reg:logistic" ||
                  objective == "reg:gamma" || objective == "reg:absoluteerror" ||
                  objective == "reg:tweedie";
    probabilities_ = objective == "binary:logistic" || objective == "multi:softprob";
    classes_known_ = probabilities_ || objective == "binary:logitraw" ||
                     objective == "binary:hinge" || objective == "multi:softmax";
    if (!regression_ && !classes_known_) {
      throw std::invalid_argument("Objective `" + std::string(objective) +
                                  "` unsupported for selectable inference predictions.");
    }
  }

  Output select(std::string_view name, std::span<const float> row) const {
    if (regression_) {
      return name == "predicted_score" ? Output::number(static_cast<double>(row[0]))
                                       : Output::missing();
    }
    if (name == "predicted_label") return label(row);
    if (name == "labels") return labels();
    if (name == "raw_score") return Output::number(best(row));
    if (name == "raw_scores") return all(row);
    if (probabilities_ && name == "probability") return Output::number(best(row));
    if (probabilities_ && name == "probabilities") return all(row);
    return Output::missing();
  }

 private:
  bool is_softprob() const { return objective_ == "multi:softprob"; }

  Output label(std::span<const float> row) const {
    const auto at = static_cast<double>(row[0]);
    if (is_softprob()) {
      return Output::whole(static_cast<std::size_t>(std::ranges::max_element(row) - row.begin()));
    }
    if (objective_ == "binary:logistic") return Output::whole(at > 0.5 ? 1 : 0);
    if (objective_ == "binary:logitraw") return Output::whole(at > 0 ? 1 : 0);
    return Output::number(at);  // hinge and softmax already answer the class, as a float
  }

  Output labels() const {
    Output output{{}, true, true};
    const std::size_t count = objective_.starts_with("binary:") ? 2 : classes_;
    for (std::size_t i = 0; i < count; ++i) output.values.push_back(static_cast<double>(i));
    return output;
  }

  double best(std::span<const float> row) const {
    return static_cast<double>(is_softprob() ? *std::ranges::max_element(row) : row[0]);
  }

  Output all(std::span<const float> row) const {
    Output output{{}, true, false};
    if (is_softprob()) {
      output.values.assign(row.begin(), row.end());
    } else {
      const auto one = static_cast<double>(row[0]);
      output.values = {1.0 - one, one};
    }
    return output;
  }

  std::string_view objective_;
  std::size_t classes_;
  bool regression_ = false;
  bool probabilities_ = false;
  bool classes_known_ = false;
};

void put_output(std::string& out, const Output& output, bool json) {
  if (output.is_list) out += json ? "[" : "\"[";
  for (std::size_t i = 0; i < output.values.size(); ++i) {
    if (i > 0) out += ", ";
    if (output.is_whole) {
      out += std::to_string(static_cast<long long>(output.values[i]));
    } else {
      put_number(out, output.values[i], json);
    }
  }
  if (output.is_list) out += json ? "]" : "]\"";
}

void put_selected(std::string& out, const Selector& selector, std::span<const std::string> names,
                  std::span<const float> row, Accept accept) {
  if (accept == Accept::kRecordio) {
    std::vector<std::vector<float>> tensors;
    for (const std::string& name : names) {
      const Output output = selector.select(name, row);
      std::vector<float>& tensor = tensors.emplace_back();
      for (const double value : output.values) tensor.push_back(static_cast<float>(value));
    }
    std::vector<NamedValues> labels;
    for (std::size_t i = 0; i < names.size(); ++i) labels.emplace_back(names[i], tensors[i]);
    write_record(out, labels);
    return;
  }
  const bool json = accept != Accept::kCsv;
  if (json) out += "{";
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) out += json ? ", " : ",";
    if (json) out.append("\"").append(names[i]).append("\": ");
    put_output(out, selector.select(names[i], row), json);
  }
  if (json) out += "}";
}

}  // namespace

std::optional<Accept> parse_accept(std::string_view accept) {
  const std::string lower = to_lower(trim(accept.substr(0, accept.find(';'))));
  if (lower == "text/csv" || lower == "csv") return Accept::kCsv;
  if (lower == "application/json" || lower == "json") return Accept::kJson;
  if (lower == "application/jsonlines") return Accept::kJsonLines;
  if (lower == "application/x-recordio-protobuf") return Accept::kRecordio;
  return std::nullopt;
}

std::string_view mime_type(Accept accept) {
  switch (accept) {
    case Accept::kCsv:
      return "text/csv; charset=utf-8";
    case Accept::kJson:
      return "application/json";
    case Accept::kJsonLines:
      return "application/jsonlines";
    case Accept::kRecordio:
      return "application/x-recordio-protobuf";
  }
  return {};
}

std::string encode(const Rows& rows, Accept accept, bool batch) {
  std::string out;
  out.reserve(rows.values.size() * 22 + 32);
  if (accept == Accept::kJson) out += "{\"predictions\": [";
  for (std::size_t i = 0; i < rows.count(); ++i) {
    const std::span<const float> row = row_at(rows, i);
    switch (accept) {
      case Accept::kCsv:
        // In batch the container prints a list as Python does, on the row's line.
        if (batch && row.size() > 1) out += "[";
        put_list(out, row, batch ? ", " : ",");
        if (batch && row.size() > 1) out += "]";
        out += "\n";
        break;
      case Accept::kJson:
        if (i > 0) out += ", ";
        put_score(out, row);
        break;
      case Accept::kJsonLines:
        put_score(out, row);
        out += "\n";
        break;
      case Accept::kRecordio: {
        const NamedValues labels[] = {{"score", row}};
        write_record(out, labels);
        break;
      }
    }
  }
  if (accept == Accept::kJson) out += "]}";
  return out;
}

std::string encode_selected(const Rows& rows, std::span<const std::string> names,
                            std::string_view objective, std::size_t classes, Accept accept,
                            bool batch) {
  const Selector selector(objective, classes);
  std::string out;
  if (accept == Accept::kJson) out += "{\"predictions\": [";
  for (std::size_t i = 0; i < rows.count(); ++i) {
    if (i > 0 && accept == Accept::kJson) out += ", ";
    if (i > 0 && accept == Accept::kCsv) out += "\n";
    put_selected(out, selector, names, row_at(rows, i), accept);
    if (accept == Accept::kJsonLines) out += "\n";
  }
  if (accept == Accept::kJson) out += "]}";
  if (accept == Accept::kCsv && batch) out += "\n";
  return out;
}

}  // namespace clary::algorithms::xgboost
