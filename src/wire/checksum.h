// The checksums that S3 clients send: computed as bytes pass, combined for multipart objects.
// Source: "Checking object integrity for data uploads in Amazon S3".
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace clary::wire {

enum class ChecksumKind { kCrc32, kCrc32c, kCrc64nvme, kSha1, kSha256 };

// "CRC32", as in x-amz-sdk-checksum-algorithm and ChecksumAlgorithm.
std::string_view checksum_name(ChecksumKind kind);
std::optional<ChecksumKind> checksum_kind(std::string_view name);  // ignores case
// "x-amz-checksum-crc32", for headers and trailers alike.
std::string_view checksum_header(ChecksumKind kind);
std::optional<ChecksumKind> checksum_of_header(std::string_view header);  // ignores case
std::size_t checksum_size(ChecksumKind kind);                             // in bytes, before Base64

// threads: one at a time.
class Checksummer {
 public:
  explicit Checksummer(ChecksumKind kind);
  ~Checksummer();
  Checksummer(Checksummer&& other) noexcept;
  Checksummer& operator=(Checksummer&& other) noexcept;

  void update(std::span<const std::byte> bytes);
  ChecksumKind kind() const { return kind_; }
  // Base64 of all bytes so far (CRCs in big-endian order). Ends the computation.
  std::string finish();

 private:
  struct Digest;
  ChecksumKind kind_;
  std::uint64_t crc_ = 0;
  std::unique_ptr<Digest> digest_;  // SHA only
};

std::string checksum_base64(ChecksumKind kind, std::string_view bytes);

// A part's checksum as Base64, and its length.
struct PartChecksum {
  std::string value;
  std::uint64_t size = 0;
};
// The checksum of the parts' bytes one after another: only CRCs can do that. Nullopt for SHA, and
// when a value is no checksum of that kind.
std::optional<std::string> full_object_checksum(ChecksumKind kind,
                                                std::span<const PartChecksum> parts);
// S3's checksum of checksums, with "-N". Nullopt when a value is no checksum of that kind.
std::optional<std::string> composite_checksum(ChecksumKind kind,
                                              std::span<const PartChecksum> parts);

}  // namespace clary::wire
