#include "wire/checksum.h"

#include <openssl/evp.h>

#include <array>
#include <new>
#include <utility>

#include "base/crc.h"
#include "base/text.h"

namespace clary::wire {
namespace {

struct Names {
  ChecksumKind kind;
  std::string_view name, header;
  std::size_t size;
};
constexpr std::array<Names, 5> kNames = {{
    {ChecksumKind::kCrc32, "CRC32", "x-amz-checksum-crc32", 4},
    {ChecksumKind::kCrc32c, "CRC32C", "x-amz-checksum-crc32c", 4},
    {ChecksumKind::kCrc64nvme, "CRC64NVME", "x-amz-checksum-crc64nvme", 8},
    {ChecksumKind::kSha1, "SHA1", "x-amz-checksum-sha1", 20},
    {ChecksumKind::kSha256, "SHA256", "x-amz-checksum-sha256", 32},
}};

const Names& names_of(ChecksumKind kind) {
  return kNames[static_cast<std::size_t>(kind)];
}

std::optional<CrcKind> crc_kind(ChecksumKind kind) {
  switch (kind) {
    case ChecksumKind::kCrc32:
      return CrcKind::kCrc32;
    case ChecksumKind::kCrc32c:
      return CrcKind::kCrc32c;
    case ChecksumKind::kCrc64nvme:
      return CrcKind::kCrc64nvme;
    case ChecksumKind::kSha1:
    case ChecksumKind::kSha256:
      break;
  }
  return std::nullopt;
}

std::string big_endian(std::uint64_t value, std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) {
    bytes[size - 1 - i] = static_cast<char>(value >> (8 * i) & 255);
  }
  return bytes;
}

// The raw bytes of a Base64 checksum of that kind.
std::optional<std::string> raw_checksum(ChecksumKind kind, std::string_view text) {
  auto bytes = unbase64(text);
  if (!bytes || bytes->size() != names_of(kind).size) return std::nullopt;
  return bytes;
}

// Fetched once, as in sha256.cc.
const EVP_MD* algorithm(ChecksumKind kind) {
  static EVP_MD* const sha1 = EVP_MD_fetch(nullptr, "SHA1", nullptr);
  static EVP_MD* const sha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return kind == ChecksumKind::kSha1 ? sha1 : sha256;
}

}  // namespace

struct Checksummer::Digest {
  explicit Digest(ChecksumKind kind) : context(EVP_MD_CTX_new()) {
    if (context == nullptr || EVP_DigestInit_ex2(context, algorithm(kind), nullptr) != 1) {
      EVP_MD_CTX_free(context);
      throw std::bad_alloc();
    }
  }
  ~Digest() { EVP_MD_CTX_free(context); }
  Digest(const Digest&) = delete;
  Digest& operator=(const Digest&) = delete;

  EVP_MD_CTX* context;
};

std::string_view checksum_name(ChecksumKind kind) {
  return names_of(kind).name;
}

std::optional<ChecksumKind> checksum_kind(std::string_view name) {
  for (const Names& names : kNames) {
    if (equals_ignore_case(names.name, name)) return names.kind;
  }
  return std::nullopt;
}

std::string_view checksum_header(ChecksumKind kind) {
  return names_of(kind).header;
}

std::optional<ChecksumKind> checksum_of_header(std::string_view header) {
  for (const Names& names : kNames) {
    if (equals_ignore_case(names.header, header)) return names.kind;
  }
  return std::nullopt;
}

std::size_t checksum_size(ChecksumKind kind) {
  return names_of(kind).size;
}

Checksummer::Checksummer(ChecksumKind kind) : kind_(kind) {
  if (!crc_kind(kind)) digest_ = std::make_unique<Digest>(kind);
}
Checksummer::~Checksummer() = default;
Checksummer::Checksummer(Checksummer&& other) noexcept = default;
Checksummer& Checksummer::operator=(Checksummer&& other) noexcept = default;

void Checksummer::update(std::span<const std::byte> bytes) {
  if (bytes.empty()) return;
  if (const auto crc = crc_kind(kind_)) {
    crc_ = crc_update(*crc, crc_, bytes);
  } else {
    EVP_DigestUpdate(digest_->context, bytes.data(), bytes.size());
  }
}

std::string Checksummer::finish() {
  if (digest_ == nullptr) return base64(big_endian(crc_, checksum_size(kind_)));
  std::string raw(checksum_size(kind_), '\0');
  unsigned size = 0;
  EVP_DigestFinal_ex(digest_->context, reinterpret_cast<unsigned char*>(raw.data()), &size);
  return base64(raw);
}

std::string checksum_base64(ChecksumKind kind, std::string_view bytes) {
  Checksummer checksummer(kind);
  checksummer.update(as_bytes(bytes));
  return checksummer.finish();
}

std::optional<std::string> full_object_checksum(ChecksumKind kind,
                                                std::span<const PartChecksum> parts) {
  const auto crc = crc_kind(kind);
  if (!crc) return std::nullopt;
  std::uint64_t whole = 0;
  for (const PartChecksum& part : parts) {
    const auto raw = raw_checksum(kind, part.value);
    if (!raw) return std::nullopt;
    std::uint64_t value = 0;
    for (const char c : *raw) value = value << 8 | static_cast<unsigned char>(c);
    whole = crc_combine(*crc, whole, value, part.size);
  }
  return base64(big_endian(whole, checksum_size(kind)));
}

std::optional<std::string> composite_checksum(ChecksumKind kind,
                                              std::span<const PartChecksum> parts) {
  Checksummer checksummer(kind);
  for (const PartChecksum& part : parts) {
    const auto raw = raw_checksum(kind, part.value);
    if (!raw) return std::nullopt;
    checksummer.update(as_bytes(*raw));
  }
  return checksummer.finish() + "-" + std::to_string(parts.size());
}

}  // namespace clary::wire
