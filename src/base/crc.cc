#include "base/crc.h"

#include <array>
#include <bit>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace clary {
namespace {

static_assert(std::endian::native == std::endian::little);

// Polynomials over GF(2), lowest power in the highest of `Bits` bits, as reflected CRCs keep them.
template <std::uint64_t kPolynomial, int kBits>
struct Field {
  static constexpr std::uint64_t kMask = kBits == 64 ? ~0ULL : (1ULL << kBits) - 1;
  static constexpr std::uint64_t kOne = 1ULL << (kBits - 1);

  static constexpr std::uint64_t times_x(std::uint64_t value) {
    return (value >> 1) ^ ((value & 1) != 0 ? kPolynomial : 0);
  }

  static constexpr std::uint64_t multiply(std::uint64_t a, std::uint64_t b) {
    std::uint64_t product = 0;
    for (std::uint64_t bit = kOne; bit != 0; bit >>= 1) {
      if ((a & bit) != 0) product ^= b;
      b = times_x(b);
    }
    return product;
  }

  // x^exponent
  static constexpr std::uint64_t power(std::uint64_t exponent) {
    std::uint64_t result = kOne, base = times_x(kOne);
    for (; exponent != 0; exponent >>= 1) {
      if ((exponent & 1) != 0) result = multiply(result, base);
      base = multiply(base, base);
    }
    return result;
  }

  // kTables[k][b]: the byte b followed by k zero bytes ("slicing by 8").
  using Tables = std::array<std::array<std::uint64_t, 256>, 8>;
  static constexpr Tables make_tables() {
    Tables tables{};
    for (std::uint64_t byte = 0; byte < 256; ++byte) {
      std::uint64_t value = byte;
      for (int i = 0; i < 8; ++i) value = times_x(value);
      tables[0][byte] = value;
    }
    for (std::size_t k = 1; k < 8; ++k) {
      for (std::size_t byte = 0; byte < 256; ++byte) {
        const std::uint64_t before = tables[k - 1][byte];
        tables[k][byte] = (before >> 8) ^ tables[0][before & 255];
      }
    }
    return tables;
  }
  static constexpr Tables kTables = make_tables();

  // `state` without initial value or inversion.
  static std::uint64_t by_tables(std::uint64_t state, const std::byte* data, std::size_t size) {
    for (; size >= 8; data += 8, size -= 8) {
      std::uint64_t word = 0;
      std::memcpy(&word, data, 8);
      word ^= state;
      state = 0;
      for (std::size_t k = 0; k < 8; ++k) state ^= kTables[7 - k][word >> (8 * k) & 255];
    }
    for (; size > 0; ++data, --size) {
      state = (state >> 8) ^ kTables[0][(state ^ std::to_integer<std::uint64_t>(*data)) & 255];
    }
    return state;
  }

#if defined(__x86_64__)
  // Multiplying a 16-byte lane by x^distance: its earlier half by x^(distance+64), its later half
  // by x^distance, each less one because a product of reflected values comes out shifted by one.
  static constexpr std::uint64_t fold_constant(std::uint64_t exponent) {
    return power(exponent - 1) << (64 - kBits);
  }

  __attribute__((target("pclmul,sse4.1"))) static __m128i fold(__m128i lane, __m128i constants,
                                                               __m128i next) {
    const __m128i early = _mm_clmulepi64_si128(lane, constants, 0x00);
    const __m128i late = _mm_clmulepi64_si128(lane, constants, 0x11);
    return _mm_xor_si128(_mm_xor_si128(early, late), next);
  }

  static constexpr std::array<std::uint64_t, 2> constants_for(std::uint64_t distance) {
    return {fold_constant(distance + 64), fold_constant(distance)};
  }
  static constexpr auto kBy512 = constants_for(512);
  static constexpr auto kBy128 = constants_for(128);

  __attribute__((target("pclmul,sse4.1"))) static __m128i load(const void* at) {
    return _mm_loadu_si128(static_cast<const __m128i*>(at));
  }

  // size >= 64. Four lanes side by side, folded into one of 16 bytes that has the same remainder;
  // the tables finish it with what is left over.
  __attribute__((target("pclmul,sse4.1"))) static std::uint64_t by_folding(std::uint64_t state,
                                                                           const std::byte* data,
                                                                           std::size_t size) {
    std::array<__m128i, 4> lanes;
    for (std::size_t i = 0; i < 4; ++i) lanes[i] = load(data + 16 * i);
    lanes[0] = _mm_xor_si128(lanes[0], _mm_set_epi64x(0, static_cast<long long>(state)));
    data += 64;
    size -= 64;
    const __m128i by512 = load(kBy512.data());
    for (; size >= 64; data += 64, size -= 64) {
      lanes[0] = fold(lanes[0], by512, load(data));
      lanes[1] = fold(lanes[1], by512, load(data + 16));
      lanes[2] = fold(lanes[2], by512, load(data + 32));
      lanes[3] = fold(lanes[3], by512, load(data + 48));
    }
    const __m128i by128 = load(kBy128.data());
    __m128i lane = fold(lanes[0], by128, lanes[1]);
    lane = fold(lane, by128, lanes[2]);
    lane = fold(lane, by128, lanes[3]);
    for (; size >= 16; data += 16, size -= 16) lane = fold(lane, by128, load(data));
    std::array<std::byte, 16> rest;
    std::memcpy(rest.data(), &lane, 16);
    return by_tables(by_tables(0, rest.data(), rest.size()), data, size);
  }
#endif

  static std::uint64_t update(std::uint64_t crc, std::span<const std::byte> bytes, bool portable) {
    const std::uint64_t state = crc ^ kMask;
#if defined(__x86_64__)
    static const bool folds =
        __builtin_cpu_supports("pclmul") != 0 && __builtin_cpu_supports("sse4.1") != 0;
    if (folds && !portable && bytes.size() >= 64) {
      return by_folding(state, bytes.data(), bytes.size()) ^ kMask;
    }
#endif
    static_cast<void>(portable);
    return by_tables(state, bytes.data(), bytes.size()) ^ kMask;
  }

  // x^(8 n) overflows no counter: 8 n is taken apart as three doublings of n.
  static std::uint64_t combine(std::uint64_t a, std::uint64_t b, std::uint64_t b_bytes) {
    std::uint64_t shift = power(b_bytes);
    for (int i = 0; i < 3; ++i) shift = multiply(shift, shift);
    return multiply(a, shift) ^ b;
  }
};

using Crc32 = Field<0xEDB88320, 32>;
using Crc32c = Field<0x82F63B78, 32>;
using Crc64nvme = Field<0x9A6C9329AC4BC9B5, 64>;

std::uint64_t dispatch(CrcKind kind, std::uint64_t crc, std::span<const std::byte> bytes,
                       bool portable) {
  switch (kind) {
    case CrcKind::kCrc32:
      return Crc32::update(crc, bytes, portable);
    case CrcKind::kCrc32c:
      return Crc32c::update(crc, bytes, portable);
    case CrcKind::kCrc64nvme:
      break;
  }
  return Crc64nvme::update(crc, bytes, portable);
}

}  // namespace

std::uint64_t crc_update(CrcKind kind, std::uint64_t crc, std::span<const std::byte> bytes) {
  return dispatch(kind, crc, bytes, false);
}

std::uint64_t crc_update_portable(CrcKind kind, std::uint64_t crc,
                                  std::span<const std::byte> bytes) {
  return dispatch(kind, crc, bytes, true);
}

std::uint64_t crc_combine(CrcKind kind, std::uint64_t a, std::uint64_t b, std::uint64_t b_bytes) {
  switch (kind) {
    case CrcKind::kCrc32:
      return Crc32::combine(a, b, b_bytes);
    case CrcKind::kCrc32c:
      return Crc32c::combine(a, b, b_bytes);
    case CrcKind::kCrc64nvme:
      break;
  }
  return Crc64nvme::combine(a, b, b_bytes);
}

}  // namespace clary
