#include "agent/network/private_network.h"

#include <arpa/inet.h>

#include <fstream>
#include <system_error>

#include "agent/hosts.h"
#include "agent/workload.h"
#include "base/errors.h"

namespace clary::agent {
namespace {

// RFC 2544's network for measurements, which nobody's machines have. Every job has all of it.
constexpr std::uint32_t kNetwork = 0xC6120000;  // 198.18.0.0/24
constexpr int kMostInstances = 254;
constexpr std::uint32_t kLoopback = 0x7F000001;

std::uint32_t address_of(int index) {
  return kNetwork + static_cast<std::uint32_t>(index) + 1;
}

std::string text_of(std::uint32_t address) {
  const in_addr in{htonl(address)};
  char text[INET_ADDRSTRLEN] = {};
  inet_ntop(AF_INET, &in, text, sizeof text);
  return text;
}

// The server's own address where it is one of this machine's loopback, which is then found inside
// too; anything else is on the way out.
std::uint32_t loopback_of(const http::Address& server) {
  in_addr in = {};
  if (inet_pton(AF_INET, server.host.c_str(), &in) != 1) return kLoopback;
  const std::uint32_t address = ntohl(in.s_addr);
  return address >> 24 == 127 ? address : kLoopback;
}

process::NetworkSpace make_space(const RunFile& run) {
  process::NetworkDevice device;
  device.name = PrivateNetwork::kInterface;
  device.address = address_of(run.spec.instance_index);
  if (run.spec.network) {
    device.listen_address = loopback_of(run.server);
    device.listen_port = run.server.port;
  }
  try {
    return process::make_network_space(device);
  } catch (const std::system_error& error) {
    throw CannotLaunch(
        std::string("this machine cannot give the job's instances a network of their own, which "
                    "EnableInterContainerTrafficEncryption and EnableNetworkIsolation need: ") +
        error.what() + "; it takes root, or user name spaces and the right to open /dev/net/tun");
  }
}

}  // namespace

bool PrivateNetwork::is_for(const JobSpec& spec) {
  return spec.private_traffic && spec.instance_count > 1;
}

PrivateNetwork::PrivateNetwork(const RunFile& run, const Clock& clock) : run_(run) {
  const JobSpec& spec = run.spec;
  const auto secret = spec.environment.find("CLARY_GANG_SECRET");
  if (secret == spec.environment.end()) {
    throw CannotLaunch(
        "the job was queued by an older version of the server, which gave its "
        "instances no key for their traffic; create it again");
  }
  if (spec.instance_count > kMostInstances) {
    throw CannotLaunch("a job whose instances have a network of their own has at most " +
                       std::to_string(kMostInstances) + " of them");
  }
  space_ = make_space(run);
  MeshOptions mesh;
  mesh.device = std::move(space_.device);
  for (int i = 0; i < spec.instance_count; ++i) mesh.addresses.push_back(address_of(i));
  mesh.own = spec.instance_index;
  mesh.secret = secret->second;
  mesh.listen_address = own_address(run.server);
  if (mesh.listen_address.empty()) {
    throw CannotLaunch("this machine's address towards the server is not known");
  }
  mesh_ = std::make_unique<PacketMesh>(std::move(mesh), clock);
  if (!spec.network) return;
  server_ = std::make_unique<Relay>(
      Relay::Options{.listener = std::move(space_.listener), .target = run.server, .network = {}});
  way_out_ = std::make_unique<WayOut>(space_);
  std::ofstream resolver(run.folder / "resolv.conf");
  resolver << WayOut::resolver() << std::flush;
  if (!resolver) throw StorageError("write " + (run.folder / "resolv.conf").string());
}

std::vector<Peer> PrivateNetwork::peers() const {
  std::vector<Peer> peers;
  for (int i = 0; i < run_.spec.instance_count; ++i) {
    peers.push_back({host_of_instance(i), text_of(address_of(i))});
  }
  return peers;
}

std::vector<process::Bind> PrivateNetwork::binds() const {
  std::vector<process::Bind> binds;
  if (run_.spec.network) {
    binds.push_back({.host = run_.folder / "resolv.conf", .inside = "/etc/resolv.conf"});
  }
  return binds;
}

}  // namespace clary::agent
