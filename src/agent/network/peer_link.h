// A connection that carries the packets of two instances, each way, with what waits to be sent.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "agent/network/job_tls.h"
#include "agent/network/packet.h"
#include "process/file_descriptor.h"

namespace clary::agent {

// threads: one. blocks: never; its socket is non-blocking.
class PeerLink {
 public:
  enum class Is { kOpening, kUp, kLeft, kBroken };

  PeerLink(process::FileDescriptor socket, SslPointer ssl);

  int socket() const { return socket_.get(); }
  Is is() const { return is_; }
  std::optional<int> peer() const { return JobTls::peer_of(ssl_); }

  // Moves what can be moved, handing out whole packets. kLeft: the other side said goodbye.
  Is advance(const std::function<void(const PacketHead&, PacketBytes)>& take);
  // Takes a packet to send with the next flush(), whatever room() says.
  void add(PacketBytes packet);
  void flush();
  bool room() const { return waiting() < kMostWaiting; }
  bool wants_write() const { return wants_write_ || waiting() > 0; }
  // Says goodbye, once everything has been sent; the other side answers by closing.
  void leave();

 private:
  static constexpr std::size_t kMostWaiting = std::size_t{4} << 20;

  std::size_t waiting() const { return out_.size() - sent_; }
  void shake_hands();
  void receive(const std::function<void(const PacketHead&, PacketBytes)>& take);
  bool hand_out(const std::function<void(const PacketHead&, PacketBytes)>& take);
  // What came of a call that returned `result`.
  void look_at(int result);

  const process::FileDescriptor socket_;
  const SslPointer ssl_;
  Is is_ = Is::kOpening;
  bool wants_write_ = true;       // also while it connects
  std::vector<std::uint8_t> in_;  // received; the first filled_ bytes
  std::size_t filled_ = 0;
  std::vector<std::uint8_t> out_;  // to send, from sent_ on
  std::size_t sent_ = 0;
};

}  // namespace clary::agent
