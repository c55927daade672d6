#include "http/socket_address.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <memory>

namespace clary::http {
namespace {

std::shared_ptr<const int> open_socket_file(const std::string& path) {
  const int file = ::open(path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC);
  if (file < 0) {
    throw ClientError(ClientError::Kind::kConnect,
                      "cannot connect to " + path + ": " + std::strerror(errno));
  }
  std::shared_ptr<const int> opened(new int(file), [](const int* number) {
    ::close(*number);
    delete number;
  });
  struct stat status = {};
  if (::fstat(file, &status) != 0 || !S_ISSOCK(status.st_mode)) {
    throw ClientError(ClientError::Kind::kConnect, path + " is no socket");
  }
  return opened;
}

}  // namespace

SocketAddress socket_address(const Address& address) {
  SocketAddress result;
  if (!address.unix_path.empty()) {
    auto& local = reinterpret_cast<sockaddr_un&>(result.storage);
    if (address.unix_path.size() >= sizeof local.sun_path) {
      throw ClientError(ClientError::Kind::kConnect,
                        "the socket path is too long: " + address.unix_path);
    }
    local.sun_family = AF_UNIX;
    result.socket_file = open_socket_file(address.unix_path);
    const std::string opened = "/proc/self/fd/" + std::to_string(*result.socket_file);
    std::memcpy(local.sun_path, opened.c_str(), opened.size() + 1);
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
