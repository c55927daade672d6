// A network for a workload alone: a network name space that holds a loopback and one device, whose
// packets this process reads and writes. Nothing else leads in or out.
#pragma once

#include <cstdint>
#include <string>

#include "process/file_descriptor.h"

namespace clary::process {

struct NetworkDevice {
  std::string name = "eth0";
  std::uint32_t address = 0;  // IPv4, in the host's byte order
  unsigned prefix_bits = 24;
  int mtu = 65000;
  // Where a socket listens in the name space, on its loopback; no port: there is none.
  std::uint32_t listen_address = 0x7F000001;
  std::uint16_t listen_port = 0;
};

struct NetworkSpace {
  FileDescriptor device;    // non-blocking; one whole IP packet for each read and write
  FileDescriptor network;   // the name space: Command::network
  FileDescriptor user;      // what owns it: Command::user_space; empty when this process is root
  FileDescriptor listener;  // non-blocking; empty without a listen_port
};

// Root makes it as it is; anybody else inside a user name space of its own, where /dev/net/tun may
// be opened. Throws std::system_error saying what was not possible.
NetworkSpace make_network_space(const NetworkDevice& device);

}  // namespace clary::process
