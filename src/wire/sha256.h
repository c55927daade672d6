// SHA-256 and HMAC-SHA-256 as signatures need them: many short messages, no allocation each.
#pragma once

#include <array>
#include <cstddef>
#include <initializer_list>
#include <memory>
#include <span>
#include <string_view>

struct evp_md_ctx_st;

namespace clary::wire {

using Sha256Digest = std::array<std::byte, 32>;

// threads: one at a time. Throws std::bad_alloc only.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&& other) noexcept;
  Sha256& operator=(Sha256&& other) noexcept;

  void update(std::span<const std::byte> bytes);
  void update(std::string_view bytes) { update(std::as_bytes(std::span(bytes))); }
  // The digest of all bytes since construction or the last finish(); starts anew.
  Sha256Digest finish();

 private:
  evp_md_ctx_st* context_;
};

Sha256Digest sha256(std::string_view bytes);
// Of the parts, one after another.
Sha256Digest hmac_sha256(std::span<const std::byte> key,
                         std::initializer_list<std::string_view> message);

// The 64 hex digits in a fixed buffer, for comparing and appending without allocation.
struct HexDigest {
  std::array<char, 64> digits;
  std::string_view view() const { return {digits.data(), digits.size()}; }
};
HexDigest hex_digest(const Sha256Digest& digest);

}  // namespace clary::wire
