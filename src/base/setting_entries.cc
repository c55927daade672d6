#include <array>
#include <charconv>
#include <vector>

#include "base/settings.h"
#include "base/text.h"

namespace clary {
namespace {

template <class Number>
Number parse_number(std::string_view text, Number low, Number high) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < low || value > high) {
    throw std::invalid_argument("takes a number from " + std::to_string(low) + " to " +
                                std::to_string(high));
  }
  return value;
}

ListenAddress parse_listen(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) {
    throw std::invalid_argument("takes ADDRESS:PORT, like 127.0.0.1:7700");
  }
  const auto port = parse_number<std::uint16_t>(text.substr(colon + 1), 0, 65535);
  std::string_view address = text.substr(0, colon);
  if (address.starts_with('[') && address.ends_with(']')) {
    address = address.substr(1, address.size() - 2);
  }
  return {.address = std::string(address), .port = port};
}

void set_listen(Settings& settings, std::string_view text) {
  auto [address, port] = parse_listen(text);
  settings.address = std::move(address);
  settings.port = port;
}

// Scheme, host, and nothing after a port.
void set_notebook_url(Settings& settings, std::string_view text) {
  while (text.ends_with('/')) text.remove_suffix(1);
  const auto scheme = text.find("://");
  const bool known = text.starts_with("http://") || text.starts_with("https://");
  if (!text.empty() && (!known || text.size() == scheme + 3 ||
                        text.find_first_of("/?#@ \"<>", scheme + 3) != std::string_view::npos)) {
    throw std::invalid_argument("takes http://HOST:PORT or https://HOST:PORT");
  }
  settings.notebook_url = std::string(text);
}

void set_account(Settings& settings, std::string_view text) {
  if (text.size() != 12 || text.find_first_not_of("0123456789") != std::string_view::npos) {
    throw std::invalid_argument("takes twelve digits");
  }
  settings.account_id = std::string(text);
}

void set_region(Settings& settings, std::string_view text) {
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyz0123456789-";
  if (text.empty() || text.size() > 32 ||
      text.find_first_not_of(kAllowed) != std::string_view::npos) {
    throw std::invalid_argument("takes an AWS region's name, like us-east-1");
  }
  settings.region = std::string(text);
}

void set_log_level(Settings& settings, std::string_view text) {
  constexpr std::array<std::string_view, 5> kLevels{"trace", "debug", "info", "warn", "error"};
  if (std::find(kLevels.begin(), kLevels.end(), text) == kLevels.end()) {
    throw std::invalid_argument("takes trace, debug, info, warn or error");
  }
  settings.log_level = std::string(text);
}

// ARN=URL, several with commas between them.
void set_event_targets(Settings& settings, std::string_view text) {
  std::map<std::string, std::string> targets;
  while (!text.empty()) {
    const auto end = std::min(text.find(','), text.size());
    const auto entry = trim(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (entry.empty()) continue;
    const auto equals = entry.find('=');
    if (equals == std::string_view::npos || !entry.starts_with("arn:")) {
      throw std::invalid_argument(
          "takes ARN=URL, like arn:aws:sns:us-east-1:000000000000:events="
          "http://127.0.0.1:9000/events");
    }
    targets[std::string(trim(entry.substr(0, equals)))] = trim(entry.substr(equals + 1));
  }
  settings.event_targets = std::move(targets);
}

std::string show_event_targets(const Settings& settings) {
  std::string text;
  for (const auto& [arn, url] : settings.event_targets) {
    if (!text.empty()) text += ',';
    text += arn + "=" + url;
  }
  return text;
}

// Which of `choices` the text is.
std::size_t parse_choice(std::string_view text, std::initializer_list<std::string_view> choices) {
  const auto found = std::find(choices.begin(), choices.end(), text);
  if (found != choices.end()) return static_cast<std::size_t>(found - choices.begin());
  std::string takes;
  for (const std::string_view choice : choices) {
    takes += (takes.empty() ? "takes " : " or ") + std::string(choice);
  }
  throw std::invalid_argument(takes);
}

// A setting that is a whole number and nothing more.
template <class Number>
SettingEntry number_entry(std::string_view name, std::string_view help, Number Settings::* member,
                          Number low, Number high) {
  return {.name = name,
          .value_name = "N",
          .help = help,
          .set = [=](Settings& s,
                     std::string_view text) { s.*member = parse_number<Number>(text, low, high); },
          .show = [=](const Settings& s) { return std::to_string(s.*member); }};
}

SettingEntry switch_entry(std::string_view name, std::string_view help, bool Settings::* member) {
  return {.name = name,
          .value_name = "on|off",
          .help = help,
          .set =
              [=](Settings& s, std::string_view text) {
                if (text != "on" && text != "off") throw std::invalid_argument("takes on or off");
                s.*member = text == "on";
              },
          .show = [=](const Settings& s) { return std::string(s.*member ? "on" : "off"); }};
}

SettingEntry text_entry(std::string_view name, std::string_view value_name, std::string_view help,
                        std::string Settings::* member) {
  return {.name = name,
          .value_name = value_name,
          .help = help,
          .set = [=](Settings& s, std::string_view text) { s.*member = std::string(text); },
          .show = [=](const Settings& s) { return s.*member; }};
}

}  // namespace

std::span<const SettingEntry> setting_entries() {
  static const std::vector<SettingEntry> kEntries{
      {.name = "data_dir",
       .value_name = "DIR",
       .help = "Where everything is kept: objects, metadata, keys, runs. Made when absent.",
       .set = [](Settings& s, std::string_view text) { s.data_dir = std::string(text); },
       .show = [](const Settings&) { return std::string("~/.clary"); }},
      {.name = "listen",
       .value_name = "ADDRESS:PORT",
       .help = "Where the server answers, plain HTTP and TLS alike. Port 0 takes a free one.",
       .set = set_listen,
       .show = [](const Settings& s) { return s.address + ":" + std::to_string(s.port); }},
      {.name = "notebook_listen",
       .value_name = "ADDRESS:PORT",
       .help = "Where browsers come to notebook instances: an address of its own, since notebooks "
               "show what their users' programs say. Without one: the server's address, and its "
               "port + 1 (another if that is taken). Port 0 takes a free one.",
       .set =
           [](Settings& s, std::string_view text) {
             if (!text.empty()) parse_listen(text);
             s.notebook_listen = std::string(text);
           },
       .show = [](const Settings& s) { return s.notebook_listen; }},
      {.name = "notebook_url",
       .value_name = "URL",
       .help = "What the URLs of notebooks begin with, when browsers come by another name than "
               "that address: through a proxy, or from other machines.",
       .set = set_notebook_url,
       .show = [](const Settings& s) { return s.notebook_url; }},
      {.name = "account_id",
       .value_name = "ID",
       .help = "The AWS account number that clients see.",
       .set = set_account,
       .show = [](const Settings& s) { return s.account_id; }},
      {.name = "region",
       .value_name = "NAME",
       .help = "The region that `clary env` exports. Requests may name any other.",
       .set = set_region,
       .show = [](const Settings& s) { return s.region; }},
      {.name = "log_level",
       .value_name = "LEVEL",
       .help = "How much is logged to stderr: trace, debug, info, warn, error.",
       .set = set_log_level,
       .show = [](const Settings& s) { return s.log_level; }},
      number_entry<unsigned>("io_threads", "Threads that move bytes; 0 is one for each core.",
                             &Settings::io_threads, 0, 256),
      number_entry<unsigned>("worker_threads",
                             "Threads that run operations; 0 is four for each core.",
                             &Settings::worker_threads, 0, 1024),
      number_entry<std::size_t>("worker_queue",
                                "Operations that may wait for a worker before clients get a 503.",
                                &Settings::worker_queue, 1, 1'000'000),
      number_entry<unsigned>("lifecycle_day_seconds",
                             "How long a day of the rules by which objects expire is; tests make "
                             "it short.",
                             &Settings::lifecycle_day_seconds, 1, 86'400),
      {.name = "job_cpus",
       .value_name = "N",
       .help = "Cores that jobs and endpoints may use together; 0 is all of them.",
       .set = [](Settings& s,
                 std::string_view text) { s.job_cpus = parse_number<unsigned>(text, 0, 65536); },
       .show = [](const Settings& s) { return std::to_string(static_cast<int>(s.job_cpus)); }},
      number_entry<std::uint64_t>(
          "job_memory_bytes",
          "Memory that jobs and endpoints may use together; 0 is nine tenths of the machine's.",
          &Settings::job_memory_bytes, 0, std::uint64_t{1} << 50),
      number_entry<unsigned>("job_gpus", "GPUs that jobs may use together; 0 does not count them.",
                             &Settings::job_gpus, 0, 65536),
      {.name = "preemption",
       .value_name = "off|spot|priority",
       .help =
           "Which jobs have to make room when a more urgent one waits: none; managed spot jobs; "
           "or any of a lower priority (tag clary:priority). They go back into the queue.",
       .set =
           [](Settings& s, std::string_view text) {
             s.preemption = parse_choice(text, {"off", "spot", "priority"});
           },
       .show =
           [](const Settings& s) {
             constexpr std::array<std::string_view, 3> kChoices{"off", "spot", "priority"};
             return std::string(kChoices[s.preemption]);
           }},
      {.name = "compute",
       .value_name = "local|slurm",
       .help = "Where jobs run: on this machine, or on the Slurm cluster whose commands (sbatch, "
               "squeue, scancel, sinfo) are in PATH. Endpoints stay on this machine.",
       .set =
           [](Settings& s, std::string_view text) {
             s.compute = parse_choice(text, {"local", "slurm"}) == 1 ? Settings::Compute::kSlurm
                                                                     : Settings::Compute::kLocal;
           },
       .show =
           [](const Settings& s) {
             return std::string(s.compute == Settings::Compute::kLocal ? "local" : "slurm");
           }},
      text_entry("advertise_url", "URL",
                 "http://HOST:PORT at which other machines reach this server; jobs on a cluster "
                 "need it when the server listens on more than loopback.",
                 &Settings::advertise_url),
      {.name = "slurm_folder",
       .value_name = "DIR",
       .help =
           "A folder that this machine and all nodes share at the same path: what jobs on Slurm "
           "are given, credentials included, and have while they run.",
       .set = [](Settings& s, std::string_view text) { s.slurm_folder = std::string(text); },
       .show = [](const Settings&) { return std::string("DATA_DIR/slurm"); }},
      text_entry("slurm_partition", "NAME", "Slurm's partition for jobs; its default without it.",
                 &Settings::slurm_partition),
      text_entry("slurm_account", "NAME", "Slurm's account for jobs; its default without it.",
                 &Settings::slurm_account),
      text_entry("slurm_arguments", "TEXT",
                 "Further arguments of sbatch, separated by spaces, such as --qos=ml.",
                 &Settings::slurm_arguments),
      {.name = "root_key_file",
       .value_name = "FILE",
       .help = "Holds the root key that everything at rest is sealed under; made when absent. "
               "CLARY_ROOT_KEY in the environment gives the key itself.",
       .set = [](Settings& s, std::string_view text) { s.root_key_file = std::string(text); },
       .show = [](const Settings&) { return std::string("DATA_DIR/root.key"); }},
      {.name = "root_key_command",
       .value_name = "COMMAND",
       .help = "Prints the root key in Base64, from a TPM, an HSM or a vault. Run without a shell.",
       .set = [](Settings& s, std::string_view text) { s.root_key_command = std::string(text); },
       .show = [](const Settings& s) { return s.root_key_command; }},
      {.name = "authorization",
       .value_name = "on|off",
       .help =
           "off lets every signed request do everything. Only to measure, on a machine of one's "
           "own, what the checks cost.",
       .set =
           [](Settings& s, std::string_view text) {
             s.authorization = parse_choice(text, {"off", "on"}) == 1;
           },
       .show = [](const Settings& s) { return std::string(s.authorization ? "on" : "off"); }},
      {.name = "audit_data_events",
       .value_name = "on|off",
       .help = "Whether requests for data (objects, invocations, log lines) are in the audit log "
               "beside those that manage; these always are.",
       .set =
           [](Settings& s, std::string_view text) {
             s.audit_data_events = parse_choice(text, {"off", "on"}) == 1;
           },
       .show = [](const Settings& s) { return std::string(s.audit_data_events ? "on" : "off"); }},
      number_entry<unsigned>("audit_retention_days",
                             "Days after which files of the audit log are removed; 0 is never.",
                             &Settings::audit_retention_days, 0, 36'500),
      number_entry<unsigned>("audit_data_gigabytes",
                             "Size of the audit log from which requests for data are only counted, "
                             "so that they cannot fill the disk; 0 is no limit.",
                             &Settings::audit_data_gigabytes, 0, 1'000'000),
      number_entry<unsigned>("requests_per_second",
                             "Requests one user or role may send to one service that manages "
                             "(SageMaker, IAM, ...) before it gets ThrottlingException; 0 is any.",
                             &Settings::requests_per_second, 0, 10'000'000),
      number_entry<unsigned>("request_burst",
                             "How many of them at once; 0 is what two seconds give.",
                             &Settings::request_burst, 0, 10'000'000),
      number_entry<unsigned>("data_requests_per_second",
                             "The same for S3 and invocations, whose error is SlowDown; 0 is any.",
                             &Settings::data_requests_per_second, 0, 10'000'000),
      number_entry<unsigned>("connections_per_address",
                             "Connections that may be open from one address; 0 is any number.",
                             &Settings::connections_per_address, 0, 1'000'000),
      {.name = "event_targets",
       .value_name = "ARN=URL,...",
       .help = "Where S3 event notifications may go: ARNs that buckets may name as topic, queue or "
               "function, each with the http:// or https:// URL that gets its messages.",
       .set = set_event_targets,
       .show = show_event_targets},
      {.name = "event_ca_file",
       .value_name = "FILE",
       .help = "A PEM file: the authorities whose certificates https:// event targets may show. "
               "Without one, those that the system trusts.",
       .set = [](Settings& s, std::string_view text) { s.event_ca_file = std::string(text); },
       .show = [](const Settings& s) { return s.event_ca_file.string(); }},
      {.name = "tls_certificate",
       .value_name = "FILE",
       .help = "A PEM file: the server's certificate, then those that lead to its authority. "
               "Without one the data folder's own authority makes certificates.",
       .set = [](Settings& s, std::string_view text) { s.tls_certificate = std::string(text); },
       .show = [](const Settings& s) { return s.tls_certificate.string(); }},
      {.name = "tls_key",
       .value_name = "FILE",
       .help = "The PEM file of the certificate's private key.",
       .set = [](Settings& s, std::string_view text) { s.tls_key = std::string(text); },
       .show = [](const Settings& s) { return s.tls_key.string(); }},
      {.name = "require_tls",
       .value_name = "off|remote",
       .help = "remote: only requests from this machine itself may come without TLS.",
       .set =
           [](Settings& s, std::string_view text) {
             s.require_tls = parse_choice(text, {"off", "remote"}) == 1
                                 ? Settings::RequireTls::kRemote
                                 : Settings::RequireTls::kOff;
           },
       .show =
           [](const Settings& s) {
             return std::string(s.require_tls == Settings::RequireTls::kOff ? "off" : "remote");
           }},
      switch_entry("encrypt_objects",
                   "Whether objects are encrypted (SSE-S3) when neither the request nor the bucket "
                   "says how: on or off.",
                   &Settings::encrypt_objects),
      switch_entry("customer_keys_need_tls",
                   "Whether requests that carry an encryption key (SSE-C) are refused without TLS: "
                   "on or off.",
                   &Settings::customer_keys_need_tls),
      number_entry<unsigned>("scrub_hours",
                             "Hours from one check of all stored bytes to the next; 0 is never.",
                             &Settings::scrub_hours, 0, 24 * 366),
      number_entry<std::uint64_t>("scrub_bytes_per_second", "How fast that check reads, at most.",
                                  &Settings::scrub_bytes_per_second, 1 << 16,
                                  std::uint64_t{1} << 40),
      number_entry<unsigned>("data_capture_seconds",
                             "How long captured invocations of endpoints are held in memory, at "
                             "most, before they are written to S3; a server that is killed loses "
                             "them.",
                             &Settings::data_capture_seconds, 1, 3600),
      {.name = "s3_default_object_ownership",
       .value_name = "RULE",
       .help =
           "Object ownership of new buckets that ask for none: BucketOwnerEnforced (no ACLs, as "
           "on AWS), BucketOwnerPreferred or ObjectWriter.",
       .set =
           [](Settings& s, std::string_view text) {
             parse_choice(text, {"BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"});
             s.s3_default_object_ownership = std::string(text);
           },
       .show = [](const Settings& s) { return s.s3_default_object_ownership; }},
      {.name = "s3_default_block_public_access",
       .value_name = "on|off",
       .help = "Whether new buckets block every kind of public access, as on AWS.",
       .set =
           [](Settings& s, std::string_view text) {
             s.s3_default_block_public_access = parse_choice(text, {"off", "on"}) == 1;
           },
       .show =
           [](const Settings& s) {
             return std::string(s.s3_default_block_public_access ? "on" : "off");
           }},
      {.name = "encrypt_job_volumes",
       .value_name = "auto|on|off",
       .help =
           "Whether the files of jobs and model servers are encrypted on disk, with a transient "
           "key where no KMS key is named. auto: where the machine can (root, loop devices, "
           "fscrypt in the kernel), said once at start where not; on: always, or they fail; off: "
           "never, and who names a key is refused.",
       .set =
           [](Settings& s, std::string_view text) {
             s.encrypt_job_volumes = parse_choice(text, {"auto", "on", "off"});
           },
       .show =
           [](const Settings& s) {
             constexpr std::array<std::string_view, 3> kChoices{"auto", "on", "off"};
             return std::string(kChoices[s.encrypt_job_volumes]);
           }},
      {.name = "environments_file",
       .value_name = "FILE",
       .help = "A TOML file that says which Python of this machine stands in for which framework's "
               "images.",
       .set = [](Settings& s, std::string_view text) { s.environments_file = std::string(text); },
       .show = [](const Settings&) { return std::string("DATA_DIR/environments.toml"); }},
      {.name = "container_socket",
       .value_name = "FILE",
       .help =
           "The Unix socket of Docker's or Podman's API, which runs images of your own. Without "
           "one: the first that answers of /var/run/docker.sock, /run/podman/podman.sock and "
           "those in XDG_RUNTIME_DIR.",
       .set = [](Settings& s, std::string_view text) { s.container_socket = std::string(text); },
       .show = [](const Settings& s) { return s.container_socket.string(); }},
      {.name = "console_folder",
       .value_name = "DIR",
       .help = "The built web console. Without one: share/clary/console beside the folder that "
               "this program is in.",
       .set = [](Settings& s, std::string_view text) { s.console_folder = std::string(text); },
       .show = [](const Settings& s) { return s.console_folder.string(); }},
      {.name = "instance_types_file",
       .value_name = "FILE",
       .help = "A TOML file that says what instance types are on machines of your own: cpus, "
               "memory_gib, gpus and dollars_per_hour of each.",
       .set = [](Settings& s, std::string_view text) { s.instance_types_file = std::string(text); },
       .show = [](const Settings&) { return std::string("DATA_DIR/instance_types.toml"); }},
  };
  return kEntries;
}

ListenAddress notebook_listener(const Settings& settings) {
  if (!settings.notebook_listen.empty()) return parse_listen(settings.notebook_listen);
  const bool next = settings.port != 0 && settings.port != 65535;
  return {.address = settings.address,
          .port = static_cast<std::uint16_t>(next ? settings.port + 1 : 0)};
}

}  // namespace clary
