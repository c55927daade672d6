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

// In place of the C library's, also for libraries that are loaded later: the program exports it
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
