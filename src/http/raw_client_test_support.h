// A socket that sends exactly what a test says: for requests no client would make.
#pragma once

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace clary::http {

class RawClient {
 public:
  explicit RawClient(std::uint16_t port) : file_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(file_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  ~RawClient() { ::close(file_); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  bool connected() const { return connected_; }
  int file() const { return file_; }
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto sent = ::send(file_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  void end_sending() { ::shutdown(file_, SHUT_WR); }

  // Until `end` is in it, the peer closes, or the time is up.
  std::string read_until(std::string_view end, std::chrono::milliseconds limit) {
    std::string text;
    const auto stop = std::chrono::steady_clock::now() + limit;
    while (end.empty() || text.find(end) == std::string::npos) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
          stop - std::chrono::steady_clock::now());
      pollfd waited{file_, POLLIN, 0};
      if (left.count() <= 0 || ::poll(&waited, 1, static_cast<int>(left.count())) <= 0) break;
      char piece[4096];
      const auto got = ::recv(file_, piece, sizeof piece, 0);
      if (got <= 0) {
        closed_ = true;
        break;
      }
      text.append(piece, static_cast<std::size_t>(got));
    }
    return text;
  }
  std::string read_all(std::chrono::milliseconds limit = std::chrono::seconds(10)) {
    return read_until("", limit);
  }
  bool closed() const { return closed_; }

 private:
  int file_;
  bool connected_ = false;
  bool closed_ = false;
};

}  // namespace clary::http
