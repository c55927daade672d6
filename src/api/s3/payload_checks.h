// What a request says about its payload (Content-MD5, x-amz-checksum-* in header or trailer), and
// the checksum that is kept with the object.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/request.h"
#include "objects/object_info.h"
#include "wire/checksum.h"

namespace clary::api::s3 {

wire::ChecksumKind kind_of(objects::ChecksumAlgorithm algorithm);
objects::ChecksumAlgorithm algorithm_of(wire::ChecksumKind kind);
// "ChecksumCRC32": the member of inputs and outputs.
std::string checksum_member(objects::ChecksumAlgorithm algorithm);
// The checksums of `item` (a CompletedPart, or an operation's input) by their members.
std::vector<objects::Checksum> checksums_of_members(const json::object& item);
// Adds ChecksumCRC32, ... and, when `type` says so, ChecksumType.
enum class ShowType { kNo, kYes };
void add_checksums(json::object& output, const std::vector<objects::Checksum>& checksums,
                   ShowType type);

// threads: one at a time. errors: ApiError in S3's words (InvalidDigest, BadDigest,
// InvalidRequest).
class PayloadChecks {
 public:
  // `kept` is what is stored when it is set (a part of an upload with that algorithm); else the
  // client's own choice, or CRC-64/NVME, which S3 computes when nothing is asked for.
  PayloadChecks(const RequestHead& head, std::optional<objects::ChecksumAlgorithm> kept);

  void update(std::span<const std::byte> bytes);
  // After the last byte. `trailers` may be nullptr.
  void verify(const Headers* trailers, const std::array<std::byte, 16>& md5);
  // After verify().
  const std::vector<objects::Checksum>& kept() const { return kept_values_; }

 private:
  void read_claims(const RequestHead& head);

  std::optional<std::string> md5_;  // raw
  std::optional<wire::ChecksumKind> claimed_;
  std::string claimed_value_;  // "": it comes in a trailer
  wire::ChecksumKind kept_ = wire::ChecksumKind::kCrc64nvme;
  std::vector<wire::Checksummer> computing_;
  std::vector<objects::Checksum> kept_values_;
};

}  // namespace clary::api::s3
