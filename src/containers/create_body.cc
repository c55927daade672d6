// What a container is given, in the Engine API's words.
#include "containers/runtime.h"

namespace clary::containers {
namespace {

// Of what Docker gives by itself: without raw sockets, device files, and what changes capabilities.
constexpr const char* kCapabilities[] = {"CHOWN",     "DAC_OVERRIDE", "FOWNER", "FSETID",
                                         "KILL",      "SETGID",       "SETUID", "NET_BIND_SERVICE",
                                         "SYS_CHROOT"};

json::array words(const std::vector<std::string>& list) {
  return json::array(list.begin(), list.end());
}

json::object limit(const char* name, std::uint64_t value) {
  return {{"Name", name}, {"Soft", value}, {"Hard", value}};
}

json::array user_limits(const ContainerSpec& spec) {
  json::array limits{limit("core", 0)};  // a core dump would hold data and credentials
  if (spec.open_files > 0) limits.push_back(limit("nofile", spec.open_files));
  if (spec.user_processes > 0) limits.push_back(limit("nproc", spec.user_processes));
  if (spec.file_bytes > 0) limits.push_back(limit("fsize", spec.file_bytes));
  return limits;
}

json::object host_config(const ContainerSpec& spec) {
  constexpr double kNanoCpus = 1e9;
  json::array binds;
  for (const ContainerSpec::Mount& mount : spec.mounts) {
    binds.emplace_back(mount.host + ":" + mount.inside + (mount.writable ? ":rw" : ":ro"));
  }
  json::object config{{"Binds", std::move(binds)},
                      {"NetworkMode", spec.network},
                      {"CapDrop", json::array{"ALL"}},
                      {"CapAdd", json::array(std::begin(kCapabilities), std::end(kCapabilities))},
                      {"SecurityOpt", json::array{"no-new-privileges"}},
                      {"Ulimits", user_limits(spec)}};
  if (spec.memory_bytes > 0) config["Memory"] = spec.memory_bytes;
  if (spec.shared_memory_bytes > 0) config["ShmSize"] = spec.shared_memory_bytes;
  if (spec.cpus > 0) config["NanoCpus"] = static_cast<std::int64_t>(spec.cpus * kNanoCpus);
  if (spec.processes > 0) config["PidsLimit"] = spec.processes;
  if (spec.gpus) {
    config["DeviceRequests"] = json::array{
        {{"Driver", "nvidia"}, {"Count", -1}, {"Capabilities", json::array{json::array{"gpu"}}}}};
  }
  if (spec.published_port > 0) {
    config["PortBindings"] =
        json::object{{std::to_string(spec.published_port) + "/tcp",
                      json::array{json::object{{"HostIp", "127.0.0.1"}, {"HostPort", ""}}}}};
  }
  return config;
}

}  // namespace

json::object create_body(const ContainerSpec& spec) {
  json::object labels;
  for (const auto& [name, value] : spec.labels) labels[name] = value;
  json::object body{
      {"Image", spec.image},  {"Env", words(spec.environment)}, {"Labels", std::move(labels)},
      {"AttachStdin", false}, {"AttachStdout", true},           {"AttachStderr", true},
      {"Tty", false},         {"HostConfig", host_config(spec)}};
  if (!spec.host_name.empty() && spec.network != "host") body["Hostname"] = spec.host_name;
  if (!spec.command.empty()) body["Cmd"] = words(spec.command);
  if (!spec.entrypoint.empty()) body["Entrypoint"] = words(spec.entrypoint);
  if (spec.published_port > 0) {
    body["ExposedPorts"] =
        json::object{{std::to_string(spec.published_port) + "/tcp", json::object()}};
  }
  return body;
}

}  // namespace clary::containers
