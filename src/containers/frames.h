// The stream of a container's output, as the Docker Engine API frames it: eight bytes (stream,
// three zeros, length, big-endian), then so many bytes of that stream.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string_view>

namespace clary::containers {

enum class Stream { kOutput, kError };

class BadFrame : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Bytes pass through as they come: a frame is never held whole. threads: one.
class FrameReader {
 public:
  using Take = std::function<void(Stream stream, std::string_view bytes)>;

  // The first `skip_output` and `skip_error` bytes of the streams are dropped: they were read
  // before, from a connection that broke.
  explicit FrameReader(Take take, std::uint64_t skip_output = 0, std::uint64_t skip_error = 0)
      : take_(std::move(take)), skip_{skip_output, skip_error} {}

  // Throws BadFrame for what is no frame; then the stream cannot be read any further.
  void feed(std::string_view bytes);

 private:
  void pass(std::string_view bytes);

  Take take_;
  std::array<std::uint64_t, 2> skip_;  // by Stream
  std::array<unsigned char, 8> head_{};
  std::size_t head_bytes_ = 0;
  std::uint32_t left_ = 0;  // of the frame under way
  Stream stream_ = Stream::kOutput;
};

}  // namespace clary::containers
