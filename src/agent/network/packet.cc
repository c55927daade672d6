#include "agent/network/packet.h"

namespace clary::agent {
namespace {

std::uint32_t number_at(PacketBytes bytes, std::size_t at) {
  return static_cast<std::uint32_t>(bytes[at]) << 24 |
         static_cast<std::uint32_t>(bytes[at + 1]) << 16 |
         static_cast<std::uint32_t>(bytes[at + 2]) << 8 | static_cast<std::uint32_t>(bytes[at + 3]);
}

}  // namespace

std::optional<PacketHead> read_packet_head(PacketBytes bytes) {
  if (bytes.size() < kShortestPacket || bytes[0] >> 4 != 4) return std::nullopt;
  const std::size_t head_size = std::size_t{4} * (bytes[0] & 0xF);
  PacketHead head;
  head.size = static_cast<std::size_t>(bytes[2]) << 8 | bytes[3];
  if (head_size < kShortestPacket || head.size < head_size) return std::nullopt;
  head.source = number_at(bytes, 12);
  head.destination = number_at(bytes, 16);
  return head;
}

PacketStart look_at_packet(PacketBytes bytes, PacketHead& head) {
  if (bytes.size() < kShortestPacket) {
    return bytes.empty() || bytes[0] >> 4 == 4 ? PacketStart::kNeedsMore : PacketStart::kNone;
  }
  const auto found = read_packet_head(bytes);
  if (!found) return PacketStart::kNone;
  head = *found;
  return head.size <= bytes.size() ? PacketStart::kPacket : PacketStart::kNeedsMore;
}

}  // namespace clary::agent
