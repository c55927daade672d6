// Where to connect, in the kernel's form.
#pragma once

#include <sys/socket.h>

#include <memory>

#include "http/client.h"

namespace clary::http {

// Valid while it lives.
struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;
  // Of a path: the socket itself, held open. Who may write to the socket's folder (a workload may)
  // could otherwise put a link there and have us talk to any socket of the machine.
  std::shared_ptr<const int> socket_file;
};

// blocks: when `host` is a name rather than a number, for its look-up. Throws ClientError.
SocketAddress socket_address(const Address& address);

}  // namespace clary::http
