#include "algorithms/data/decompress.h"

#include <dlfcn.h>
#include <zlib.h>

#include <cstring>

namespace clary::algorithms {
namespace {

[[noreturn]] void fail(const char* codec) {
  throw DecompressError(std::string(codec) + " data is damaged");
}

// What both LZ77 formats do: copy what was written `distance` bytes ago, which may overlap.
void repeat(std::string& out, std::size_t distance, std::size_t length, std::size_t limit,
            const char* codec) {
  if (distance == 0 || distance > out.size() || length > limit - out.size()) fail(codec);
  for (std::size_t i = 0; i < length; ++i) out.push_back(out[out.size() - distance]);
}

class Input {
 public:
  Input(std::string_view bytes, const char* codec) : rest_(bytes), codec_(codec) {}
  bool empty() const { return rest_.empty(); }
  std::size_t byte() { return static_cast<unsigned char>(take(1).front()); }
  std::size_t little_endian(std::size_t size) {
    const std::string_view bytes = take(size);
    std::size_t value = 0;
    for (std::size_t i = 0; i < size; ++i) {
      value |= static_cast<std::size_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
    }
    return value;
  }
  std::string_view take(std::size_t size) {
    if (size > rest_.size()) fail(codec_);
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

 private:
  std::string_view rest_;
  const char* codec_;
};

void literal(Input& input, std::string& out, std::size_t length, std::size_t limit,
             const char* codec) {
  if (length > limit - out.size()) fail(codec);
  out.append(input.take(length));
}

// Snappy's raw format: its length as a varint, then literals and copies.
std::string snappy(std::string_view bytes, std::size_t size) {
  constexpr const char* kName = "snappy";
  Input input(bytes, kName);
  std::size_t announced = 0;
  for (unsigned shift = 0;; shift += 7) {
    if (shift > 28) fail(kName);
    const std::size_t part = input.byte();
    announced |= (part & 0x7f) << shift;
    if (part < 0x80) break;
  }
  if (announced != size) fail(kName);
  std::string out;
  out.reserve(size);
  while (!input.empty()) {
    const std::size_t tag = input.byte();
    std::size_t length = tag >> 2;
    switch (tag & 3) {
      case 0:
        if (length >= 60) length = input.little_endian(length - 59);
        literal(input, out, length + 1, size, kName);
        break;
      case 1:
        repeat(out, ((tag >> 5) << 8) | input.byte(), (length & 7) + 4, size, kName);
        break;
      case 2:
        repeat(out, input.little_endian(2), length + 1, size, kName);
        break;
      default:
        repeat(out, input.little_endian(4), length + 1, size, kName);
    }
  }
  if (out.size() != size) fail(kName);
  return out;
}

// LZ4's block format.
std::string lz4(std::string_view bytes, std::size_t size) {
  constexpr const char* kName = "lz4";
  Input input(bytes, kName);
  std::string out;
  out.reserve(size);
  const auto extended = [&](std::size_t length) {
    if (length < 15) return length;
    std::size_t part = 255;
    while (part == 255) {
      part = input.byte();
      length += part;
    }
    return length;
  };
  while (!input.empty()) {
    const std::size_t token = input.byte();
    literal(input, out, extended(token >> 4), size, kName);
    if (input.empty()) break;  // the last sequence has literals only
    const std::size_t distance = input.little_endian(2);
    repeat(out, distance, extended(token & 15) + 4, size, kName);
  }
  if (out.size() != size) fail(kName);
  return out;
}

std::string gzip(std::string_view bytes, std::size_t size) {
  std::string out(size, '\0');
  z_stream stream{};
  // 32: gzip or zlib, by the header.
  if (::inflateInit2(&stream, 15 + 32) != Z_OK) fail("gzip");
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(size);
  const int result = ::inflate(&stream, Z_FINISH);
  const bool whole = result == Z_STREAM_END && stream.total_out == size;
  ::inflateEnd(&stream);
  if (!whole) fail("gzip");
  return out;
}

std::string zstd(std::string_view bytes, std::size_t size) {
  using Decompress = std::size_t (*)(void*, std::size_t, const void*, std::size_t);
  static const auto function = [] {
    void* library = ::dlopen("libzstd.so.1", RTLD_NOW | RTLD_LOCAL);
    return library == nullptr ? nullptr
                              : reinterpret_cast<Decompress>(::dlsym(library, "ZSTD_decompress"));
  }();
  if (function == nullptr) throw DecompressError("zstd data needs libzstd.so.1 (package libzstd1)");
  std::string out(size, '\0');
  // Errors are numbers near the top of the range.
  if (function(out.data(), size, bytes.data(), bytes.size()) != size) fail("zstd");
  return out;
}

}  // namespace

std::string decompress(Codec codec, std::string_view bytes, std::size_t size) {
  switch (codec) {
    case Codec::kNone:
      if (bytes.size() != size) throw DecompressError("a page has another size than it says");
      return std::string(bytes);
    case Codec::kSnappy:
      return snappy(bytes, size);
    case Codec::kGzip:
      return gzip(bytes, size);
    case Codec::kZstd:
      return zstd(bytes, size);
    case Codec::kLz4:
      return lz4(bytes, size);
  }
  throw DecompressError("compressed in a way that is not supported (use snappy, gzip or zstd)");
}

}  // namespace clary::algorithms
