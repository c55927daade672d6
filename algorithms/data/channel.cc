#include "algorithms/data/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <cstring>
#include <fstream>

#include "algorithms/container/failure.h"
#include "algorithms/data/csv.h"
#include "algorithms/data/libsvm.h"
#include "algorithms/data/mapped_file.h"
#include "algorithms/data/parquet.h"
#include "algorithms/data/recordio.h"
#include "base/text.h"

namespace clary::algorithms {
namespace {

constexpr std::string_view kAccepted =
    "csv, libsvm, parquet, recordio-protobuf, text/csv, text/libsvm, text/x-libsvm, "
    "application/x-parquet, application/x-recordio-protobuf";

std::string_view first_line(std::string_view text) {
  return trim(text.substr(0, std::min<std::size_t>(text.find('\n'), 4096)));
}

Format guess_format(std::string_view content) {
  if (content.starts_with("PAR1")) return Format::kParquet;
  if (content.starts_with("\x0a\x23\xd7\xce")) return Format::kRecordio;
  const std::string_view line = first_line(content);
  const bool separated = line.find_first_of(",;\t|") != line.npos;
  return separated && line.find(':') == line.npos ? Format::kCsv : Format::kLibsvm;
}

Table read_file(std::string_view content, const std::string& source, Format format,
                const ChannelOptions& options) {
  switch (format) {
    case Format::kCsv:
      return read_csv(content, source,
                      {.label_column = true,
                       .weight_column = options.weight_column,
                       .threads = options.threads});
    case Format::kLibsvm:
      return read_libsvm(content, source, LibsvmLabels::kRequired);
    case Format::kParquet:
      return read_parquet(content, source);
    case Format::kRecordio:
      return read_recordio(content, source);
  }
  return {};
}

// A file that is plainly something else than was announced: say what, not just where it broke.
std::string hint(std::string_view content, Format announced, bool given) {
  const Format looks = guess_format(content);
  if (looks == announced) return {};
  const char* name = looks == Format::kCsv        ? "text/csv"
                     : looks == Format::kParquet  ? "application/x-parquet"
                     : looks == Format::kRecordio ? "application/x-recordio-protobuf"
                                                  : "text/libsvm";
  return std::string(". The file looks like ") + name +
         (given ? ", but the channel's ContentType says otherwise"
                : "; set the channel's "
                  "ContentType");
}

Table read_checked(std::string_view content, const std::string& source, Format format,
                   const ChannelOptions& options) {
  Table table;
  try {
    table = read_file(content, source, format, options);
  } catch (const ClientError& error) {
    throw ClientError(error.what() + hint(content, format, !options.config.content_type.empty()));
  }
  if (table.rows > 0 && table.labels.size() != table.rows) {
    throw ClientError("Got input data without labels in " + source +
                      ". Please check the input data set.");
  }
  return table;
}

[[noreturn]] void no_data(const ChannelOptions& options, const std::filesystem::path& folder) {
  const bool train = options.name == "train";
  throw ClientError(std::string("No data in ") + (train ? "training" : options.name) +
                    " channel path " + folder.string());
}

// The first epoch of a Pipe channel: the whole data, since trees are grown from all of it.
Table read_pipe(const std::filesystem::path& folder, const ChannelOptions& options) {
  const std::string path = folder.string() + "_0";
  const int pipe = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (pipe < 0) throw ClientError("The pipe of channel " + options.name + " cannot be opened");
  std::string content;
  std::vector<char> buffer(1 << 20);
  ssize_t size = 0;
  while ((size = ::read(pipe, buffer.data(), buffer.size())) != 0) {
    if (size < 0 && errno != EINTR) break;
    if (size > 0) content.append(buffer.data(), static_cast<std::size_t>(size));
  }
  ::close(pipe);
  if (size < 0) throw AlgorithmError("reading the pipe of channel " + options.name);
  if (content.empty()) no_data(options, path);
  const Format format = options.config.content_type.empty()
                            ? guess_format(content)
                            : parse_content_type(options.config.content_type);
  Table table = read_checked(content, options.name, format, options);
  if (table.rows == 0) no_data(options, path);
  return table;
}

}  // namespace

Format parse_content_type(std::string_view content_type) {
  const std::string lower = to_lower(content_type);
  std::string_view rest = lower;
  const auto semicolon = rest.find(';');
  const std::string_view type = trim(rest.substr(0, semicolon));
  rest = semicolon == rest.npos ? std::string_view() : rest.substr(semicolon + 1);
  if (type == "csv" || type == "text/csv") {
    while (!rest.empty()) {
      const auto end = std::min(rest.find(';'), rest.size());
      const std::string_view parameter = trim(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
      const auto equals = parameter.find('=');
      if (equals == parameter.npos || trim(parameter.substr(0, equals)) != "label_size") continue;
      if (trim(parameter.substr(equals + 1)) != "1") {
        throw ClientError(std::string(content_type) +
                          " is not an accepted csv ContentType. Optional parameter label_size must "
                          "be equal to 1");
      }
    }
    return Format::kCsv;
  }
  if (type == "libsvm" || type == "text/libsvm" || type == "text/x-libsvm") return Format::kLibsvm;
  if (type == "parquet" || type == "application/x-parquet") return Format::kParquet;
  if (type == "recordio-protobuf" || type == "application/x-recordio-protobuf") {
    return Format::kRecordio;
  }
  throw ClientError(std::string(content_type) +
                    " is not an accepted ContentType: " + std::string(kAccepted) + ".");
}

Table read_channel(const std::filesystem::path& folder, const ChannelOptions& options) {
  if (options.config.input_mode == "Pipe") return read_pipe(folder, options);
  std::optional<Format> format;
  if (!options.config.content_type.empty()) {
    format = parse_content_type(options.config.content_type);
  }
  Table table;
  std::string first_file;
  for (const std::filesystem::path& path : channel_files(folder)) {
    const MappedFile file(path);
    if (file.bytes().empty()) continue;
    if (!format) format = guess_format(file.bytes());
    const std::string source =
        options.name + "/" + std::filesystem::relative(path, folder).string();
    Table more = read_checked(file.bytes(), source, *format, options);
    if (!more.sparse && table.rows > 0 && !table.sparse && more.columns != table.columns) {
      throw ClientError(source + " has " + std::to_string(more.columns) + " feature columns, " +
                        first_file + " has " + std::to_string(table.columns));
    }
    try {
      append(table, std::move(more));
    } catch (const std::invalid_argument& error) {
      throw ClientError(source + " does not fit the files before it: " + error.what());
    }
    if (first_file.empty()) first_file = source;
  }
  if (table.rows == 0) no_data(options, folder);
  return table;
}

unsigned usable_processors() {
  cpu_set_t set;
  unsigned count = 1;
  if (::sched_getaffinity(0, sizeof set, &set) == 0) {
    count = static_cast<unsigned>(std::max(1, CPU_COUNT(&set)));
  }
  double quota = 0;
  double period = 0;
  std::ifstream unified("/sys/fs/cgroup/cpu.max");
  if (!(unified >> quota >> period)) {
    std::ifstream legacy_quota("/sys/fs/cgroup/cpu/cpu.cfs_quota_us");
    std::ifstream legacy_period("/sys/fs/cgroup/cpu/cpu.cfs_period_us");
    if (!(legacy_quota >> quota) || !(legacy_period >> period)) quota = 0;
  }
  if (quota > 0 && period > 0) {
    count = std::min(count, static_cast<unsigned>(std::max(1.0, std::ceil(quota / period))));
  }
  return count;
}

}  // namespace clary::algorithms
