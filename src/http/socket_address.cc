#include "http/socket_address.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <cstring>
#include <memory>

namespace clary::http {

SocketAddress socket_address(const Address& address) {
  SocketAddress result;
  if (!address.unix_path.empty()) {
    auto& local = reinterpret_cast<sockaddr_un&>(result.storage);
    if (address.unix_path.size() >= sizeof local.sun_path) {
      throw ClientError(ClientError::Kind::kConnect,
                        "the socket path is too long: " + address.unix_path);
    }
    local.sun_family = AF_UNIX;
    std::memcpy(local.sun_path, address.unix_path.c_str(), address.unix_path.size() + 1);
    result.length = sizeof local;
    return result;
  }
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int error =
      ::getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &found);
  if (error != 0) {
    throw ClientError(ClientError::Kind::kConnect,
                      "cannot find " + address.host + ": " + ::gai_strerror(error));
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, ::freeaddrinfo);
  std::memcpy(&result.storage, found->ai_addr, found->ai_addrlen);
  result.length = found->ai_addrlen;
  return result;
}

}  // namespace clary::http
