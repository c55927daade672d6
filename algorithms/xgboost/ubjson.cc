#include "algorithms/xgboost/ubjson.h"

#include <bit>
#include <cstring>
#include <string>

namespace clary::algorithms::xgboost {
namespace {

constexpr int kMaxDepth = 64;

class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  json::value document() {
    json::value value = read_value(take_marker(), 0);
    if (!rest_.empty()) fail("bytes after the end");
    return value;
  }

 private:
  [[noreturn]] static void fail(const char* reason) {
    throw ModelFormatError(std::string("UBJSON: ") + reason);
  }

  char peek() const {
    if (rest_.empty()) fail("cut short");
    return rest_.front();
  }

  char take() {
    const char c = peek();
    rest_.remove_prefix(1);
    return c;
  }

  // 'N' is a no-op between values.
  char take_marker() {
    char marker = take();
    while (marker == 'N') marker = take();
    return marker;
  }

  std::string_view take(std::uint64_t size) {
    if (size > rest_.size()) fail("cut short");
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

  // Numbers are big-endian.
  template <class T, class Bits>
  T take_number() {
    const std::string_view bytes = take(sizeof(Bits));
    Bits bits = 0;
    for (const char byte : bytes) {
      bits = static_cast<Bits>((static_cast<std::uint64_t>(bits) << 8) |
                               static_cast<unsigned char>(byte));
    }
    return std::bit_cast<T>(bits);
  }

  std::int64_t take_integer(char marker) {
    switch (marker) {
      case 'i':
        return take_number<std::int8_t, std::uint8_t>();
      case 'U':
        return take_number<std::uint8_t, std::uint8_t>();
      case 'I':
        return take_number<std::int16_t, std::uint16_t>();
      case 'l':
        return take_number<std::int32_t, std::uint32_t>();
      case 'L':
        return take_number<std::int64_t, std::uint64_t>();
      default:
        fail("a length of unknown type");
    }
  }

  std::uint64_t take_length() {
    const std::int64_t length = take_integer(take());
    if (length < 0) fail("a negative length");
    return static_cast<std::uint64_t>(length);
  }

  static std::size_t size_of(char type) {
    switch (type) {
      case 'i':
      case 'U':
        return 1;
      case 'I':
        return 2;
      case 'l':
      case 'd':
        return 4;
      case 'L':
      case 'D':
        return 8;
      default:
        fail("an array of unknown type");
    }
  }

  json::value read_value(char marker, int depth) {
    if (depth > kMaxDepth) fail("nested too deeply");
    switch (marker) {
      case '{':
        return read_object(depth);
      case '[':
        return read_array(depth);
      case 'S':
        return json::string(take(take_length()));
      case 'C':
        return json::string(take(std::uint64_t{1}));
      case 'd':
        return static_cast<double>(take_number<float, std::uint32_t>());
      case 'D':
        return take_number<double, std::uint64_t>();
      case 'T':
        return true;
      case 'F':
        return false;
      case 'Z':
        return nullptr;
      default:
        return take_integer(marker);
    }
  }

  json::value read_object(int depth) {
    if (peek() == '$' || peek() == '#') fail("an object of a declared size");
    json::object object;
    while (true) {
      const char marker = take_marker();
      if (marker == '}') return object;
      const std::int64_t length = take_integer(marker);
      if (length < 0) fail("a negative length");
      const std::string_view key = take(static_cast<std::uint64_t>(length));
      object.insert_or_assign(key, read_value(take_marker(), depth + 1));
    }
  }

  json::value read_array(int depth) {
    json::array array;
    char type = 0;
    if (peek() == '$') {
      take();
      type = take();
      if (peek() != '#') fail("a typed array without a length");
    }
    if (peek() == '#') {
      take();
      const std::uint64_t length = take_length();
      const std::size_t size = type == 0 ? 1 : size_of(type);
      if (length > rest_.size() / size) fail("cut short");
      array.reserve(length);
      for (std::uint64_t i = 0; i < length; ++i) {
        array.push_back(read_value(type == 0 ? take_marker() : type, depth + 1));
      }
      return array;
    }
    for (char marker = take_marker(); marker != ']'; marker = take_marker()) {
      array.push_back(read_value(marker, depth + 1));
    }
    return array;
  }

  std::string_view rest_;
};

}  // namespace

json::value parse_ubjson(std::string_view bytes) {
  return Reader(bytes).document();
}

}  // namespace clary::algorithms::xgboost
