// What a transform job reads of an input object and of a model's answer: any bytes become records
// or are refused, however they come, and records of lines and frames lose nothing.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "agent/transform/data_processing.h"

namespace {

using namespace clary;
using namespace clary::agent;
using Records = std::vector<std::string>;

// Nothing when the bytes are refused.
Records records_of(TransformSpec::Split split, std::string_view text, std::size_t step) {
  Records records;
  RecordSplitter splitter(split, 4096,
                          [&](std::string record) { records.push_back(std::move(record)); });
  try {
    for (std::size_t at = 0; at < text.size(); at += step) splitter.write(text.substr(at, step));
    splitter.finish();
  } catch (const BadRecord&) {
    return {};
  }
  return records;
}

void process(std::string_view text, const char* type) {
  TransformSpec spec;
  spec.content_type = spec.accept = type;
  spec.input_filter = spec.output_filter = std::string_view(type) == "text/csv" ? "$[0:2]" : "$.*";
  spec.join_input = true;
  const DataProcessing processing(spec);
  const std::string_view record = text.substr(0, text.size() / 2);
  try {
    processing.input_of(record);
    processing.outputs({std::string(record)}, text.substr(text.size() / 2), "");
  } catch (const BadRecord&) {
    return;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t step = 1 + data[0] % 64;
  for (auto split : {TransformSpec::Split::kLine, TransformSpec::Split::kRecordIo,
                     TransformSpec::Split::kTfRecord}) {
    const Records whole = records_of(split, text, std::max<std::size_t>(text.size(), 1));
    if (records_of(split, text, step) != whole) std::abort();
  }
  for (auto type : {"text/csv", "application/json", "application/jsonlines"}) process(text, type);
  return 0;
}
