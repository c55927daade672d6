// CopyObject, and what UploadPartCopy shares with it.
#include "api/s3/copy.h"

#include "api/s3/acl_requests.h"
#include "api/s3/conditions.h"
#include "api/s3/encryption.h"
#include "api/s3/lifecycle.h"
#include "api/s3/object_lock.h"
#include "api/s3/payload_checks.h"
#include "api/s3/put_options.h"
#include "api/s3/request.h"
#include "api/s3/storage_class.h"
#include "api/s3/versioning.h"

namespace clary::api::s3 {

using wire::ApiError;

namespace {

// Which checksum the copy keeps: what the request asks for, else what the source has of its whole,
// else S3's own choice.
objects::ChecksumAlgorithm wanted_checksum(const json::object& input,
                                           const objects::ObjectInfo& source) {
  if (const auto asked = find_string(input, "ChecksumAlgorithm")) {
    const auto kind = wire::checksum_kind(*asked);
    if (!kind) {
      throw ApiError("InvalidRequest",
                     "Checksum algorithm provided is unsupported. Please try again with any of "
                     "the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]",
                     400);
    }
    return algorithm_of(*kind);
  }
  for (const auto& checksum : source.checksums) {
    if (!checksum.composite) return checksum.algorithm;
  }
  return objects::ChecksumAlgorithm::kCrc64nvme;
}

objects::Checksum checksum_of(objects::ObjectContent& content,
                              objects::ChecksumAlgorithm algorithm) {
  wire::Checksummer checksummer(kind_of(algorithm));
  std::vector<char> buffer(std::min<std::uint64_t>(content.info().size, 1 << 20));
  for (std::uint64_t offset = 0; offset < content.info().size;) {
    const auto count = content.read(offset, buffer.data(), buffer.size());
    checksummer.update(std::as_bytes(std::span(buffer.data(), count)));
    offset += count;
  }
  return {algorithm, checksummer.finish(), false};
}

std::vector<objects::Checksum> copied_checksums(const json::object& input,
                                                objects::ObjectContent& source) {
  const auto algorithm = wanted_checksum(input, source.info());
  for (const auto& checksum : source.info().checksums) {
    if (checksum.algorithm == algorithm && !checksum.composite) return {checksum};
  }
  return {checksum_of(source, algorithm)};
}

bool says_replace(const json::object& input, std::string_view member) {
  return string_or(input, member) == "REPLACE";
}

// New metadata, new tags, or both; nullopt when both come from the source.
std::optional<objects::PutOptions> replacement(const json::object& input, const Call& call,
                                               const objects::ObjectInfo& source) {
  auto given = put_options(call);
  const bool metadata = says_replace(input, "MetadataDirective");
  const bool tags = says_replace(input, "TaggingDirective");
  if (!metadata && !tags) return std::nullopt;
  if (!metadata) {
    given.content_type = source.content_type;
    given.user_metadata = source.user_metadata;
    given.system_headers = source.system_headers;
  }
  if (!tags) given.tags = source.tags;
  return given;
}

void refuse_copy_to_itself(const json::object& input, const CopySource& source,
                           const objects::BucketInfo& bucket, std::string_view key) {
  if (source.bucket != bucket.name || source.key.str() != key) return;
  // An older version of the object becomes its newest again.
  if (!source.version_id.empty() && shows_versions(bucket)) return;
  if (says_replace(input, "MetadataDirective") || says_replace(input, "TaggingDirective")) return;
  for (const auto* change : {"StorageClass", "WebsiteRedirectLocation", "ServerSideEncryption",
                             "SSECustomerAlgorithm"}) {
    if (find_string(input, change)) return;
  }
  throw ApiError("InvalidRequest",
                 "This copy request is illegal because it is trying to copy an object to itself "
                 "without changing the object's metadata, storage class, website redirect location "
                 "or encryption attributes.",
                 400);
}

// What of a copy does not depend on its source.
void set_target(objects::PutOptions& target, const json::object& input,
                const objects::BucketInfo& bucket, const Call& call) {
  if (const auto match = find_string(input, "IfMatch")) target.if_match = *match;
  if (const auto none = find_string(input, "IfNoneMatch")) set_none_match(target, *none);
  target.storage_class = storage_class_of(input);
  target.requester = requester_of(call);
  read_lock(input, bucket, call.now, target);
}

// How the copy is encrypted. One that may share its source's file keeps the key of its bytes; only
// the seal of that key is its own. Makes `content` readable.
ObjectKeys encrypt_copy(Context& context, const json::object& input, const Call& call,
                        const CopySource& source, const objects::BucketInfo& bucket,
                        const ObjectKey& key, objects::ObjectContent& content,
                        objects::ObjectStore::CopyRequest& request) {
  const auto& kept = content.info().encryption;
  request.unlock =
      context.encryption.open(input, "CopySource", call, source.bucket, source.key, kept);
  request.source_encryption = kept;
  if (request.unlock && !content.readable()) {
    content.unlock(*request.unlock, objects::ObjectContent::Keep::kNo);
  }
  const auto choice = context.encryption.choose(input, call, bucket);
  request.same_key = request.unlock && !choice.scheme.empty() && content.has_one_file() &&
                     etag_kind_of(choice.scheme) == etag_kind_of(kept.scheme);
  return context.encryption.make(choice, call, bucket.name, key,
                                 request.same_key ? &*request.unlock : nullptr);
}

json::object copy_object(Context& context, const json::object& input, Call& call) {
  const auto bucket = bucket_of(context, input, call);
  const auto key = key_of(input);
  const auto source = copy_source_of(context, input, call);
  refuse_copy_to_itself(input, source, bucket, key.str());
  auto content = open_copy_source(context, input, source);
  if (content.info().size > kMaxPutBytes) {
    throw ApiError("InvalidRequest",
                   "The specified copy source is larger than the maximum allowable size for a "
                   "copy source: 5368709120",
                   400);
  }
  objects::ObjectStore::CopyRequest request{source.bucket,
                                            source.key,
                                            bucket.name,
                                            key,
                                            replacement(input, call, content.info()),
                                            {},
                                            content.info().etag};
  request.source_version = source.version_id;
  set_target(request.target, input, bucket, call);
  auto keys = encrypt_copy(context, input, call, source, bucket, key, content, request);
  request.target.encryption = std::move(keys.kept);
  request.write = std::move(keys.write);
  request.checksums = copied_checksums(input, content);
  set_object_access(context, bucket, call, request.owner, request.acl);
  const auto copied = must(context.store.copy(request), input);
  json::object result{{"ETag", in_quotes(copied.etag)},
                      {"LastModified", epoch_seconds(copied.modified)}};
  add_checksums(result, copied.checksums, ShowType::kYes);
  json::object output{{"CopyObjectResult", std::move(result)}};
  show_new_version(output, copied.version_id);
  show_expiration(output, bucket, copied);
  show_source_version(output, context, source, content.info());
  add_encryption(output, input, copied.encryption);
  if (!copied.encryption.context.empty()) {
    output["SSEKMSEncryptionContext"] = base64(copied.encryption.context);
  }
  return output;
}

}  // namespace

CopySource copy_source_of(const Context& context, const json::object& input, const Call& call) {
  auto source = parse_copy_source(string_or(input, "CopySource"));
  if (!source) {
    ApiError error("InvalidArgument",
                   "Copy Source must mention the source bucket and key: "
                   "sourcebucket/sourcekey",
                   400);
    error.details()["ArgumentName"] = "x-amz-copy-source";
    error.details()["ArgumentValue"] = string_or(input, "CopySource");
    throw error;
  }
  json::object named{{"Bucket", source->bucket.str()}};
  if (const auto owner = find_string(input, "ExpectedSourceBucketOwner")) {
    named["ExpectedBucketOwner"] = *owner;
  }
  bucket_of(context, named, call);
  return std::move(*source);
}

objects::ObjectContent open_copy_source(const Context& context, const json::object& input,
                                        const CopySource& source) {
  const json::object named{
      {"Bucket", source.bucket.str()}, {"Key", source.key.str()}, {"VersionId", source.version_id}};
  auto found = context.store.get(source.bucket, source.key, source.version_id);
  if (!found && found.error() == objects::StoreError::kDeleteMarker) {
    throw ApiError("InvalidRequest",
                   "The source of a copy request may not specifically refer to a delete marker by "
                   "version id.",
                   400);
  }
  auto content = must(std::move(found), named);
  // A copy that is not made is a failed precondition, whichever condition it was.
  const auto condition = check_conditions(input, "CopySource", content.info());
  if (condition.result != ConditionResult::kHolds) {
    auto error = error_of(objects::StoreError::kPreconditionFailed, input);
    error.details()["Condition"] = "x-amz-copy-source-" + std::string(condition.failed);
    throw error;
  }
  return content;
}

void show_source_version(json::object& output, const Context& context, const CopySource& source,
                         const objects::ObjectInfo& info) {
  const auto bucket = context.store.bucket(source.bucket);
  if (bucket && shows_versions(*bucket)) output["CopySourceVersionId"] = info.version_id;
}

std::vector<OperationEntry> copy_operations(Context& context) {
  return {{"CopyObject",
           [&context](const json::object& input, Call& call) {
             return copy_object(context, input, call);
           },
           {}}};
}

}  // namespace clary::api::s3
