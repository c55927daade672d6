// The checksum of a multipart upload: chosen at its start, put together at its end.
// Source: "Checking object integrity in Amazon S3", full object and composite types.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "base/json.h"
#include "objects/object_info.h"

namespace clary::api::s3 {

// Algorithm and type of a CreateMultipartUpload. Throws ApiError InvalidRequest.
void choose_checksum(const json::object& input, objects::UploadInfo& upload);
// ChecksumAlgorithm and ChecksumType, when the client chose an algorithm.
void show_checksum(json::object& output, const objects::UploadInfo& upload);

// The algorithm of the upload's parts: the chosen one, or S3's own.
objects::ChecksumAlgorithm part_algorithm(const objects::UploadInfo& upload);

// The stored parts that `wanted` names; nullopt when one is missing (the store says how).
std::optional<std::vector<objects::PartInfo>> named_parts(
    std::span<const objects::CompletedPart> wanted, const std::vector<objects::PartInfo>& stored);

// Of the whole object. Throws ApiError BadDigest when the request names another one.
std::vector<objects::Checksum> checksum_of_upload(const json::object& input,
                                                  const objects::UploadInfo& upload,
                                                  const std::vector<objects::PartInfo>& parts);

}  // namespace clary::api::s3
