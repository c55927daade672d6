// Reflected CRCs of 32 and 64 bits, by carry-less multiplication where the processor has it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace clary {

enum class CrcKind { kCrc32, kCrc32c, kCrc64nvme };

// Continues `crc` (0 for the first bytes) over `bytes`: initial value and final inversion are
// inside, as in zlib's crc32().
std::uint64_t crc_update(CrcKind kind, std::uint64_t crc, std::span<const std::byte> bytes);
// The same by tables alone: what other processors run, and what tests compare with.
std::uint64_t crc_update_portable(CrcKind kind, std::uint64_t crc,
                                  std::span<const std::byte> bytes);
// The CRC of A followed by B, from crc(A), crc(B) and B's length.
std::uint64_t crc_combine(CrcKind kind, std::uint64_t a, std::uint64_t b, std::uint64_t b_bytes);

}  // namespace clary
