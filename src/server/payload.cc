#include "server/payload.h"

#include <zlib.h>

#include <array>
#include <charconv>
#include <cstring>

#include "wire/api_error.h"
#include "wire/aws_chunked.h"
#include "wire/sha256.h"

namespace clary::server {
namespace {

namespace asio = boost::asio;
using wire::ApiError;
using wire::ChunkedError;
using wire::PayloadKind;

// Hashes what passes and compares at the end.
class HashedBody final : public BodyReader {
 public:
  HashedBody(BodyReader& raw, std::string expected) : raw_(raw), expected_(std::move(expected)) {}

  asio::awaitable<std::size_t> read_some(std::span<std::byte> buffer) override {
    const std::size_t got = co_await raw_.read_some(buffer);
    if (got > 0) {
      hash_.update(buffer.first(got));
    } else if (!checked_) {
      checked_ = true;
      const auto actual = wire::hex_digest(hash_.finish());
      if (!equals_constant_time(actual.view(), expected_)) {
        ApiError error("XAmzContentSHA256Mismatch",
                       "The provided 'x-amz-content-sha256' header does not match what was "
                       "computed.",
                       400);
        error.details()["ClientComputedContentSHA256"] = expected_;
        error.details()["S3ComputedContentSHA256"] = std::string(actual.view());
        throw error;
      }
    }
    co_return got;
  }
  std::optional<std::uint64_t> content_length() const override { return raw_.content_length(); }
  const Headers* trailers() const override { return raw_.trailers(); }

 private:
  BodyReader& raw_;
  std::string expected_;
  wire::Sha256 hash_;
  bool checked_ = false;
};

[[noreturn]] void throw_chunked(ChunkedError error) {
  switch (error) {
    case ChunkedError::kSignature:
      throw ApiError("SignatureDoesNotMatch",
                     "The signature of a chunk does not match its content. Check your key and "
                     "signing method.",
                     403);
    case ChunkedError::kIncomplete:
      throw ApiError("IncompleteBody",
                     "You did not provide the number of bytes specified by the "
                     "x-amz-decoded-content-length HTTP header.",
                     400);
    case ChunkedError::kTooLong:
      throw ApiError("InvalidRequest",
                     "The body is longer than the x-amz-decoded-content-length HTTP header says.",
                     400);
    case ChunkedError::kMalformed:
      break;
  }
  throw ApiError("InvalidRequest", "The body is not in the aws-chunked format.", 400);
}

class ChunkedBody final : public BodyReader {
 public:
  ChunkedBody(BodyReader& raw, PayloadKind kind, wire::ChunkSigning signing,
              std::optional<std::uint64_t> length)
      : raw_(raw), decoder_(kind, std::move(signing), length), length_(length) {}

  // Decodes in place: payload bytes are always at or behind the place they are moved to.
  asio::awaitable<std::size_t> read_some(std::span<std::byte> buffer) override {
    while (!ended_) {
      const std::size_t got = co_await raw_.read_some(buffer);
      if (got == 0) {
        ended_ = true;
        if (const auto done = decoder_.finish(); !done) throw_chunked(done.error());
        for (const auto& [name, value] : decoder_.trailers()) trailers_.add(name, value);
        break;
      }
      std::size_t filled = 0;
      const auto pushed = decoder_.push(buffer.first(got), [&](std::span<const std::byte> payload) {
        std::memmove(buffer.data() + filled, payload.data(), payload.size());
        filled += payload.size();
      });
      if (!pushed) throw_chunked(pushed.error());
      if (filled > 0) co_return filled;
    }
    co_return 0;
  }
  std::optional<std::uint64_t> content_length() const override { return length_; }
  const Headers* trailers() const override {
    return trailers_.size() > 0 ? &trailers_ : raw_.trailers();
  }

 private:
  BodyReader& raw_;
  wire::AwsChunkedDecoder decoder_;
  std::optional<std::uint64_t> length_;
  Headers trailers_;
  bool ended_ = false;
};

class PlainBody final : public BodyReader {
 public:
  explicit PlainBody(BodyReader& raw) : raw_(raw) {}
  asio::awaitable<std::size_t> read_some(std::span<std::byte> buffer) override {
    return raw_.read_some(buffer);
  }
  std::optional<std::uint64_t> content_length() const override { return raw_.content_length(); }
  const Headers* trailers() const override { return raw_.trailers(); }

 private:
  BodyReader& raw_;
};

std::optional<std::uint64_t> decoded_length(const RequestHead& head) {
  const std::string_view text = head.headers.get("x-amz-decoded-content-length");
  if (text.empty()) return std::nullopt;
  std::uint64_t length = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
  if (error != std::errc() || end != text.data() + text.size()) {
    throw ApiError("InvalidArgument", "x-amz-decoded-content-length must be a number of bytes.",
                   400);
  }
  return length;
}

}  // namespace

asio::awaitable<std::string> read_all(BodyReader& body, std::size_t limit) {
  const auto announced = body.content_length();
  if (announced && *announced > limit) {
    throw BodyError(BodyError::Kind::kTooLarge, "the body is larger than the limit");
  }
  std::string bytes;
  // One byte more than announced, so that the end shows without growing.
  bytes.resize(std::min<std::uint64_t>(announced.value_or(16 << 10), limit) + 1);
  std::size_t filled = 0;
  while (true) {
    if (filled == bytes.size()) bytes.resize(std::min(bytes.size() * 2, limit + 1));
    const std::span<char> space(bytes.data() + filled, bytes.size() - filled);
    const std::size_t got = co_await body.read_some(std::as_writable_bytes(space));
    if (got == 0) break;
    filled += got;
    if (filled > limit) {
      throw BodyError(BodyError::Kind::kTooLarge, "the body is larger than the limit");
    }
  }
  bytes.resize(filled);
  co_return bytes;
}

asio::awaitable<std::size_t> MemoryBody::read_some(std::span<std::byte> buffer) {
  const std::size_t count = std::min(buffer.size(), left_.size());
  if (count > 0) std::memcpy(buffer.data(), left_.data(), count);
  left_.remove_prefix(count);
  co_return count;
}

std::unique_ptr<BodyReader> checked_payload(BodyReader& raw, const RequestHead& head,
                                            const wire::SignedRequest& claimed,
                                            const wire::SigningKey& key) {
  switch (claimed.payload) {
    case PayloadKind::kHash:
      return std::make_unique<HashedBody>(raw, claimed.payload_hash);
    case PayloadKind::kUnsigned:
      return std::make_unique<PlainBody>(raw);
    case PayloadKind::kStreamingSigned:
    case PayloadKind::kStreamingSignedTrailer:
      return std::make_unique<ChunkedBody>(raw, claimed.payload, wire::chunk_signing(claimed, key),
                                           decoded_length(head));
    case PayloadKind::kStreamingUnsignedTrailer:
      break;
  }
  return std::make_unique<ChunkedBody>(raw, claimed.payload, wire::ChunkSigning{},
                                       decoded_length(head));
}

std::optional<std::string> gunzip(std::string_view bytes, std::size_t limit) {
  z_stream stream{};
  constexpr int kGzipOnly = 16 + MAX_WBITS;
  if (inflateInit2(&stream, kGzipOnly) != Z_OK) return std::nullopt;
  // zlib's interface is not const-correct; it does not write to its input.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  std::string out;
  std::array<char, 16 << 10> piece{};
  int state = Z_OK;
  while (state == Z_OK) {
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = piece.size();
    state = inflate(&stream, Z_NO_FLUSH);
    out.append(piece.data(), piece.size() - stream.avail_out);
    if (out.size() > limit) {
      inflateEnd(&stream);
      throw BodyError(BodyError::Kind::kTooLarge, "the body unpacks to more than the limit");
    }
  }
  const bool whole = state == Z_STREAM_END && stream.avail_in == 0;
  inflateEnd(&stream);
  return whole ? std::optional(std::move(out)) : std::nullopt;
}

}  // namespace clary::server
