// The folder of a run, as every backend keeps it: run.json (mode 0600: what to do, and the
// credentials), lock, spool.jsonl and agent.log.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "engine/compute_backend.h"

namespace clary::engine {

// Throws StorageError, as all of these, with errno's words.
[[noreturn]] void fail_on_file(const std::string& what, const std::filesystem::path& path);

// "" when it cannot be read.
std::string read_small_file(const std::filesystem::path& file);
// With mode 0600.
void write_private_file(const std::filesystem::path& file, const std::string& text);

// Whether the folder is of that very submission.
bool has_token(const std::filesystem::path& run, const AgentAccess& access);

struct RunFileOptions {
  std::filesystem::path data_folder, cgroup_root;
  // Where the run's files are to be, when not in its own folder.
  std::optional<std::filesystem::path> encrypted_volume{};
  std::filesystem::path container_socket{};  // "": agents look for one
};
void write_run_file(const std::filesystem::path& run, const JobSpec& spec,
                    const AgentAccess& access, const RunFileOptions& options);

// The spooled reports above `after`, in order.
std::vector<json::object> read_spool(const std::filesystem::path& run, std::uint64_t after);

// The agent needs of the server's environment where programs, certificates and time zones are, and
// Clary's own settings; nothing that may hold a secret.
std::vector<std::string> agent_environment();

}  // namespace clary::engine
