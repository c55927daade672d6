// DeleteObject, DeleteObjects.
#include "api/s3/authorize.h"
#include "api/s3/payload_checks.h"
#include "api/s3/request.h"
#include "api/s3/versioning.h"

#include <openssl/evp.h>

namespace clary::api::s3 {
namespace {

using wire::ApiError;

constexpr std::size_t kMaxDeletes = 1000;

void read_condition(std::optional<Timestamp>& time, const json::object& input,
                    std::string_view member) {
  if (const auto seconds = find_double(input, member)) time = from_epoch_seconds(*seconds);
}

json::object delete_object(Context& context, const json::object& input, Call& call) {
  const auto bucket = bucket_of(context, input, call);
  objects::RemoveRequest request{.key = key_of(input), .version_id = version_of(input)};
  if (const auto match = find_string(input, "IfMatch")) request.if_match = *match;
  read_condition(request.if_modified, input, "IfMatchLastModifiedTime");
  if (const auto size = find_int(input, "IfMatchSize")) {
    request.if_size = static_cast<std::uint64_t>(*size);
  }
  request.bypass_governance = find_bool(input, "BypassGovernanceRetention").value_or(false);
  request.requester = requester_of(call);
  const auto removed = must(context.store.remove(bucket.name, request), input);
  json::object output;
  show_version(output, bucket, removed.version_id);
  if (removed.delete_marker) output["DeleteMarker"] = true;
  return output;
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

objects::RemoveRequest removal_of(const json::object& entry, bool bypass, const Call& call) {
  objects::RemoveRequest request{.key = ObjectKey(string_or(entry, "Key")),
                                 .version_id = string_or(entry, "VersionId")};
  if (const auto match = find_string(entry, "ETag")) request.if_match = *match;
  read_condition(request.if_modified, entry, "LastModifiedTime");
  if (const auto size = find_int(entry, "Size")) {
    request.if_size = static_cast<std::uint64_t>(*size);
  }
  request.bypass_governance = bypass;
  request.requester = requester_of(call);
  return request;
}

json::object answer_to(const objects::RemoveRequest& request) {
  json::object answer{{"Key", request.key.str()}};
  if (!request.version_id.empty()) answer["VersionId"] = request.version_id;
  return answer;
}

json::object removal(const objects::RemoveRequest& request, const objects::Removed& removed) {
  auto answer = answer_to(request);
  if (removed.delete_marker) {
    answer["DeleteMarker"] = true;
    answer["DeleteMarkerVersionId"] = removed.version_id;
  }
  return answer;
}

json::object failed_removal(const objects::RemoveRequest& request, objects::StoreError reason) {
  auto answer = answer_to(request);
  const auto error = error_of(reason, {});
  answer["Code"] = error.code();
  answer["Message"] = error.what();
  return answer;
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
  std::vector<objects::RemoveRequest> requests;
  const bool bypass = find_bool(input, "BypassGovernanceRetention").value_or(false);
  json::array deleted, errors;
  for (const auto& entry : *objects) {
    const auto& object = entry.as_object();
    const auto key = string_or(object, "Key");
    const auto version = string_or(object, "VersionId");
    if (const auto refused = refuses_delete(context, input, call, bucket, key, version)) {
      json::object error{{"Key", key}, {"Code", refused->code()}, {"Message", refused->what()}};
      if (!version.empty()) error["VersionId"] = version;
      errors.push_back(std::move(error));
    } else {
      requests.push_back(removal_of(object, bypass, call));
    }
  }
  const auto outcomes = must(context.store.remove_many(bucket.name, requests), input);
  const bool quiet = find_bool(*request, "Quiet").value_or(false);
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    if (!outcomes[i]) {
      errors.push_back(failed_removal(requests[i], outcomes[i].error()));
    } else if (!quiet) {
      deleted.push_back(removal(requests[i], *outcomes[i]));
    }
  }
  json::object output;
  if (!errors.empty()) output["Errors"] = std::move(errors);
  if (!quiet) output["Deleted"] = std::move(deleted);
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
