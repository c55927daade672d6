// RecordIO-framed protobuf records (`aialgs.data.Record`), SageMaker's own training format.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "algorithms/data/table.h"

namespace clary::algorithms {

// Reads the tensor `values` of each record's features and label maps: dense when it has no keys,
// sparse else. Float32, Float64 and Int32 tensors. Throws ClientError naming `source` and the
// record (from 1): bad magic, a frame or message cut short, rows of different widths, another
// tensor type.
Table read_recordio(std::string_view bytes, std::string_view source);

// One output record: empty features, and a Float32 tensor for each name in the label map.
using NamedValues = std::pair<std::string_view, std::span<const float>>;
void write_record(std::string& out, std::span<const NamedValues> labels);

}  // namespace clary::algorithms
