// Content-Encoding aws-chunked: bytes as sent in, payload bytes out, signatures and trailers
// checked on the way. Sources: S3's "Signature Calculations for the Authorization Header:
// Transferring Payload in Multiple Chunks", with and without trailing headers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wire/sha256.h"
#include "wire/sigv4.h"

namespace clary::wire {

enum class ChunkedError {
  kMalformed,  // not the format, or a line or trailer block beyond its bound
  kSignature,  // a chunk's or the trailer's signature is wrong
  kTooLong,    // more payload than x-amz-decoded-content-length says
  kIncomplete  // finish() before the last chunk, or less payload than announced
};

// What ties signed chunks to the request. Left empty for STREAMING-UNSIGNED-PAYLOAD-TRAILER.
struct ChunkSigning {
  SigningKey key{};
  std::string scope;           // DATE/REGION/SERVICE/aws4_request
  std::string time;            // 20130524T000000Z
  std::string seed_signature;  // the request's own
};
ChunkSigning chunk_signing(const SignedRequest& request, const SigningKey& key);

// Memory is bounded: payload is handed out as views of what came in; only a line of at most 256
// bytes or trailers of at most 16 KiB are kept. The payload of a signed chunk is handed out before
// its signature has come: take the whole as good only after finish().
// threads: one at a time.
class AwsChunkedDecoder {
 public:
  using Sink = std::function<void(std::span<const std::byte>)>;

  AwsChunkedDecoder(PayloadKind kind, ChunkSigning signing,
                    std::optional<std::uint64_t> decoded_length);

  // After an error every further call answers the same error.
  std::expected<void, ChunkedError> push(std::span<const std::byte> bytes, const Sink& sink);
  // After the last byte of the body.
  std::expected<void, ChunkedError> finish();

  bool done() const { return state_ == State::kDone; }
  std::uint64_t payload_bytes() const { return payload_bytes_; }
  // Names in lower case, in order; x-amz-trailer-signature is not among them.
  const std::vector<std::pair<std::string, std::string>>& trailers() const { return trailers_; }

 private:
  enum class State { kHead, kPayload, kPayloadEnd, kTrailers, kDone, kFailed };

  bool signed_chunks() const { return kind_ != PayloadKind::kStreamingUnsignedTrailer; }
  bool has_trailers() const { return kind_ != PayloadKind::kStreamingSigned; }
  // A whole line is in line_ when it answers true. Takes bytes from the front of `bytes`.
  std::expected<bool, ChunkedError> take_line(std::span<const std::byte>& bytes);
  std::expected<void, ChunkedError> step(std::span<const std::byte>& bytes, const Sink& sink);
  std::expected<void, ChunkedError> take_head();
  std::expected<void, ChunkedError> take_trailer();
  std::expected<void, ChunkedError> take_payload(std::span<const std::byte>& bytes,
                                                 const Sink& sink);
  std::expected<void, ChunkedError> end_of_chunk();
  bool check_signature(std::string_view label, std::string_view middle, std::string_view hash,
                       std::string_view claimed);
  std::expected<void, ChunkedError> check_trailer_signature(std::string_view claimed);

  PayloadKind kind_;
  ChunkSigning signing_;
  std::optional<std::uint64_t> decoded_length_;
  State state_ = State::kHead;
  ChunkedError error_ = ChunkedError::kMalformed;
  std::string line_;
  std::string previous_signature_, chunk_signature_;
  Sha256 chunk_hash_;
  std::uint64_t left_in_chunk_ = 0, payload_bytes_ = 0;
  std::size_t trailer_bytes_ = 0;
  bool trailer_signed_ = false;
  std::vector<std::pair<std::string, std::string>> trailers_;
};

}  // namespace clary::wire
