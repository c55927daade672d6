#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/json.h"
#include "containers/runtime.h"

namespace clary::containers {
namespace {

constexpr int kTimeoutMilliseconds = 120'000;  // Podman sets the container up meanwhile
constexpr std::size_t kLongestAnswer = 64 * 1024;

[[noreturn]] void unreachable(const std::filesystem::path& socket, const std::string& why) {
  throw RuntimeError(0, "the container runtime at " + socket.string() + " does not answer: " + why);
}

int connect_to(const std::filesystem::path& path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.native().size() >= sizeof address.sun_path) unreachable(path, "its path is too long");
  std::memcpy(address.sun_path, path.c_str(), path.native().size());
  const int file = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (file < 0) unreachable(path, std::strerror(errno));
  if (::connect(file, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    const int error = errno;
    ::close(file);
    unreachable(path, std::strerror(error));
  }
  return file;
}

// The length that a head announces for its body; what is there of it need not be all.
std::size_t body_length(std::string_view head) {
  constexpr std::string_view kName = "\r\nContent-Length: ";
  const auto at = head.find(kName);
  if (at == std::string_view::npos) return 0;
  return static_cast<std::size_t>(
      std::atoi(std::string(head.substr(at + kName.size(), 8)).c_str()));
}

unsigned status_of(std::string_view head) {
  constexpr std::string_view kVersion = "HTTP/1.1 ";
  if (!head.starts_with(kVersion)) return 500;
  return static_cast<unsigned>(std::atoi(std::string(head.substr(kVersion.size(), 3)).c_str()));
}

}  // namespace

Attachment::Attachment(const std::filesystem::path& socket, const std::string& id)
    : socket_(connect_to(socket)) {
  const std::string request = "POST /v1.41/containers/" + id +
                              "/attach?stream=1&stdout=1&stderr=1"
                              " HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n"
                              "Upgrade: tcp\r\nContent-Length: 0\r\n\r\n";
  const auto refuse = [&](const std::string& why) {
    ::close(std::exchange(socket_, -1));
    unreachable(socket, why);
  };
  if (::send(socket_, request.data(), request.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(request.size())) {
    refuse("it takes no request");
  }
  std::string answer;
  std::array<char, 4096> piece;
  std::size_t end = std::string::npos;
  while (true) {
    end = answer.find("\r\n\r\n");
    if (end != std::string::npos) {
      const std::string_view head = std::string_view(answer).substr(0, end);
      const std::size_t wanted = status_of(head) < 400 ? 0 : body_length(head);
      if (answer.size() >= end + 4 + wanted) break;
    }
    if (answer.size() > kLongestAnswer) refuse("its answer has no end");
    pollfd waited{socket_, POLLIN, 0};
    if (::poll(&waited, 1, kTimeoutMilliseconds) <= 0) refuse("no answer came in time");
    const ssize_t got = ::recv(socket_, piece.data(), piece.size(), 0);
    if (got <= 0) refuse("it closed the connection");
    answer.append(piece.data(), static_cast<std::size_t>(got));
  }
  first_ = answer.substr(end + 4);
  if (const unsigned status = status_of(answer); status >= 400) {
    ::close(std::exchange(socket_, -1));
    boost::system::error_code error;
    const json::value value = json::parse(first_, error);
    const std::string message =
        !error && value.is_object() ? string_or(value.get_object(), "message") : first_;
    throw RuntimeError(status, message);
  }
}

Attachment::~Attachment() {
  if (socket_ >= 0) ::close(socket_);
}

}  // namespace clary::containers
