#include "api/s3/payload_checks.h"

#include "base/text.h"
#include "wire/api_error.h"

namespace clary::api::s3 {
namespace {

using objects::ChecksumAlgorithm;
using wire::ApiError;
using wire::ChecksumKind;

static_assert(
    static_cast<int>(ChecksumKind::kCrc32) == static_cast<int>(ChecksumAlgorithm::kCrc32) &&
    static_cast<int>(ChecksumKind::kCrc32c) == static_cast<int>(ChecksumAlgorithm::kCrc32c) &&
    static_cast<int>(ChecksumKind::kCrc64nvme) == static_cast<int>(ChecksumAlgorithm::kCrc64nvme) &&
    static_cast<int>(ChecksumKind::kSha1) == static_cast<int>(ChecksumAlgorithm::kSha1) &&
    static_cast<int>(ChecksumKind::kSha256) == static_cast<int>(ChecksumAlgorithm::kSha256));

constexpr std::string_view kPrefix = "x-amz-checksum-";
constexpr std::array kKinds{ChecksumKind::kCrc32, ChecksumKind::kCrc32c, ChecksumKind::kCrc64nvme,
                            ChecksumKind::kSha1, ChecksumKind::kSha256};

ApiError invalid_request(const std::string& message) {
  return ApiError("InvalidRequest", message, 400);
}

bool is_checksum(ChecksumKind kind, std::string_view value) {
  const auto raw = unbase64(value);
  return raw && raw->size() == wire::checksum_size(kind);
}

// Algorithms newer than these five are in the model; a checksum that is not checked must not pass
// for one that was.
ChecksumKind known_kind(std::string_view header) {
  const auto kind = wire::checksum_of_header(header);
  if (kind) return *kind;
  throw ApiError("NotImplemented",
                 "Clary does not compute the checksum of the header " + std::string(header) +
                     ". It knows CRC32, CRC32C, CRC64NVME, SHA1 and SHA256.",
                 501);
}

bool names_checksum(std::string_view header) {
  const auto name = to_lower(header);
  return name.starts_with(kPrefix) && name != "x-amz-checksum-mode" &&
         name != "x-amz-checksum-type" && name != "x-amz-checksum-algorithm";
}

}  // namespace

ChecksumKind kind_of(ChecksumAlgorithm algorithm) {
  return static_cast<ChecksumKind>(algorithm);
}
ChecksumAlgorithm algorithm_of(ChecksumKind kind) {
  return static_cast<ChecksumAlgorithm>(kind);
}

std::string checksum_member(ChecksumAlgorithm algorithm) {
  return "Checksum" + std::string(wire::checksum_name(kind_of(algorithm)));
}

std::vector<objects::Checksum> checksums_of_members(const json::object& item) {
  std::vector<objects::Checksum> checksums;
  for (const auto kind : kKinds) {
    const auto value = find_string(item, checksum_member(algorithm_of(kind)));
    if (value) checksums.push_back({algorithm_of(kind), std::string(*value), false});
  }
  return checksums;
}

void add_checksums(json::object& output, const std::vector<objects::Checksum>& checksums,
                   ShowType type) {
  for (const auto& checksum : checksums) {
    output[checksum_member(checksum.algorithm)] = checksum.value;
    if (type == ShowType::kYes) {
      output["ChecksumType"] = checksum.composite ? "COMPOSITE" : "FULL_OBJECT";
    }
  }
}

PayloadChecks::PayloadChecks(const RequestHead& head, std::optional<ChecksumAlgorithm> kept) {
  read_claims(head);
  if (kept) {
    kept_ = kind_of(*kept);
  } else if (claimed_) {
    kept_ = *claimed_;
  }
  computing_.emplace_back(kept_);
  if (claimed_ && *claimed_ != kept_) computing_.emplace_back(*claimed_);
}

void PayloadChecks::read_claims(const RequestHead& head) {
  if (const auto md5 = head.headers.find("Content-MD5")) {
    md5_ = unbase64(*md5);
    if (!md5_ || md5_->size() != 16) {
      throw ApiError("InvalidDigest", "The Content-MD5 you specified was invalid.", 400);
    }
  }
  for (const auto& [name, value] : head.headers) {
    if (!names_checksum(name)) continue;
    if (claimed_) {
      throw invalid_request(
          "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.");
    }
    claimed_ = known_kind(name);
    claimed_value_ = value;
    if (!is_checksum(*claimed_, value)) {
      throw invalid_request("Value for " + to_lower(name) + " header is invalid.");
    }
  }
  if (const auto trailer = head.headers.find("x-amz-trailer");
      trailer && names_checksum(trim(*trailer))) {
    if (claimed_) {
      throw invalid_request(
          "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.");
    }
    claimed_ = known_kind(trim(*trailer));
  }
  if (!claimed_ && head.headers.find("x-amz-sdk-checksum-algorithm")) {
    throw invalid_request(
        "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or "
        "x-amz-trailer headers were found.");
  }
}

void PayloadChecks::update(std::span<const std::byte> bytes) {
  for (auto& checksummer : computing_) checksummer.update(bytes);
}

void PayloadChecks::verify(const Headers* trailers, const std::array<std::byte, 16>& md5) {
  const std::string_view raw(reinterpret_cast<const char*>(md5.data()), md5.size());
  if (md5_ && *md5_ != raw) {
    throw ApiError("BadDigest", "The Content-MD5 you specified did not match what we received.",
                   400);
  }
  std::string actual;
  for (auto& checksummer : computing_) {
    auto value = checksummer.finish();
    if (claimed_ && checksummer.kind() == *claimed_) actual = value;
    if (checksummer.kind() == kept_) {
      kept_values_.push_back({algorithm_of(kept_), std::move(value), false});
    }
  }
  if (!claimed_) return;
  if (claimed_value_.empty()) {
    const auto header = wire::checksum_header(*claimed_);
    claimed_value_ = trailers != nullptr ? trim(trailers->get(header)) : std::string_view();
    if (!is_checksum(*claimed_, claimed_value_)) {
      throw ApiError("MalformedTrailerError",
                     "The request contained trailing data that was not well-formed or did not "
                     "conform to our published schema.",
                     400);
    }
  }
  if (actual != claimed_value_) {
    throw ApiError("BadDigest",
                   "The " + std::string(wire::checksum_name(*claimed_)) +
                       " you specified did not match the calculated checksum.",
                   400);
  }
}

}  // namespace clary::api::s3
