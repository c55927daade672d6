#include "wire/checksum.h"

#include <gtest/gtest.h>

#include <chrono>

#include "base/crc.h"
#include "base/text.h"

namespace clary::wire {
namespace {

constexpr std::array<CrcKind, 3> kCrcs = {CrcKind::kCrc32, CrcKind::kCrc32c, CrcKind::kCrc64nvme};

// The check values of the catalogue of parametrised CRC algorithms.
TEST(Crc, CheckValues) {
  const auto bytes = as_bytes("123456789");
  EXPECT_EQ(crc_update(CrcKind::kCrc32, 0, bytes), 0xCBF43926U);
  EXPECT_EQ(crc_update(CrcKind::kCrc32c, 0, bytes), 0xE3069283U);
  EXPECT_EQ(crc_update(CrcKind::kCrc64nvme, 0, bytes), 0xAE8B14860A799888U);
}

std::string noise(std::size_t size) {
  std::string bytes(size, '\0');
  std::uint64_t state = 88172645463325252U;
  for (char& c : bytes) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    c = static_cast<char>(state & 255);
  }
  return bytes;
}

TEST(Crc, FoldingAgreesWithTablesForEveryLengthAndSplit) {
  const std::string bytes = noise(400);
  for (const CrcKind kind : kCrcs) {
    for (std::size_t size = 0; size <= bytes.size(); ++size) {
      const auto all = as_bytes(std::string_view(bytes).substr(0, size));
      const std::uint64_t whole = crc_update_portable(kind, 0, all);
      ASSERT_EQ(crc_update(kind, 0, all), whole) << size;
      const std::size_t cut = size * 2 / 3;
      const std::uint64_t first = crc_update(kind, 0, all.first(cut));
      ASSERT_EQ(crc_update(kind, first, all.subspan(cut)), whole) << size;
      ASSERT_EQ(crc_combine(kind, first, crc_update(kind, 0, all.subspan(cut)), size - cut), whole)
          << size;
    }
  }
}

TEST(Crc, CombinesAcrossLengthsBeyond32Bits) {
  // Appending zero bytes one by one and by combination: lengths whose bits number exceeds 2^32.
  const std::uint64_t zeros = std::uint64_t{1} << 40;
  for (const CrcKind kind : kCrcs) {
    const std::uint64_t a = crc_update(kind, 0, as_bytes("a"));
    const std::uint64_t b = crc_update(kind, 0, as_bytes("b"));
    const std::uint64_t left = crc_combine(kind, crc_combine(kind, a, b, zeros), b, zeros);
    const std::uint64_t right = crc_combine(kind, a, crc_combine(kind, b, b, zeros), 2 * zeros);
    EXPECT_EQ(left, right);
  }
}

TEST(Checksum, KnownValues) {
  EXPECT_EQ(checksum_base64(ChecksumKind::kCrc32, ""), "AAAAAA==");
  EXPECT_EQ(checksum_base64(ChecksumKind::kCrc32, "123456789"), "y/Q5Jg==");
  EXPECT_EQ(checksum_base64(ChecksumKind::kSha1, "abc"), "qZk+NkcGgWq6PiVxeFDCbJzQ2J0=");
  EXPECT_EQ(checksum_base64(ChecksumKind::kSha256, ""),
            "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
  // The trailer of the chunked-upload example of S3's documentation: 65 KiB of 'a'.
  EXPECT_EQ(checksum_base64(ChecksumKind::kCrc32c, std::string(65 * 1024, 'a')), "sOO8/Q==");
}

TEST(Checksum, NamesAndHeaders) {
  for (const auto kind : {ChecksumKind::kCrc32, ChecksumKind::kCrc32c, ChecksumKind::kCrc64nvme,
                          ChecksumKind::kSha1, ChecksumKind::kSha256}) {
    EXPECT_EQ(checksum_kind(checksum_name(kind)), kind);
    EXPECT_EQ(checksum_of_header(checksum_header(kind)), kind);
    EXPECT_EQ(unbase64(checksum_base64(kind, "x"))->size(), checksum_size(kind));
  }
  EXPECT_EQ(checksum_kind("crc64nvme"), ChecksumKind::kCrc64nvme);
  EXPECT_FALSE(checksum_kind("MD5").has_value());
}

TEST(Checksum, PartsCombine) {
  const std::string bytes = noise(10000);
  for (const auto kind : {ChecksumKind::kCrc32, ChecksumKind::kCrc32c, ChecksumKind::kCrc64nvme}) {
    std::vector<PartChecksum> parts;
    for (const auto& [from, size] : {std::pair{0, 5000}, {5000, 1}, {5001, 0}, {5001, 4999}}) {
      const auto piece = std::string_view(bytes).substr(static_cast<std::size_t>(from),
                                                        static_cast<std::size_t>(size));
      parts.push_back({checksum_base64(kind, piece), piece.size()});
    }
    EXPECT_EQ(full_object_checksum(kind, parts), checksum_base64(kind, bytes));
    parts[0].value = "short";
    EXPECT_FALSE(full_object_checksum(kind, parts).has_value());
  }
  const std::vector<PartChecksum> two = {{checksum_base64(ChecksumKind::kSha256, "a"), 1},
                                         {checksum_base64(ChecksumKind::kSha256, "b"), 1}};
  EXPECT_FALSE(full_object_checksum(ChecksumKind::kSha256, two).has_value());
  const std::string raw = *unbase64(two[0].value) + *unbase64(two[1].value);
  EXPECT_EQ(composite_checksum(ChecksumKind::kSha256, two),
            checksum_base64(ChecksumKind::kSha256, raw) + "-2");
}

TEST(Checksum, Speed) {
  const std::string bytes = noise(8 << 20);
  for (const auto kind : {ChecksumKind::kCrc32, ChecksumKind::kCrc32c, ChecksumKind::kCrc64nvme,
                          ChecksumKind::kSha1, ChecksumKind::kSha256}) {
    const auto start = std::chrono::steady_clock::now();
    checksum_base64(kind, bytes);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    std::printf("[          ] %-9s %.1f GB/s\n", std::string(checksum_name(kind)).c_str(),
                static_cast<double>(bytes.size()) / took.count() / 1e9);
  }
}

}  // namespace
}  // namespace clary::wire
