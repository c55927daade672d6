#include "wire/aws_chunked.h"

#include <algorithm>
#include <charconv>

namespace clary::wire {
namespace {

constexpr std::size_t kMaxLine = 256, kMaxTrailerLine = 4096, kMaxTrailers = 16 * 1024;
constexpr std::string_view kSignaturePrefix = ";chunk-signature=";
constexpr std::string_view kTrailerSignature = "x-amz-trailer-signature";

std::string_view empty_hash() {
  static const HexDigest hash = hex_digest(sha256(""));
  return hash.view();
}

constexpr auto fail(ChunkedError error) {
  return std::unexpected(error);
}

}  // namespace

ChunkSigning chunk_signing(const SignedRequest& request, const SigningKey& key) {
  return {.key = key,
          .scope = request.scope.text(),
          .time = iso8601_basic(request.signed_at),
          .seed_signature = request.signature};
}

AwsChunkedDecoder::AwsChunkedDecoder(PayloadKind kind, ChunkSigning signing,
                                     std::optional<std::uint64_t> decoded_length)
    : kind_(kind),
      signing_(std::move(signing)),
      decoded_length_(decoded_length),
      previous_signature_(signing_.seed_signature) {}

std::expected<void, ChunkedError> AwsChunkedDecoder::push(std::span<const std::byte> bytes,
                                                          const Sink& sink) {
  while (!bytes.empty()) {
    if (state_ == State::kFailed) return fail(error_);
    if (const auto stepped = step(bytes, sink); !stepped) {
      state_ = State::kFailed;
      error_ = stepped.error();
      return stepped;
    }
  }
  return {};
}

std::expected<void, ChunkedError> AwsChunkedDecoder::finish() {
  if (state_ == State::kFailed) return fail(error_);
  // The blank line after the trailers is missing in what some clients send.
  const bool ended = state_ == State::kDone ||
                     (state_ == State::kTrailers && line_.empty() &&
                      (trailer_signed_ || kind_ != PayloadKind::kStreamingSignedTrailer));
  if (!ended || (decoded_length_ && payload_bytes_ != *decoded_length_)) {
    return fail(ChunkedError::kIncomplete);
  }
  state_ = State::kDone;
  return {};
}

std::expected<void, ChunkedError> AwsChunkedDecoder::step(std::span<const std::byte>& bytes,
                                                          const Sink& sink) {
  if (state_ == State::kDone) return fail(ChunkedError::kMalformed);
  if (state_ == State::kPayload) return take_payload(bytes, sink);
  const auto whole = take_line(bytes);
  if (!whole) return fail(whole.error());
  if (!*whole) return {};
  std::expected<void, ChunkedError> taken;
  if (state_ == State::kHead) {
    taken = take_head();
  } else if (state_ == State::kPayloadEnd) {
    taken = line_.empty() ? end_of_chunk() : fail(ChunkedError::kMalformed);
  } else {
    taken = take_trailer();
  }
  line_.clear();
  return taken;
}

std::expected<bool, ChunkedError> AwsChunkedDecoder::take_line(std::span<const std::byte>& bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const std::size_t limit = state_ == State::kTrailers ? kMaxTrailerLine : kMaxLine;
  const auto end = text.find('\n');
  const std::size_t taken = std::min(end, text.size());
  if (line_.size() + taken > limit) return fail(ChunkedError::kMalformed);
  line_.append(text.substr(0, taken));
  if (end == std::string_view::npos) {
    bytes = {};
    return false;
  }
  bytes = bytes.subspan(end + 1);
  if (line_.ends_with('\r')) {
    line_.pop_back();
  } else if (state_ != State::kTrailers) {
    // The documented trailer form ends its lines with a bare line feed; nothing else does.
    return fail(ChunkedError::kMalformed);
  }
  return true;
}

// "10000;chunk-signature=ad80..." or "10000".
std::expected<void, ChunkedError> AwsChunkedDecoder::take_head() {
  const std::string_view line = line_;
  const std::size_t digits = std::min(line.find(';'), line.size());
  if (digits == 0 || digits > 16) return fail(ChunkedError::kMalformed);
  const auto [end, error] = std::from_chars(line.data(), line.data() + digits, left_in_chunk_, 16);
  if (error != std::errc() || end != line.data() + digits) return fail(ChunkedError::kMalformed);
  const std::string_view rest = line.substr(digits);
  if (signed_chunks()) {
    if (!rest.starts_with(kSignaturePrefix)) return fail(ChunkedError::kMalformed);
    chunk_signature_ = rest.substr(kSignaturePrefix.size());
  }
  if (decoded_length_ && left_in_chunk_ > *decoded_length_ - payload_bytes_) {
    return fail(ChunkedError::kTooLong);
  }
  if (left_in_chunk_ > 0) {
    state_ = State::kPayload;
    return {};
  }
  if (signed_chunks() &&
      !check_signature("PAYLOAD", empty_hash(), empty_hash(), chunk_signature_)) {
    return fail(ChunkedError::kSignature);
  }
  state_ = State::kTrailers;
  return {};
}

std::expected<void, ChunkedError> AwsChunkedDecoder::take_payload(std::span<const std::byte>& bytes,
                                                                  const Sink& sink) {
  const std::size_t size =
      static_cast<std::size_t>(std::min<std::uint64_t>(left_in_chunk_, bytes.size()));
  const auto piece = bytes.first(size);
  bytes = bytes.subspan(size);
  left_in_chunk_ -= size;
  payload_bytes_ += size;
  if (signed_chunks()) chunk_hash_.update(piece);
  sink(piece);
  if (left_in_chunk_ == 0) state_ = State::kPayloadEnd;
  return {};
}

std::expected<void, ChunkedError> AwsChunkedDecoder::end_of_chunk() {
  state_ = State::kHead;
  if (!signed_chunks()) return {};
  const HexDigest hash = hex_digest(chunk_hash_.finish());
  if (!check_signature("PAYLOAD", empty_hash(), hash.view(), chunk_signature_)) {
    return fail(ChunkedError::kSignature);
  }
  return {};
}

std::expected<void, ChunkedError> AwsChunkedDecoder::take_trailer() {
  const std::string_view line = line_;
  if (line.empty()) {
    // Before the trailer's signature a blank line may stand; after it one ends the body.
    if (kind_ != PayloadKind::kStreamingSignedTrailer || trailer_signed_) state_ = State::kDone;
    trailer_bytes_ += 2;
    return trailer_bytes_ > kMaxTrailers ? fail(ChunkedError::kMalformed)
                                         : std::expected<void, ChunkedError>();
  }
  trailer_bytes_ += line.size();
  const auto colon = line.find(':');
  if (!has_trailers() || trailer_signed_ || trailer_bytes_ > kMaxTrailers || colon == 0 ||
      colon == std::string_view::npos) {
    return fail(ChunkedError::kMalformed);
  }
  std::string name = to_lower(trim(line.substr(0, colon)));
  const std::string_view value = trim(line.substr(colon + 1));
  if (name == kTrailerSignature) {
    if (!signed_chunks()) return {};
    return check_trailer_signature(value);
  }
  trailers_.emplace_back(std::move(name), value);
  return {};
}

std::expected<void, ChunkedError> AwsChunkedDecoder::check_trailer_signature(
    std::string_view claimed) {
  Sha256 hash;
  for (const auto& [name, value] : trailers_) {
    hash.update(name);
    hash.update(":");
    hash.update(value);
    hash.update("\n");
  }
  trailer_signed_ = true;
  if (!check_signature("TRAILER", {}, hex_digest(hash.finish()).view(), claimed)) {
    return fail(ChunkedError::kSignature);
  }
  return {};
}

// The string to sign: label, time, scope, the signature before, [the hash of nothing,] the hash.
bool AwsChunkedDecoder::check_signature(std::string_view label, std::string_view middle,
                                        std::string_view hash, std::string_view claimed) {
  const std::string_view separator = middle.empty() ? "" : "\n";
  const HexDigest expected = hex_digest(hmac_sha256(
      signing_.key, {"AWS4-HMAC-SHA256-", label, "\n", signing_.time, "\n", signing_.scope, "\n",
                     previous_signature_, "\n", middle, separator, hash}));
  previous_signature_.assign(expected.view());
  return equals_constant_time(expected.view(), claimed);
}

}  // namespace clary::wire
