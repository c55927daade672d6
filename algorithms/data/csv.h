// Numeric CSV, as SageMaker's algorithms read it: no header, the label first.
#pragma once

#include <string_view>

#include "algorithms/data/table.h"

namespace clary::algorithms {

struct CsvOptions {
  bool label_column = false;
  // The column after the label is the row's weight (hyperparameter csv_weights).
  bool weight_column = false;
  // More than one only for files that are worth it.
  unsigned threads = 1;
};

// Parses a whole file or request body. The delimiter is the first of comma, tab, semicolon, bar and
// space that the first line contains; empty cells are missing values; cells may be quoted; blank
// lines are skipped. Throws ClientError naming `source` and the line: a ragged line, a cell that is
// no number (told apart: a header), a missing label.
Table read_csv(std::string_view text, std::string_view source, const CsvOptions& options);

}  // namespace clary::algorithms
