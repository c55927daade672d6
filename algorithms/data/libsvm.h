// The libsvm text format: `label[:weight] [qid:n] index:value ...`.
#pragma once

#include <string_view>

#include "algorithms/data/table.h"

namespace clary::algorithms {

enum class LibsvmLabels {
  kRequired,  // training
  kOptional   // inference: a line may begin with its first index:value
};

// Indices are kept as they stand (XGBoost's indexing mode 0), so `columns` is the largest index
// plus one. '#' begins a comment. Throws ClientError naming `source` and the line.
Table read_libsvm(std::string_view text, std::string_view source, LibsvmLabels labels);

}  // namespace clary::algorithms
