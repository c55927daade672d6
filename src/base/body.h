// Streams of bytes as the API sees them, without HTTP: what a request brings and a response takes.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/request.h"

namespace clary {

// The peer went away, was too slow, or sent less or more than it announced.
class BodyError : public std::runtime_error {
 public:
  enum class Kind { kTruncated, kTooLarge, kTimeout, kMalformed };
  BodyError(Kind kind, const std::string& what) : std::runtime_error(what), kind_(kind) {}
  Kind kind() const { return kind_; }

 private:
  Kind kind_;
};

// threads: one reader at a time, on the connection's executor.
class BodyReader {
 public:
  virtual ~BodyReader() = default;
  // Reads up to buffer.size() bytes; 0 is the end. Throws BodyError.
  virtual boost::asio::awaitable<std::size_t> read_some(std::span<std::byte> buffer) = 0;
  // How many bytes read_some() will give in all, when that is known ahead: Content-Length, or
  // x-amz-decoded-content-length of an aws-chunked body.
  virtual std::optional<std::uint64_t> content_length() const = 0;
  // The trailer fields that followed the body (x-amz-checksum-crc32, ...); nullptr when there were
  // none. Valid after read_some() returned 0.
  virtual const Headers* trailers() const { return nullptr; }
};

struct ResponseHead {
  unsigned status = 200;
  // In the order they are sent. Content-Length is added when `content_length` is set, else the body
  // is chunked. Date, Connection and the request id are added below.
  std::vector<std::pair<std::string, std::string>> headers;
  std::optional<std::uint64_t> content_length;
};

// One response. threads: as BodyReader. Every member throws BodyError when the peer is gone.
class BodyWriter {
 public:
  virtual ~BodyWriter() = default;
  // Head and whole body in one write; content_length is set from the body.
  virtual boost::asio::awaitable<void> send(ResponseHead head, std::string body) = 0;
  // Head first, body in pieces, then finish().
  virtual boost::asio::awaitable<void> start(ResponseHead head) = 0;
  virtual boost::asio::awaitable<void> write(std::span<const std::byte> bytes) = 0;
  // Sends `length` bytes of an open file from `offset`, by sendfile where the connection allows.
  virtual boost::asio::awaitable<void> write_file(int file, std::uint64_t offset,
                                                  std::uint64_t length) = 0;
  virtual boost::asio::awaitable<void> finish() = 0;
  virtual bool started() const = 0;
};

}  // namespace clary
