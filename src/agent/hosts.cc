#include "agent/hosts.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <sys/socket.h>

#include <array>
#include <fstream>
#include <memory>

#include "process/file_descriptor.h"

namespace clary::agent {

std::filesystem::path write_hosts(const std::filesystem::path& folder, const JobSpec& spec,
                                  const std::vector<Peer>& peers) {
  std::filesystem::path file = folder / "hosts";
  std::ofstream hosts(file);
  hosts << "127.0.0.1 localhost"
        << (peers.empty() ? " " + host_of_instance(spec.instance_index) : "")
        << "\n::1 localhost\n";
  for (const Peer& peer : peers) hosts << peer.address << " " << peer.host << "\n";
  return file;
}

std::string own_address(const http::Address& server) {
  addrinfo hints = {};
  hints.ai_socktype = SOCK_DGRAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(server.host.c_str(), std::to_string(server.port).c_str(), &hints, &found) != 0) {
    return {};
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> list(found, freeaddrinfo);
  // Connecting a datagram socket sends nothing; the kernel only chooses the way.
  const process::FileDescriptor file(socket(found->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!file || connect(file.get(), found->ai_addr, found->ai_addrlen) != 0) return {};
  sockaddr_storage own = {};
  socklen_t size = sizeof(own);
  std::array<char, NI_MAXHOST> text{};
  if (getsockname(file.get(), reinterpret_cast<sockaddr*>(&own), &size) != 0 ||
      getnameinfo(reinterpret_cast<sockaddr*>(&own), size, text.data(), text.size(), nullptr, 0,
                  NI_NUMERICHOST) != 0) {
    return {};
  }
  return text.data();
}

std::string interface_of(const std::string& address) {
  ifaddrs* found = nullptr;
  if (getifaddrs(&found) != 0) return {};
  const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> list(found, freeifaddrs);
  for (const ifaddrs* one = found; one != nullptr; one = one->ifa_next) {
    if (one->ifa_addr == nullptr) continue;
    const int family = one->ifa_addr->sa_family;
    if (family != AF_INET && family != AF_INET6) continue;
    const socklen_t size = family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
    std::array<char, NI_MAXHOST> text{};
    if (getnameinfo(one->ifa_addr, size, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST) ==
            0 &&
        address == text.data()) {
      return one->ifa_name;
    }
  }
  return {};
}

void name_interface(const JobSpec& spec, const std::filesystem::path& opt_ml,
                    const std::string& name) {
  if (name.empty()) return;
  // Of training jobs and of processing jobs.
  for (const char* path : {"input/config/resourceconfig.json", "config/resourceconfig.json"}) {
    const auto config = spec.config_files.find(path);
    if (config == spec.config_files.end() || !config->second.is_object()) continue;
    json::object changed = config->second.get_object();
    changed["network_interface_name"] = name;
    std::ofstream(opt_ml / path, std::ios::binary) << json::serialize(changed);
  }
}

}  // namespace clary::agent
