#include "algorithms/data/table.h"

#include <algorithm>
#include <stdexcept>

namespace clary::algorithms {
namespace {

template <class T>
void extend(std::vector<T>& to, const std::vector<T>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

void make_sparse(Table& table) {
  if (table.sparse) return;
  table.sparse = true;
  table.row_starts.assign(1, 0);
  for (std::size_t row = 0; row < table.rows; ++row) {
    for (std::size_t column = 0; column < table.columns; ++column) {
      const float value = table.dense[row * table.columns + column];
      if (value != value) continue;
      table.column_of.push_back(static_cast<std::uint32_t>(column));
      table.values.push_back(value);
    }
    table.row_starts.push_back(table.values.size());
  }
  table.dense.clear();
}

}  // namespace

void append(Table& table, Table more) {
  if (more.rows == 0) return;
  if (table.rows == 0) {
    table = std::move(more);
    return;
  }
  if (table.labels.empty() != more.labels.empty() ||
      table.weights.empty() != more.weights.empty() ||
      table.query_ids.empty() != more.query_ids.empty()) {
    throw std::invalid_argument("some rows have labels, weights or query ids and some have none");
  }
  if (table.sparse || more.sparse) {
    make_sparse(table);
    make_sparse(more);
    const std::uint64_t offset = table.values.size();
    for (std::size_t row = 1; row <= more.rows; ++row) {
      table.row_starts.push_back(more.row_starts[row] + offset);
    }
    extend(table.column_of, more.column_of);
    extend(table.values, more.values);
    table.columns = std::max(table.columns, more.columns);
  } else {
    if (table.columns != more.columns) {
      throw std::invalid_argument("rows of different widths");
    }
    extend(table.dense, more.dense);
  }
  table.rows += more.rows;
  extend(table.labels, more.labels);
  extend(table.weights, more.weights);
  extend(table.query_ids, more.query_ids);
}

}  // namespace clary::algorithms
