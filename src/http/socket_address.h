// Where to connect, in the kernel's form.
#pragma once

#include <sys/socket.h>

#include "http/client.h"

namespace clary::http {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;
};

// blocks: when `host` is a name rather than a number, for its look-up. Throws ClientError.
SocketAddress socket_address(const Address& address);

}  // namespace clary::http
