// What a person can set, each thing once: name, default, help. A setting is a flag of the command
// line (--io-threads), a variable (CLARY_IO_THREADS) and a key of the settings file (io_threads);
// a flag wins over a variable, a variable over the file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace clary {

struct Settings {
  std::filesystem::path data_dir;
  std::string address = "127.0.0.1";
  std::uint16_t port = 7700;
  std::string notebook_listen, notebook_url;  // "": notebook_listener(), and that address
  std::string account_id = "000000000000";
  std::string region = "us-east-1";
  std::string log_level = "info";
  unsigned io_threads = 0;      // 0: one for each core
  unsigned worker_threads = 0;  // 0: four for each core
  std::size_t worker_queue = 4096;
  unsigned lifecycle_day_seconds = 86'400;
  double job_cpus = 0;                 // 0: all cores
  std::uint64_t job_memory_bytes = 0;  // 0: nine tenths of the machine's
  unsigned job_gpus = 0;               // 0: not counted
  std::size_t preemption = 0;          // of "off", "spot", "priority"
  enum class Compute { kLocal, kSlurm };
  Compute compute = Compute::kLocal;
  std::string advertise_url;           // "": where it listens
  std::filesystem::path slurm_folder;  // "": slurm in data_dir
  std::string slurm_partition, slurm_account;
  std::string slurm_arguments;          // separated by spaces
  std::filesystem::path root_key_file;  // "": root.key in data_dir
  std::string root_key_command;
  bool authorization = true;  // off: whoever signs may do everything; for benchmarks alone
  bool audit_data_events = true;
  unsigned audit_retention_days = 365;    // 0: for ever
  unsigned audit_data_gigabytes = 10;     // of the whole log; 0: no limit
  unsigned requests_per_second = 10'000;  // 0: no limit; so are the next three
  unsigned request_burst = 0;             // 0: two seconds' worth
  unsigned data_requests_per_second = 0;
  unsigned connections_per_address = 2000;
  // Where event notifications may go: ARN -> URL.
  std::map<std::string, std::string> event_targets;
  std::filesystem::path event_ca_file;
  std::filesystem::path tls_certificate, tls_key;  // "": the folder's own authority
  enum class RequireTls { kOff, kRemote };
  RequireTls require_tls = RequireTls::kOff;
  bool encrypt_objects = true;
  bool customer_keys_need_tls = true;
  unsigned scrub_hours = 168;  // 0: never
  std::uint64_t scrub_bytes_per_second = 32 << 20;
  unsigned data_capture_seconds = 10;
  // Of new S3 buckets.
  std::string s3_default_object_ownership = "BucketOwnerEnforced";
  bool s3_default_block_public_access = true;
  std::size_t encrypt_job_volumes = 0;        // of "auto", "on", "off"
  std::filesystem::path environments_file;    // "": environments.toml in data_dir
  std::filesystem::path container_socket;     // "": looked for in the usual places
  std::filesystem::path console_folder;       // "": share/clary/console beside the program's folder
  std::filesystem::path instance_types_file;  // "": instance_types.toml in data_dir
};

struct ListenAddress {
  std::string address;
  std::uint16_t port = 0;  // 0: any free one
};
// Where browsers come to notebooks.
ListenAddress notebook_listener(const Settings& settings);

// Which framework environments stand in for which images: engine/environment_table.h.
std::filesystem::path environments_file(const Settings& settings);

// What the owner says of instance types: api/sagemaker/instance_catalogue.h.
std::filesystem::path instance_types_file(const Settings& settings);

// A value that cannot be used; the message names the setting, where it came from, and what it
// takes.
class SettingError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct SettingEntry {
  std::string_view name;        // "io_threads"
  std::string_view value_name;  // "N", for help
  std::string_view help;
  // Reads `text` into `settings`; throws std::invalid_argument saying what it takes.
  std::function<void(Settings& settings, std::string_view text)> set;
  std::function<std::string(const Settings& settings)> show;
};

// Every setting, in the order of the help.
std::span<const SettingEntry> setting_entries();

// "io_threads" -> "--io-threads", "CLARY_IO_THREADS".
std::string flag_name(const SettingEntry& entry);
std::string variable_name(const SettingEntry& entry);

// `flags`: by entry name, those that were given. `variable`: reads the environment. `file`: a TOML
// file with top-level keys; unknown keys are errors. Throws SettingError.
Settings load_settings(
    const std::map<std::string, std::string, std::less<>>& flags,
    const std::function<std::optional<std::string>(const std::string&)>& variable,
    const std::optional<std::filesystem::path>& file);

// docs/settings.md.
std::string settings_markdown();

}  // namespace clary
