// From a channel's files to one table.
#pragma once

#include <string>
#include <string_view>

#include "algorithms/container/contract.h"
#include "algorithms/data/table.h"

namespace clary::algorithms {

enum class Format { kCsv, kLibsvm, kParquet, kRecordio };

// "text/csv; label_size=1", "csv", "text/x-libsvm", "application/x-parquet", ... Case does not
// matter. Throws ClientError in the container's wording for anything else.
Format parse_content_type(std::string_view content_type);

struct ChannelOptions {
  std::string name;  // train, validation
  ChannelConfig config;
  bool weight_column = false;  // csv_weights
  unsigned threads = 1;
};

// Reads all files of the channel below `folder`. Without a content type the container assumes
// libsvm; here the beginning of the first file decides, and libsvm when that says nothing. In Pipe
// mode reads the channel's first pipe to its end instead. Throws ClientError: no data, bad data
// (naming file and line), rows without labels.
Table read_channel(const std::filesystem::path& folder, const ChannelOptions& options);

// How many processors this process may use: its affinity and its cgroup's quota.
unsigned usable_processors();

}  // namespace clary::algorithms
