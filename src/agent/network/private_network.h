// The network of an instance whose job asks for traffic that nobody else reads, or for isolation:
// it holds the instances of the job and nothing else. docs/decisions/job-network.md.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/network/packet_mesh.h"
#include "agent/network/way_out.h"
#include "agent/relay.h"
#include "agent/run_file.h"
#include "process/network_space.h"
#include "process/sandbox.h"

namespace clary::agent {

// owns: the name space's last hold, so that it outlives the workload in it; the threads that carry
// its packets and its connections to the server.
class PrivateNetwork {
 public:
  // Whether the run is to have one.
  static bool is_for(const JobSpec& spec);
  // Throws CannotLaunch.
  PrivateNetwork(const RunFile& run, const Clock& clock);

  const process::NetworkSpace& space() const { return space_; }
  // The instances, at their addresses in this network.
  std::vector<Peer> peers() const;
  // What a workload in it needs of /etc.
  std::vector<process::Bind> binds() const;
  PacketMesh& mesh() { return *mesh_; }

  static constexpr const char* kInterface = "eth0";

 private:
  const RunFile& run_;
  process::NetworkSpace space_;
  std::unique_ptr<PacketMesh> mesh_;
  std::unique_ptr<Relay> server_;  // with network only, as the next
  std::unique_ptr<WayOut> way_out_;
};

}  // namespace clary::agent
