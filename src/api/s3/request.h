// What nearly every S3 operation asks of its request: the bucket, the key, and S3's errors.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

#include "api/s3/etag.h"
#include "api/s3/s3.h"
#include "base/json.h"
#include "objects/object_store.h"
#include "wire/api_error.h"

namespace clary::api::s3 {

inline constexpr std::uint64_t kMaxPutBytes = std::uint64_t{5} << 30;
inline constexpr int kMaxPartNumber = 10'000;

// S3's error for what the store answered; code, status and words are S3's, with the details that
// name bucket, key or upload.
wire::ApiError error_of(objects::StoreError error, const json::object& input);

// The value, or its error thrown.
template <class T>
T must(objects::Outcome<T> outcome, const json::object& input) {
  if (!outcome) throw error_of(outcome.error(), input);
  if constexpr (!std::is_void_v<T>) return std::move(*outcome);
}

// The bucket an operation names: it exists, and belongs to the owner the request expects. Whether
// the caller may use it, S3::authorize() has decided before. Does not block.
std::expected<objects::BucketInfo, wire::ApiError> find_bucket(const Context& context,
                                                               const json::object& input,
                                                               const Call& call);
objects::BucketInfo bucket_of(const Context& context, const json::object& input, const Call& call);

// The object key; KeyTooLongError above 1024 bytes.
ObjectKey key_of(const json::object& input);

// A payload has to say how long it is, and at most 5 GiB. Throws MissingContentLength or
// EntityTooLarge.
void check_length(const BodyReader& body);

// The account's canonical id, as <Owner> shows it.
json::object owner_of(std::string_view account);

// Sends an error without throwing it: 304, 404 and 412 are everyday answers.
using HeaderFields = std::vector<std::pair<std::string, std::string>>;
boost::asio::awaitable<void> answer_error(const Call& call, BodyWriter& response,
                                          const wire::ApiError& error, HeaderFields headers = {});

// A key or prefix as a listing shows it under encoding-type=url.
std::string percent_encoded(std::string_view text, bool url_encoding);

// The page size asked for, at most `largest`; InvalidArgument when it is negative.
std::size_t page_size(const json::object& input, std::string_view member, std::string_view argument,
                      std::size_t largest);

}  // namespace clary::api::s3
