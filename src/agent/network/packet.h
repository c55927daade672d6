// IPv4 packets, as much of them as carrying them takes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace clary::agent {

using PacketBytes = std::span<const std::uint8_t>;

inline constexpr std::size_t kShortestPacket = 20;
inline constexpr std::size_t kLongestPacket = 65535;

struct PacketHead {
  std::size_t size = 0;  // of the whole packet
  std::uint32_t source = 0, destination = 0;
};

// Of the packet that `bytes` begin with. Nullopt when that is none. `size` may be more than there
// is.
std::optional<PacketHead> read_packet_head(PacketBytes bytes);

// What can be known of a stream of packets before a whole head is there: whether it goes on.
enum class PacketStart { kNeedsMore, kPacket, kNone };
PacketStart look_at_packet(PacketBytes bytes, PacketHead& head);

}  // namespace clary::agent
