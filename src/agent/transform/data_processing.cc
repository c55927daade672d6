#include "agent/transform/data_processing.h"

#include "base/json.h"
#include "base/random.h"
#include "base/text.h"

namespace clary::agent {
namespace {

constexpr std::size_t kDeepestJson = 128;
constexpr std::string_view kOutputMember = "SageMakerOutput";
constexpr std::string_view kInputMember = "SageMakerInput";
constexpr std::string_view kIdMember = "SageMakerInferenceId";
constexpr std::string_view kTimeMember = "SageMakerInferenceTime";

void check_json(std::string_view text, std::string_view what) {
  boost::system::error_code error;
  boost::json::parse_options options;
  options.max_depth = kDeepestJson;
  boost::json::stream_parser parser({}, options);
  parser.write(text.data(), text.size(), error);
  if (!error) parser.finish(error);
  if (error) throw BadRecord(std::string(what) + " is no JSON: " + error.message());
}

std::string row_of(const std::vector<std::string_view>& cells) {
  std::string row;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (i > 0) row += ',';
    row += cells[i];
  }
  return row;
}

std::string member(std::string_view name, std::string_view value) {
  return "\"" + std::string(name) + "\":" + std::string(value);
}

// The record with the prediction in it; the name SageMakerOutput is reserved for that.
std::string joined_json(std::string_view record, std::string_view prediction) {
  record = json_trimmed(record);
  if (!record.starts_with('{')) {
    return "{" + member(kInputMember, record) + "," + member(kOutputMember, prediction) + "}";
  }
  std::string text = "{";
  for (const auto& [name, value] : json_members(record)) {
    if (name == kOutputMember) continue;
    text += json::serialize(json::value(name)) + ":" + std::string(value) + ",";
  }
  return text + member(kOutputMember, prediction) + "}";
}

std::string without_line_end(std::string_view text) {
  while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
  return std::string(text);
}

// One prediction for each record.
std::vector<std::string> predictions_of(std::string_view answer, RecordFormat format,
                                        std::size_t records) {
  if (format == RecordFormat::kJson && records == 1) return {std::string(json_trimmed(answer))};
  std::vector<std::string> lines;
  RecordSplitter splitter(TransformSpec::Split::kLine, answer.size(),
                          [&](std::string line) { lines.push_back(std::move(line)); });
  splitter.write(answer);
  splitter.finish();
  return lines;
}

}  // namespace

RecordFormat format_of(std::string_view content_type) {
  const std::string type = to_lower(trim(content_type.substr(0, content_type.find(';'))));
  if (type == "text/csv") return RecordFormat::kCsv;
  if (type == "application/json") return RecordFormat::kJson;
  if (type == "application/jsonlines" || type == "application/x-jsonlines") {
    return RecordFormat::kJsonLines;
  }
  return RecordFormat::kOther;
}

std::vector<std::string_view> csv_cells(std::string_view row) {
  std::vector<std::string_view> cells;
  std::size_t begin = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (row[i] == '"') {
      quoted = !quoted;
    } else if (row[i] == ',' && !quoted) {
      cells.push_back(row.substr(begin, i - begin));
      begin = i + 1;
    }
  }
  if (quoted) throw BadRecord("a CSV row has a quote without an end");
  cells.push_back(row.substr(begin));
  return cells;
}

DataProcessing::DataProcessing(const TransformSpec& spec, Timestamp start)
    : format_(format_of(spec.content_type)),
      accept_(spec.accept),
      join_(spec.join_input),
      input_filter_(spec.input_filter),
      output_filter_(spec.output_filter),
      identified_(spec.capture && spec.capture->inference_id ? iso8601(start) : "") {}

std::string DataProcessing::input_of(std::string_view record) const {
  if (input_filter_.is_root()) return std::string(record);
  try {
    if (format_ == RecordFormat::kCsv) return row_of(input_filter_.select_cells(csv_cells(record)));
    check_json(record, "a record");
    return input_filter_.select(record);
  } catch (const JsonPathMissing& missing) {
    throw BadRecord(std::string("the InputFilter ") + missing.what());
  }
}

std::string DataProcessing::output_of(std::string_view record, std::string_view prediction,
                                      RecordFormat answered) const {
  if (answered == RecordFormat::kCsv) {
    const std::string row =
        join_ ? std::string(record) + "," + std::string(prediction) : std::string(prediction);
    if (output_filter_.is_root()) return row;
    return row_of(output_filter_.select_cells(csv_cells(row)));
  }
  check_json(prediction, "a prediction");
  if (!join_) return output_filter_.select(prediction);
  check_json(record, "a record");
  const std::string whole = joined_json(record, prediction);
  return output_filter_.is_root() ? whole : output_filter_.select(whole);
}

std::string DataProcessing::with_inference_id(std::string output, RecordFormat answered) const {
  if (identified_.empty()) return output;
  const std::string id = random_uuid();
  if (answered == RecordFormat::kCsv) return output + "," + id + "," + identified_;
  const std::string_view text = json_trimmed(output);
  if (!text.starts_with('{')) {
    throw BadRecord(
        "GenerateInferenceId needs each prediction in JSON to be an object, to which it is added");
  }
  std::string whole = "{";
  for (const auto& [name, value] : json_members(text)) {
    if (name == kIdMember || name == kTimeMember) continue;
    whole += json::serialize(json::value(name)) + ":" + std::string(value) + ",";
  }
  return whole + member(kIdMember, "\"" + id + "\"") + "," +
         member(kTimeMember, "\"" + identified_ + "\"") + "}";
}

void DataProcessing::check_answered(RecordFormat answered, std::string_view type) const {
  const bool csv = answered == RecordFormat::kCsv;
  if (processes_output() &&
      (csv != (format_ == RecordFormat::kCsv) || answered == RecordFormat::kOther)) {
    throw BadRecord(
        "DataProcessing needs predictions in the format of the input, and the model "
        "answered \"" +
        std::string(type) + "\": set Accept to the ContentType of the input");
  }
  if (answered == RecordFormat::kOther) {
    throw BadRecord(
        "GenerateInferenceId needs predictions in CSV, JSON or JSON Lines, and the model "
        "answered \"" +
        std::string(type) + "\": set Accept to one of them");
  }
}

std::string DataProcessing::outputs(const std::vector<std::string>& records,
                                    std::string_view answer, std::string_view answer_type) const {
  const std::string_view type = accept_.empty() ? answer_type : std::string_view(accept_);
  const RecordFormat answered = format_of(type);
  check_answered(answered, type);
  const std::vector<std::string> predictions = predictions_of(answer, answered, records.size());
  if (join_ && predictions.size() != records.size()) {
    throw BadRecord("the model answered " + std::to_string(predictions.size()) +
                    " predictions to " + std::to_string(records.size()) +
                    " records, so they cannot be associated");
  }
  std::string text;
  try {
    for (std::size_t i = 0; i < predictions.size(); ++i) {
      const std::string record = join_ ? without_line_end(records[i]) : "";
      text += with_inference_id(output_of(record, predictions[i], answered), answered) + "\n";
    }
  } catch (const JsonPathMissing& missing) {
    throw BadRecord(std::string("the OutputFilter ") + missing.what());
  }
  return text;
}

}  // namespace clary::agent
