#include "api/s3/upload_checksums.h"

#include "api/s3/payload_checks.h"
#include "base/text.h"
#include "wire/api_error.h"

namespace clary::api::s3 {

using objects::ChecksumAlgorithm;
using wire::ApiError;

void choose_checksum(const json::object& input, objects::UploadInfo& upload) {
  const auto algorithm = find_string(input, "ChecksumAlgorithm");
  const auto type = find_string(input, "ChecksumType");
  if (!algorithm) {
    if (type) {
      throw ApiError("InvalidRequest",
                     "The x-amz-checksum-type header can only be used with the "
                     "x-amz-checksum-algorithm header.",
                     400);
    }
    upload.full_object_checksum = true;
    return;
  }
  const auto kind = wire::checksum_kind(*algorithm);
  if (!kind) {
    throw ApiError("InvalidRequest",
                   "Checksum algorithm provided is unsupported. Please try again with any of the "
                   "valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]",
                   400);
  }
  upload.checksum_algorithm = algorithm_of(*kind);
  const bool sha = *kind == wire::ChecksumKind::kSha1 || *kind == wire::ChecksumKind::kSha256;
  const bool only_full = *kind == wire::ChecksumKind::kCrc64nvme;
  upload.full_object_checksum = type ? *type == "FULL_OBJECT" : only_full;
  if ((sha && upload.full_object_checksum) || (only_full && !upload.full_object_checksum)) {
    throw ApiError("InvalidRequest",
                   "The " + std::string(*type) + " checksum type cannot be used with the " +
                       to_lower(*algorithm) + " checksum algorithm.",
                   400);
  }
}

void show_checksum(json::object& output, const objects::UploadInfo& upload) {
  if (!upload.checksum_algorithm) return;
  output["ChecksumAlgorithm"] = wire::checksum_name(kind_of(*upload.checksum_algorithm));
  output["ChecksumType"] = upload.full_object_checksum ? "FULL_OBJECT" : "COMPOSITE";
}

ChecksumAlgorithm part_algorithm(const objects::UploadInfo& upload) {
  return upload.checksum_algorithm.value_or(ChecksumAlgorithm::kCrc64nvme);
}

std::optional<std::vector<objects::PartInfo>> named_parts(
    std::span<const objects::CompletedPart> wanted, const std::vector<objects::PartInfo>& stored) {
  std::vector<objects::PartInfo> parts;
  for (const auto& part : wanted) {
    const auto found =
        std::ranges::lower_bound(stored, part.number, {}, &objects::PartInfo::number);
    if (found == stored.end() || found->number != part.number) return std::nullopt;
    parts.push_back(*found);
  }
  return parts;
}

std::vector<objects::Checksum> checksum_of_upload(const json::object& input,
                                                  const objects::UploadInfo& upload,
                                                  const std::vector<objects::PartInfo>& parts) {
  const auto algorithm = part_algorithm(upload);
  const auto kind = kind_of(algorithm);
  std::vector<wire::PartChecksum> values;
  for (const auto& part : parts) {
    for (const auto& checksum : part.checksums) {
      if (checksum.algorithm == algorithm) values.push_back({checksum.value, part.size});
    }
  }
  const auto value = upload.full_object_checksum ? wire::full_object_checksum(kind, values)
                                                 : wire::composite_checksum(kind, values);
  if (!value) return {};
  for (const auto& claimed : checksums_of_members(input)) {
    // Some clients leave out the count of parts.
    const bool same = claimed.value == *value ||
                      (!upload.full_object_checksum && value->starts_with(claimed.value + "-"));
    if (claimed.algorithm == algorithm && !same) {
      throw ApiError("BadDigest",
                     "The " + std::string(wire::checksum_name(kind)) +
                         " you specified did not match the calculated checksum.",
                     400);
    }
  }
  return {{algorithm, *value, !upload.full_object_checksum}};
}

}  // namespace clary::api::s3
