#include "engine/run_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

#include "base/errors.h"
#include "engine/run_state.h"
#include "process/file_descriptor.h"

extern char** environ;

namespace clary::engine {

namespace fs = std::filesystem;
using process::FileDescriptor;

void fail_on_file(const std::string& what, const fs::path& path) {
  const int error = errno;
  throw StorageError(what + " " + path.string() + ": " + strerror(error),
                     error == ENOSPC ? StorageError::Kind::kFull : StorageError::Kind::kBroken);
}

void write_private_file(const fs::path& file, const std::string& text) {
  const FileDescriptor descriptor(
      open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (!descriptor) fail_on_file("create", file);
  std::string_view rest = text;
  while (!rest.empty()) {
    const ssize_t written = write(descriptor.get(), rest.data(), rest.size());
    if (written < 0) fail_on_file("write", file);
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
}

std::string read_small_file(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

bool has_token(const fs::path& run, const AgentAccess& access) {
  boost::system::error_code error;
  const json::value value = json::parse(read_small_file(run / "run.json"), error);
  const json::object* object = error ? nullptr : value.if_object();
  const json::object* stored = object == nullptr ? nullptr : find_object(*object, "access");
  return stored != nullptr && string_or(*stored, "report_token") == access.report_token;
}

void write_run_file(const fs::path& run, const JobSpec& spec, const AgentAccess& access,
                    const RunFileOptions& options) {
  json::object order{{"spec", to_json(spec)},
                     {"access", access_to_json(access)},
                     {"data_folder", fs::absolute(options.data_folder).string()},
                     {"cgroup_root", options.cgroup_root.string()},
                     {"container_socket", options.container_socket.string()}};
  if (options.encrypted_volume) order["encrypted_volume"] = options.encrypted_volume->string();
  write_private_file(run / "run.json", json::serialize(order));
}

std::vector<json::object> read_spool(const fs::path& run, std::uint64_t after) {
  std::vector<json::object> reports;
  std::ifstream spool(run / "spool.jsonl", std::ios::binary);
  std::string line;
  while (std::getline(spool, line)) {
    boost::system::error_code error;
    json::value value = json::parse(line, error);
    // Only the last line can be cut short, by the death of its writer.
    if (error || !value.is_object()) break;
    if (find_int(value.get_object(), "seq").value_or(0) > static_cast<std::int64_t>(after)) {
      reports.push_back(std::move(value.get_object()));
    }
  }
  return reports;
}

std::vector<std::string> agent_environment() {
  std::vector<std::string> result;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    for (const std::string_view name :
         {"PATH=", "TZ=", "LANG=", "CLARY_ALGO=", "CLARY_LOG=", "XDG_RUNTIME_DIR=", "ASAN_OPTIONS=",
          "TSAN_OPTIONS=", "UBSAN_OPTIONS=", "SLURM_CONF="}) {
      if (text.starts_with(name)) result.emplace_back(text);
    }
  }
  return result;
}

}  // namespace clary::engine
