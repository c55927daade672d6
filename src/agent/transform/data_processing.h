// DataProcessing of a transform job: what of a record goes to the model, and what of record and
// prediction goes into the output. Source: the developer guide, "Associate Prediction Results with
// Input Records".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/transform/records.h"
#include "base/clock.h"
#include "base/job_spec.h"
#include "base/json_path.h"

namespace clary::agent {

enum class RecordFormat { kCsv, kJson, kJsonLines, kOther };
// Of a media type, with or without parameters.
RecordFormat format_of(std::string_view content_type);

// The cells of a row of RFC 4180, each with its quotes. Throws BadRecord.
std::vector<std::string_view> csv_cells(std::string_view row);

// threads: any, at once. errors: BadRecord, when a record is not what its content type says, or has
// nothing at a filter's path.
class DataProcessing {
 public:
  // Throws std::invalid_argument on a filter that is no JSONPath.
  // `start` is the time that goes with inference ids.
  explicit DataProcessing(const TransformSpec& spec, Timestamp start = {});

  // What the model is sent of a record.
  std::string input_of(std::string_view record) const;
  bool passes_input() const { return input_filter_.is_root(); }  // input_of() changes nothing
  // Whether outputs() changes what the model answered.
  bool shapes_output() const { return processes_output() || !identified_.empty(); }
  // The output for the records of one request, each record of it ended by a line feed.
  std::string outputs(const std::vector<std::string>& records, std::string_view answer,
                      std::string_view answer_type) const;

 private:
  bool processes_output() const { return join_ || !output_filter_.is_root(); }
  void check_answered(RecordFormat answered, std::string_view type) const;
  std::string output_of(std::string_view record, std::string_view prediction,
                        RecordFormat answered) const;
  std::string with_inference_id(std::string output, RecordFormat answered) const;

  const RecordFormat format_;
  const std::string accept_;
  const bool join_;
  const JsonPath input_filter_, output_filter_;
  const std::string identified_;  // the time beside each inference id; "" where there are none
};

}  // namespace clary::agent
