#include "api/s3/request.h"

#include "base/text.h"
#include "wire/codec.h"
#include "wire/sha256.h"

namespace clary::api::s3 {

using objects::StoreError;
using wire::ApiError;

namespace {

constexpr std::size_t kMaxKeyBytes = 1024;

ApiError with_detail(ApiError error, std::string_view name, std::string value) {
  error.details()[name] = std::move(value);
  return error;
}

}  // namespace

// Words: "List of error codes", Amazon S3 API reference.
ApiError error_of(StoreError error, const json::object& input) {
  switch (error) {
    case StoreError::kNoSuchBucket:
      return with_detail(ApiError("NoSuchBucket", "The specified bucket does not exist", 404),
                         "BucketName", string_or(input, "Bucket"));
    case StoreError::kNoSuchKey:
      return with_detail(ApiError("NoSuchKey", "The specified key does not exist.", 404), "Key",
                         string_or(input, "Key"));
    case StoreError::kNoSuchVersion: {
      ApiError absent("NoSuchVersion", "The specified version does not exist.", 404);
      absent.details()["Key"] = string_or(input, "Key");
      return with_detail(std::move(absent), "VersionId", string_or(input, "VersionId"));
    }
    case StoreError::kDeleteMarker:
      return ApiError("MethodNotAllowed",
                      "The specified method is not allowed against this resource.", 405);
    case StoreError::kLocked:
      return ApiError("AccessDenied", "Access Denied because object protected by object lock.",
                      403);
    case StoreError::kObjectLockDisabled:
      return ApiError("InvalidRequest", "Bucket is missing Object Lock Configuration", 400);
    case StoreError::kInvalidBucketState:
      return ApiError("InvalidBucketState",
                      "The request is not valid for the current state of the bucket.", 409);
    case StoreError::kNoSuchUpload:
      return with_detail(
          ApiError("NoSuchUpload",
                   "The specified upload does not exist. The upload ID may be invalid, or the "
                   "upload may have been aborted or completed.",
                   404),
          "UploadId", string_or(input, "UploadId"));
    case StoreError::kBucketExists:
      return with_detail(ApiError("BucketAlreadyExists",
                                  "The requested bucket name is not available. The bucket "
                                  "namespace is shared by all users of the system. Please select "
                                  "a different name and try again.",
                                  409),
                         "BucketName", string_or(input, "Bucket"));
    case StoreError::kBucketOwnedByYou:
      return with_detail(ApiError("BucketAlreadyOwnedByYou",
                                  "Your previous request to create the named bucket succeeded and "
                                  "you already own it.",
                                  409),
                         "BucketName", string_or(input, "Bucket"));
    case StoreError::kBucketNotEmpty:
      return with_detail(
          ApiError("BucketNotEmpty", "The bucket you tried to delete is not empty", 409),
          "BucketName", string_or(input, "Bucket"));
    case StoreError::kInvalidPart:
      return with_detail(
          ApiError("InvalidPart",
                   "One or more of the specified parts could not be found.  The part may not have "
                   "been uploaded, or the specified entity tag may not match the part's entity "
                   "tag.",
                   400),
          "UploadId", string_or(input, "UploadId"));
    case StoreError::kInvalidPartOrder:
      return ApiError("InvalidPartOrder",
                      "The list of parts was not in ascending order. Parts must be ordered by part "
                      "number.",
                      400);
    case StoreError::kPartTooSmall:
      return ApiError("EntityTooSmall",
                      "Your proposed upload is smaller than the minimum allowed size", 400);
    case StoreError::kPreconditionFailed:
      break;
  }
  return ApiError("PreconditionFailed",
                  "At least one of the pre-conditions you specified did not hold", 412);
}

std::expected<objects::BucketInfo, ApiError> find_bucket(const Context& context,
                                                         const json::object& input, const Call&) {
  auto bucket = context.store.bucket(BucketName(string_or(input, "Bucket")));
  if (!bucket) return std::unexpected(error_of(bucket.error(), input));
  const auto expected = find_string(input, "ExpectedBucketOwner");
  if (expected && *expected != bucket->account) {
    return std::unexpected(ApiError("AccessDenied", "Access Denied", 403));
  }
  return std::move(*bucket);
}

objects::BucketInfo bucket_of(const Context& context, const json::object& input, const Call& call) {
  auto bucket = find_bucket(context, input, call);
  if (!bucket) throw bucket.error();
  return std::move(*bucket);
}

ObjectKey key_of(const json::object& input) {
  auto key = string_or(input, "Key");
  if (key.size() > kMaxKeyBytes) {
    auto error = ApiError("KeyTooLongError", "Your key is too long", 400);
    error.details()["Size"] = std::to_string(key.size());
    error.details()["MaxSizeAllowed"] = std::to_string(kMaxKeyBytes);
    throw error;
  }
  return ObjectKey(std::move(key));
}

void check_length(const BodyReader& body) {
  const auto length = body.content_length();
  if (!length) {
    throw ApiError("MissingContentLength", "You must provide the Content-Length HTTP header.", 411);
  }
  if (*length > kMaxPutBytes) {
    ApiError error("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size", 400);
    error.details()["ProposedSize"] = std::to_string(*length);
    error.details()["MaxSizeAllowed"] = std::to_string(kMaxPutBytes);
    throw error;
  }
}

json::object owner_of(std::string_view account) {
  const auto digest =
      wire::hex_digest(wire::sha256(std::string("canonical-user/") + std::string(account)));
  return {{"ID", std::string(digest.view())}, {"DisplayName", std::string(account)}};
}

boost::asio::awaitable<void> answer_error(const Call& call, BodyWriter& response,
                                          const ApiError& error, HeaderFields headers) {
  auto [head, body] = wire::encode_error(call.model, call.model.protocol(), &call.operation, error,
                                         call.request_id, call.request.path);
  std::ranges::move(headers, std::back_inserter(head.headers));
  co_await response.send(std::move(head), std::move(body));
}

std::string percent_encoded(std::string_view text, bool url_encoding) {
  return url_encoding ? uri_encode(text, Slash::kKeep) : std::string(text);
}

std::size_t page_size(const json::object& input, std::string_view member, std::string_view argument,
                      std::size_t largest) {
  const auto asked = find_int(input, member);
  if (!asked) return largest;
  if (*asked < 0 || *asked > 2147483647) {
    ApiError error(
        "InvalidArgument",
        "Argument " + std::string(argument) + " must be an integer between 0 and 2147483647", 400);
    error.details()["ArgumentName"] = argument;
    error.details()["ArgumentValue"] = std::to_string(*asked);
    throw error;
  }
  return std::min(static_cast<std::size_t>(*asked), largest);
}

}  // namespace clary::api::s3
