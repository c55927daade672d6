#include "agent/network/peer_link.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <string.h>
#include <sys/socket.h>

namespace clary::agent {
namespace {

// One record of TLS fits whatever stands before it, so that nothing of it stays with OpenSSL, where
// epoll does not see it.
constexpr std::size_t kRecordBytes = 16 * 1024;
constexpr std::size_t kBufferBytes = kLongestPacket + 1 + 4 * kRecordBytes;
constexpr int kRoundsEach = 8;  // then the other links

}  // namespace

PeerLink::PeerLink(process::FileDescriptor socket, SslPointer ssl)
    : socket_(std::move(socket)), ssl_(std::move(ssl)), in_(kBufferBytes) {}

void PeerLink::look_at(int result) {
  const int error = SSL_get_error(ssl_.get(), result);
  ERR_clear_error();
  if (error == SSL_ERROR_WANT_READ) return;
  if (error == SSL_ERROR_WANT_WRITE) {
    wants_write_ = true;
  } else {
    is_ = error == SSL_ERROR_ZERO_RETURN ? Is::kLeft : Is::kBroken;
  }
}

void PeerLink::shake_hands() {
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_.get());
  if (result != 1) return look_at(result);
  is_ = JobTls::peer_of(ssl_) ? Is::kUp : Is::kBroken;
}

bool PeerLink::hand_out(const std::function<void(const PacketHead&, PacketBytes)>& take) {
  std::size_t at = 0;
  while (true) {
    const PacketBytes rest(in_.data() + at, filled_ - at);
    PacketHead head;
    const PacketStart start = look_at_packet(rest, head);
    if (start == PacketStart::kNone) return false;
    if (start == PacketStart::kNeedsMore) break;
    take(head, rest.first(head.size));
    at += head.size;
  }
  if (at > 0) memmove(in_.data(), in_.data() + at, filled_ - at);
  filled_ -= at;
  return true;
}

void PeerLink::receive(const std::function<void(const PacketHead&, PacketBytes)>& take) {
  for (int round = 0; round < kRoundsEach && is_ == Is::kUp; ++round) {
    ERR_clear_error();
    while (is_ == Is::kUp && in_.size() - filled_ >= kRecordBytes) {
      std::size_t got = 0;
      const int result = SSL_read_ex(ssl_.get(), in_.data() + filled_, in_.size() - filled_, &got);
      if (result != 1) {
        const bool whole = hand_out(take);
        look_at(result);
        if (!whole) is_ = Is::kBroken;
        return;
      }
      filled_ += got;
    }
    if (!hand_out(take)) is_ = Is::kBroken;
  }
}

PeerLink::Is PeerLink::advance(const std::function<void(const PacketHead&, PacketBytes)>& take) {
  wants_write_ = false;
  if (is_ == Is::kOpening) shake_hands();
  if (is_ == Is::kUp) receive(take);
  if (is_ == Is::kUp) flush();
  return is_;
}

void PeerLink::add(PacketBytes packet) {
  out_.insert(out_.end(), packet.begin(), packet.end());
}

void PeerLink::flush() {
  ERR_clear_error();
  while (is_ == Is::kUp && waiting() > 0) {
    std::size_t sent = 0;
    const int result = SSL_write_ex(ssl_.get(), out_.data() + sent_, waiting(), &sent);
    if (result != 1) {
      look_at(result);
      break;
    }
    sent_ += sent;
  }
  if (waiting() == 0) {
    out_.clear();
    sent_ = 0;
  } else if (sent_ >= kMostWaiting) {
    out_.erase(out_.begin(), out_.begin() + static_cast<std::ptrdiff_t>(sent_));
    sent_ = 0;
  }
}

void PeerLink::leave() {
  if (is_ != Is::kUp || waiting() > 0) return;
  ERR_clear_error();
  SSL_shutdown(ssl_.get());
  ::shutdown(socket_.get(), SHUT_WR);
}

}  // namespace clary::agent
