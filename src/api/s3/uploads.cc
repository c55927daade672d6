// Multipart uploads as wholes: create, complete, abort, list.
#include "api/s3/acl_requests.h"
#include "api/s3/encryption.h"
#include "api/s3/lifecycle.h"
#include "api/s3/object_lock.h"
#include "api/s3/payload_checks.h"
#include "api/s3/put_options.h"
#include "api/s3/request.h"
#include "api/s3/storage_class.h"
#include "api/s3/upload_checksums.h"
#include "api/s3/versioning.h"

namespace clary::api::s3 {
namespace {

using wire::ApiError;

constexpr std::size_t kMaxUploads = 1000;

json::object create_multipart_upload(Context& context, const json::object& input, Call& call) {
  const auto bucket = bucket_of(context, input, call);
  objects::UploadInfo upload;
  upload.key = key_of(input);
  upload.options = put_options(call);
  upload.options.storage_class = storage_class_of(input);
  read_lock(input, bucket, call.now, upload.options);
  set_object_access(context, bucket, call, upload.options.owner, upload.options.acl);
  choose_checksum(input, upload);
  const auto choice = context.encryption.choose(input, call, bucket);
  upload.options.encryption = context.encryption.make(choice, call, bucket.name, upload.key).kept;
  const auto made = must(context.store.create_upload(bucket.name, std::move(upload)), input);
  json::object output{
      {"Bucket", bucket.name.str()}, {"Key", made.key.str()}, {"UploadId", made.upload_id}};
  show_checksum(output, made);
  show_abort(output, bucket, made);
  add_encryption(output, input, made.options.encryption);
  if (!choice.context.empty()) output["SSEKMSEncryptionContext"] = base64(choice.context);
  return output;
}

std::vector<objects::CompletedPart> parts_of(const json::object& input) {
  const auto* upload = find_object(input, "MultipartUpload");
  const auto* parts = upload != nullptr ? find_array(*upload, "Parts") : nullptr;
  if (parts == nullptr || parts->empty() || parts->size() > kMaxPartNumber) {
    throw ApiError("MalformedXML",
                   "The XML you provided was not well-formed or did not validate against our "
                   "published schema",
                   400);
  }
  std::vector<objects::CompletedPart> completed;
  for (const auto& entry : *parts) {
    const auto& part = entry.as_object();
    completed.push_back({static_cast<int>(find_int(part, "PartNumber").value_or(0)),
                         std::string(bare_etag(string_or(part, "ETag"))),
                         checksums_of_members(part)});
  }
  return completed;
}

void check_size(const json::object& input, std::uint64_t actual) {
  const auto size = find_int(input, "MpuObjectSize");
  if (!size || static_cast<std::uint64_t>(*size) == actual) return;
  throw ApiError("InvalidRequest",
                 "The provided 'x-amz-mp-object-size' header value " + std::to_string(*size) +
                     " does not match what was computed: " + std::to_string(actual),
                 400);
}

json::object complete_multipart_upload(Context& context, const json::object& input, Call& call) {
  const auto bucket = bucket_of(context, input, call);
  const auto key = key_of(input);
  objects::ObjectStore::CompleteRequest request;
  request.upload_id = string_or(input, "UploadId");
  request.parts = parts_of(input);
  if (const auto match = find_string(input, "IfMatch")) request.conditions.if_match = *match;
  if (const auto none = find_string(input, "IfNoneMatch")) {
    set_none_match(request.conditions, *none);
  }
  request.conditions.requester = requester_of(call);
  // An upload that is completed already has no more parts; the store knows its object.
  if (const auto upload = context.store.upload(bucket.name, key, request.upload_id)) {
    context.encryption.check_completion(input, call, bucket.name, *upload);
    const auto stored =
        must(context.store.parts(bucket.name, key, request.upload_id, 0, kMaxPartNumber), input);
    const auto selected = named_parts(request.parts, stored);
    if (selected) {
      std::uint64_t size = 0;
      for (const auto& part : *selected) size += part.size;
      check_size(input, size);
      request.checksums = checksum_of_upload(input, *upload, *selected);
    }
  }
  const auto info = must(context.store.complete_upload(bucket.name, key, request), input);
  json::object output{
      {"Location", "/" + bucket.name.str() + "/" + percent_encoded(key.str(), true)},
      {"Bucket", bucket.name.str()},
      {"Key", key.str()},
      {"ETag", in_quotes(info.etag)}};
  add_checksums(output, info.checksums, ShowType::kYes);
  show_new_version(output, info.version_id);
  show_expiration(output, bucket, info);
  add_encryption(output, input, info.encryption);
  return output;
}

json::object abort_multipart_upload(Context& context, const json::object& input, Call& call) {
  const auto bucket = bucket_of(context, input, call);
  must(context.store.abort_upload(bucket.name, key_of(input), string_or(input, "UploadId")), input);
  return {};
}

json::object upload_entry(const objects::UploadInfo& upload, const json::object& owner, bool url) {
  json::object entry{{"UploadId", upload.upload_id},
                     {"Key", percent_encoded(upload.key.str(), url)},
                     {"Initiated", epoch_seconds(upload.initiated)},
                     {"StorageClass", shown_class(upload.options.storage_class)},
                     {"Owner", owner},
                     {"Initiator", owner}};
  show_checksum(entry, upload);
  return entry;
}

// One page of uploads and common prefixes; `last_*` say where the next one starts.
struct UploadPage {
  json::array uploads, prefixes;
  std::string last_key, last_upload;
  bool truncated = false;
};

UploadPage page_of(Context& context, const json::object& input, const objects::BucketInfo& bucket,
                   std::size_t limit, bool url) {
  const auto prefix = string_or(input, "Prefix");
  const auto delimiter = string_or(input, "Delimiter");
  const auto access = context.access.find(bucket);
  UploadPage page;
  page.last_key = string_or(input, "KeyMarker");
  page.last_upload = page.last_key.empty() ? "" : string_or(input, "UploadIdMarker");
  std::string rolled;  // the common prefix shown last
  while (true) {
    const auto found = must(
        context.store.uploads(bucket.name, prefix, page.last_key, page.last_upload, kMaxUploads),
        input);
    for (const auto& upload : found) {
      const auto& key = upload.key.str();
      const auto at = delimiter.empty() ? std::string::npos : key.find(delimiter, prefix.size());
      const bool rolls = at != std::string::npos;
      const auto group = rolls ? key.substr(0, at + delimiter.size()) : std::string();
      if (!rolls || group != rolled) {
        page.truncated = page.uploads.size() + page.prefixes.size() == limit;
        if (page.truncated) return page;
        if (rolls) {
          page.prefixes.push_back(json::object{{"Prefix", percent_encoded(group, url)}});
          rolled = group;
        } else {
          const auto owner = owner_account(*access, bucket, upload.options.owner);
          page.uploads.push_back(upload_entry(upload, owner_of(owner), url));
        }
      }
      page.last_key = key;
      page.last_upload = upload.upload_id;
    }
    if (found.size() < kMaxUploads) return page;
  }
}

json::object list_multipart_uploads(Context& context, const json::object& input, Call& call) {
  const auto bucket = bucket_of(context, input, call);
  const auto limit = page_size(input, "MaxUploads", "max-uploads", kMaxUploads);
  const bool url = string_or(input, "EncodingType") == "url";
  auto page = limit > 0 ? page_of(context, input, bucket, limit, url) : UploadPage{};
  json::object output{{"Bucket", bucket.name.str()},
                      {"KeyMarker", percent_encoded(string_or(input, "KeyMarker"), url)},
                      {"UploadIdMarker", string_or(input, "UploadIdMarker")},
                      {"Prefix", percent_encoded(string_or(input, "Prefix"), url)},
                      {"MaxUploads", limit},
                      {"IsTruncated", page.truncated},
                      {"Uploads", std::move(page.uploads)}};
  if (url) output["EncodingType"] = "url";
  if (const auto delimiter = find_string(input, "Delimiter")) {
    output["Delimiter"] = percent_encoded(*delimiter, url);
  }
  if (!page.prefixes.empty()) output["CommonPrefixes"] = std::move(page.prefixes);
  if (page.truncated) {
    output["NextKeyMarker"] = percent_encoded(page.last_key, url);
    output["NextUploadIdMarker"] = page.last_upload;
  }
  return output;
}

}  // namespace

std::vector<OperationEntry> upload_operations(Context& context) {
  const auto plain = [&context](auto function) {
    return [&context, function](const json::object& input, Call& call) {
      return function(context, input, call);
    };
  };
  return {
      {"CreateMultipartUpload", plain(create_multipart_upload), {}},
      {"CompleteMultipartUpload", plain(complete_multipart_upload), {}},
      {"AbortMultipartUpload", plain(abort_multipart_upload), {}},
      {"ListMultipartUploads", plain(list_multipart_uploads), {}},
  };
}

}  // namespace clary::api::s3
