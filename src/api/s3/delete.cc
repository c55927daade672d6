// DeleteObject, DeleteObjects.
#include "api/s3/payload_checks.h"
#include "api/s3/request.h"

#include <openssl/evp.h>

namespace clary::api::s3 {
namespace {

using wire::ApiError;

constexpr std::size_t kMaxDeletes = 1000;

json::object delete_object(Context& context, const json::object& input, Call& call) {
  const auto bucket = bucket_of(context, input, call);
  const auto key = key_of(input);
  // Another version than "null" is not there, which is what the caller wants.
  if (!names_current_version(input)) return {};
  if (const auto match = find_string(input, "IfMatch")) {
    const auto info = context.store.head(bucket.name, key);
    if (!info) throw error_of(info.error(), input);
    if (*match != "*" && bare_etag(*match) != (*info)->etag) {
      throw error_of(objects::StoreError::kPreconditionFailed, input);
    }
  }
  must(context.store.remove(bucket.name, {.key = key}), input);
  return {};
}

// S3 wants a digest of a list of deletions: Content-MD5 or any checksum.
void check_digest(const Call& call) {
  const auto& headers = call.request.headers;
  const auto claims = std::ranges::any_of(headers, [](const auto& header) {
    return wire::checksum_of_header(header.first).has_value();
  });
  if (!claims && !headers.find("Content-MD5") && !headers.find("x-amz-trailer")) {
    throw ApiError("InvalidRequest", "Missing required header for this request: Content-MD5", 400);
  }
  // A trailer's value went by with the framing; the signature covers the body.
  if (headers.find("x-amz-trailer")) return;
  PayloadChecks checks(call.request, std::nullopt);
  checks.update(std::as_bytes(std::span(call.body)));
  std::array<std::byte, 16> md5{};
  EVP_Digest(call.body.data(), call.body.size(), reinterpret_cast<unsigned char*>(md5.data()),
             nullptr, EVP_md5(), nullptr);
  checks.verify(nullptr, md5);
}

json::object delete_objects(Context& context, const json::object& input, Call& call) {
  const auto bucket = bucket_of(context, input, call);
  check_digest(call);
  const auto* request = find_object(input, "Delete");
  const auto* objects = request != nullptr ? find_array(*request, "Objects") : nullptr;
  if (objects == nullptr || objects->empty() || objects->size() > kMaxDeletes) {
    throw ApiError("MalformedXML",
                   "The XML you provided was not well-formed or did not validate against our "
                   "published schema",
                   400);
  }
  std::vector<objects::RemoveRequest> keys;
  json::array deleted;
  for (const auto& entry : *objects) {
    const auto& object = entry.as_object();
    json::object answer{{"Key", string_or(object, "Key")}};
    if (const auto version = find_string(object, "VersionId")) answer["VersionId"] = *version;
    deleted.push_back(std::move(answer));
    if (names_current_version(object)) keys.push_back({.key = ObjectKey(string_or(object, "Key"))});
  }
  must(context.store.remove_many(bucket.name, keys), input);
  json::object output;
  if (!find_bool(*request, "Quiet").value_or(false)) output["Deleted"] = std::move(deleted);
  return output;
}

}  // namespace

std::vector<OperationEntry> delete_operations(Context& context) {
  return {
      {"DeleteObject",
       [&context](const json::object& input, Call& call) {
         return delete_object(context, input, call);
       },
       {}},
      {"DeleteObjects",
       [&context](const json::object& input, Call& call) {
         return delete_objects(context, input, call);
       },
       {}},
  };
}

}  // namespace clary::api::s3
