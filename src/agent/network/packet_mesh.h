// Carries IP packets between the networks of a job's instances, over one TLS connection for each
// pair of agents. docs/decisions/job-network.md.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "process/file_descriptor.h"

namespace clary::agent {

struct MeshOptions {
  process::FileDescriptor device;        // of this instance: one packet for each read and write
  std::vector<std::uint32_t> addresses;  // of all instances in that network, in the host's order
  int own = 0;                           // this instance's index
  std::string secret;                    // what the agents of this job, and nobody else, know
  std::string listen_address;            // of this machine, as the other agents reach it
  // For all to be connected, once they know each other; for a connection that broke to be made
  // again, meanwhile packets are lost.
  std::chrono::milliseconds meet_time{60000}, rejoin_time{30000};
};

// owns: a thread. threads: one, besides it.
class PacketMesh {
 public:
  // Listens from now on. Throws StorageError.
  PacketMesh(MeshOptions options, const Clock& clock);
  // Says goodbye to the others. blocks: until what was said has reached them, two seconds at most.
  ~PacketMesh();
  PacketMesh(const PacketMesh&) = delete;
  PacketMesh& operator=(const PacketMesh&) = delete;

  // Where this agent is reached: "10.0.0.7:40113".
  const std::string& endpoint() const { return endpoint_; }
  // Connects to the others, whose endpoints these are, in order and with its own. Those that were
  // told earlier may have connected already; met() is not true before this call.
  void meet(std::vector<std::string> endpoints);
  // Readable when all are connected, and again when one is lost for good.
  int event() const;
  bool met() const;
  // Whom it could not reach or has lost, and why; "" as long as all is well.
  std::string failure() const;

 private:
  struct Shared;
  struct Loop;
  std::string endpoint_;
  std::shared_ptr<Shared> shared_;
  std::thread thread_;
};

}  // namespace clary::agent
