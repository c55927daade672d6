#include "algorithms/xgboost/own_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstring>
#include <stdexcept>

namespace clary::algorithms::xgboost {
namespace {

std::atomic<std::uint32_t> only_address{INADDR_ANY};  // in network order

}  // namespace

void bind_only_to(const std::string& address) {
  in_addr in = {};
  if (inet_pton(AF_INET, address.c_str(), &in) != 1) {
    throw std::invalid_argument("\"" + address + "\" is no address of IPv4");
  }
  only_address = in.s_addr;
}

}  // namespace clary::algorithms::xgboost

// In place of the C library's, also for libraries that are loaded later: the program exports them
// (CMakeLists.txt), and the dynamic linker looks there first.
extern "C" int bind(int socket, const sockaddr* address, socklen_t size) noexcept {
  sockaddr_in changed = {};
  const std::uint32_t only = clary::algorithms::xgboost::only_address;
  if (only != INADDR_ANY && address != nullptr && size >= sizeof changed &&
      address->sa_family == AF_INET) {
    std::memcpy(&changed, address, sizeof changed);
    if (changed.sin_addr.s_addr == INADDR_ANY) {
      changed.sin_addr.s_addr = only;
      address = reinterpret_cast<const sockaddr*>(&changed);
      size = sizeof changed;
    }
  }
  return static_cast<int>(syscall(SYS_bind, socket, address, size));
}

extern "C" int connect(int socket, const sockaddr* address, socklen_t size) {
  const std::uint32_t only = clary::algorithms::xgboost::only_address;
  sockaddr_in own = {};
  socklen_t own_size = sizeof own;
  if (only != INADDR_ANY && address != nullptr && size >= sizeof own &&
      address->sa_family == AF_INET &&
      getsockname(socket, reinterpret_cast<sockaddr*>(&own), &own_size) == 0 &&
      own.sin_family == AF_INET && own.sin_port == 0 && own.sin_addr.s_addr == INADDR_ANY) {
    const int on = 1;  // the port is chosen when it connects
    setsockopt(socket, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    own.sin_addr.s_addr = only;
    if (syscall(SYS_bind, socket, &own, sizeof own) != 0) return -1;
  }
  return static_cast<int>(syscall(SYS_connect, socket, address, size));
}
