// PutBucketVersioning, GetBucketVersioning, and how versions are shown.
#include "api/s3/versioning.h"

#include "api/s3/authorize.h"

namespace clary::api::s3 {

using wire::ApiError;

namespace {

json::object put_bucket_versioning(Context& context, const json::object& input, Call& call) {
  const auto bucket = bucket_of(context, input, call);
  const auto* configuration = find_object(input, "VersioningConfiguration");
  const auto status = configuration != nullptr ? string_or(*configuration, "Status") : "";
  if (configuration != nullptr && string_or(*configuration, "MFADelete") == "Enabled") {
    throw ApiError("NotImplemented", "Clary has no MFA devices, so MFA delete cannot be enabled.",
                   501);
  }
  if (status != "Enabled" && status != "Suspended") {
    throw ApiError("IllegalVersioningConfigurationException",
                   "The Versioning element must be specified", 400);
  }
  const auto outcome = context.store.set_versioning(
      bucket.name,
      status == "Enabled" ? objects::Versioning::kEnabled : objects::Versioning::kSuspended);
  if (!outcome && outcome.error() == objects::StoreError::kInvalidBucketState) {
    throw ApiError("InvalidBucketState",
                   "An Object Lock configuration is present on this bucket, so the versioning "
                   "state cannot be changed.",
                   409);
  }
  must(outcome, input);
  return {};
}

json::object get_bucket_versioning(Context& context, const json::object& input, Call& call) {
  switch (bucket_of(context, input, call).versioning) {
    case objects::Versioning::kEnabled:
      return {{"Status", "Enabled"}};
    case objects::Versioning::kSuspended:
      return {{"Status", "Suspended"}};
    case objects::Versioning::kNever:
      break;
  }
  return {};
}

}  // namespace

std::string version_of(const json::object& input) {
  const auto version = find_string(input, "VersionId");
  if (!version) return {};
  if (version->empty()) {
    ApiError error("InvalidArgument", "Version id cannot be the empty string", 400);
    error.details()["ArgumentName"] = "versionId";
    error.details()["ArgumentValue"] = "";
    throw error;
  }
  return std::string(*version);
}

bool shows_versions(const objects::BucketInfo& bucket) {
  return bucket.versioning != objects::Versioning::kNever;
}

void show_version(json::object& output, const objects::BucketInfo& bucket,
                  std::string_view version_id) {
  if (shows_versions(bucket) && !version_id.empty()) output["VersionId"] = version_id;
}

void show_version(ResponseHead& head, const objects::BucketInfo& bucket,
                  std::string_view version_id) {
  if (shows_versions(bucket)) head.headers.emplace_back("x-amz-version-id", version_id);
}

void show_new_version(json::object& output, std::string_view version_id) {
  if (version_id != objects::kNullVersion) output["VersionId"] = version_id;
}

void show_new_version(ResponseHead& head, std::string_view version_id) {
  if (version_id != objects::kNullVersion) {
    head.headers.emplace_back("x-amz-version-id", version_id);
  }
}

objects::Requester requester_of(const Call& call) {
  const std::string_view peer = call.request.peer;
  return {call.principal.user_id, std::string(peer.substr(0, peer.rfind(':'))),
          std::string(call.request_id)};
}

objects::ObjectStore::VersionName version_name(const json::object& input, const Call& call) {
  return {key_of(input), version_of(input), requester_of(call)};
}

boost::asio::awaitable<void> answer_unreadable(Context& context, const json::object& input,
                                               Call& call, BodyWriter& response,
                                               const objects::BucketInfo& bucket,
                                               objects::StoreError error) {
  const auto answer = missing_object(context, input, call, error);
  if (answer.status() == 403) {
    co_await answer_error(call, response, answer);
    co_return;
  }
  // ceph/s3-tests want to read that no delete marker hides a key that is not there.
  HeaderFields headers;
  const bool marker = error == objects::StoreError::kDeleteMarker;
  if (marker || (error == objects::StoreError::kNoSuchKey && shows_versions(bucket))) {
    const auto info = co_await on_workers(context.workers, [&] {
      return context.store.describe(bucket.name, key_of(input), version_of(input));
    });
    if (info && info->delete_marker) {
      headers.emplace_back("x-amz-delete-marker", "true");
      headers.emplace_back("x-amz-version-id", info->version_id);
      if (marker) {
        headers.emplace_back("Last-Modified", http_date(info->modified));
        headers.emplace_back("Allow", "DELETE");
      }
    }
  }
  if (headers.empty() && error == objects::StoreError::kNoSuchKey) {
    headers.emplace_back("x-amz-delete-marker", "false");
  }
  co_await answer_error(call, response, answer, std::move(headers));
}

std::vector<OperationEntry> versioning_operations(Context& context) {
  const auto plain = [&context](auto function) {
    return [&context, function](const json::object& input, Call& call) {
      return function(context, input, call);
    };
  };
  return {
      {"PutBucketVersioning", plain(put_bucket_versioning), {}},
      {"GetBucketVersioning", plain(get_bucket_versioning), {}},
  };
}

}  // namespace clary::api::s3
