#include "http/request_body.h"

#include <cstring>

namespace clary::http {

namespace asio = boost::asio;

namespace {

constexpr std::size_t kDrainBytes = 256 * 1024;
constexpr std::size_t kChunkInputBytes = 16 * 1024;
// A chunk header or trailer that fills this much is an attack, not a chunk.
constexpr std::size_t kChunkHeaderBytes = 64 * 1024;

}  // namespace

std::optional<std::uint64_t> RequestBody::content_length() const {
  if (!parser_.has_content_length()) return std::nullopt;
  return parser_.body_length();
}

asio::awaitable<std::size_t> RequestBody::read_some(std::span<std::byte> buffer) {
  if (done_ || buffer.empty()) co_return 0;
  if (continue_pending_) {
    continue_pending_ = false;
    if (input_.empty()) {
      const IoStatus status = co_await transport_.write("HTTP/1.1 100 Continue\r\n\r\n");
      if (status != IoStatus::kOk) {
        throw BodyError(BodyError::Kind::kTruncated, "the client went away");
      }
    }
  }
  co_return parser_.is_chunked() ? co_await read_chunked(buffer) : co_await read_fixed(buffer);
}

asio::awaitable<std::size_t> RequestBody::receive(std::span<char> buffer) {
  IoResult got = transport_.try_read(buffer);
  if (got.status == IoStatus::kOk && got.bytes == 0) {
    transport_.set_deadline(timeout_);
    got = co_await transport_.read_some(buffer);
    transport_.clear_deadline();
  }
  if (got.status == IoStatus::kTimeout) {
    throw BodyError(BodyError::Kind::kTimeout, "no byte of the request body came in time");
  }
  if (got.status != IoStatus::kOk) {
    throw BodyError(BodyError::Kind::kTruncated, "the request body ended too early");
  }
  co_return got.bytes;
}

asio::awaitable<std::size_t> RequestBody::read_fixed(std::span<std::byte> buffer) {
  const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), remaining_));
  std::size_t bytes = std::min(input_.view().size(), wanted);
  if (bytes > 0) {
    std::memcpy(buffer.data(), input_.view().data(), bytes);
    input_.consume(bytes);
  } else {
    bytes = co_await receive({reinterpret_cast<char*>(buffer.data()), wanted});
  }
  remaining_ -= bytes;
  done_ = remaining_ == 0;
  co_return bytes;
}

asio::awaitable<std::size_t> RequestBody::read_chunked(std::span<std::byte> buffer) {
  while (true) {
    std::size_t consumed = 0;
    std::size_t written = 0;
    const ParseStatus status = parser_.parse_chunks(input_.view(), consumed, buffer, written);
    input_.consume(consumed);
    if (status == ParseStatus::kBad || status == ParseStatus::kTooLarge) {
      throw BodyError(BodyError::Kind::kMalformed, "bad chunked encoding: " + parser_.reason());
    }
    done_ = status == ParseStatus::kDone;
    if (written > 0 || done_) co_return written;
    if (input_.view().size() > kChunkHeaderBytes) {
      throw BodyError(BodyError::Kind::kMalformed, "bad chunked encoding: header too long");
    }
    input_.commit(co_await receive(input_.prepare(kChunkInputBytes)));
  }
}

bool RequestBody::drainable() const {
  if (done_) return true;
  // The client may or may not send the body after our final answer: the next bytes are ambiguous.
  if (continue_pending_) return false;
  return parser_.is_chunked() || remaining_ <= kDrainBytes;
}

asio::awaitable<bool> RequestBody::drain() {
  if (done_) co_return true;
  if (!drainable()) co_return false;
  std::array<std::byte, 4096> scrap;
  std::size_t total = 0;
  try {
    while (!done_ && total <= kDrainBytes) total += co_await read_some(scrap);
  } catch (const BodyError&) {
    co_return false;
  }
  co_return done_;
}

}  // namespace clary::http
