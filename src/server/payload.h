// Request bodies between the connection and the operation: aws-chunked framing taken off, hashes
// and signatures checked, compression undone, sizes bounded.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <string>
#include <string_view>

#include "base/body.h"
#include "wire/sigv4.h"

namespace clary::server {

// The whole body. Throws BodyError kTooLarge past `limit`, and what `body` throws.
boost::asio::awaitable<std::string> read_all(BodyReader& body, std::size_t limit);

// A body that is in memory already. Does not own the bytes.
class MemoryBody final : public BodyReader {
 public:
  explicit MemoryBody(std::string_view bytes) : left_(bytes), size_(bytes.size()) {}
  boost::asio::awaitable<std::size_t> read_some(std::span<std::byte> buffer) override;
  std::optional<std::uint64_t> content_length() const override { return size_; }

 private:
  std::string_view left_;
  std::uint64_t size_;
};

// `raw` with what its signature promises about the payload checked as it passes: read_some() gives
// payload bytes, and answers 0 only when hash, chunk signatures and announced length are right.
// Otherwise it throws wire::ApiError in S3's words (XAmzContentSHA256Mismatch,
// SignatureDoesNotMatch, IncompleteBody, InvalidRequest).
// `raw` and `head` outlive it.
std::unique_ptr<BodyReader> checked_payload(BodyReader& raw, const RequestHead& head,
                                            const wire::SignedRequest& claimed,
                                            const wire::SigningKey& key);

// Undoes Content-Encoding: gzip, which clients use for PutMetricData. Nullopt on damage; throws
// BodyError kTooLarge when more than `limit` bytes come out.
std::optional<std::string> gunzip(std::string_view bytes, std::size_t limit);

}  // namespace clary::server
