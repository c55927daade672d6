#include <bit>
#include <cmath>
#include <optional>

#include "base/text.h"
#include "wire/cbor.h"
#include "wire/json_codec.h"
#include "wire/timestamps.h"
#include "wire/utf8.h"

namespace clary::wire {
namespace {

constexpr unsigned kUnsigned = 0, kNegative = 1, kBytes = 2, kText = 3, kArray = 4, kMap = 5,
                   kTag = 6, kSimple = 7;

// One data item's first bytes.
struct Head {
  unsigned major = 0, info = 0;
  std::uint64_t argument = 0;
  bool indefinite = false;
  bool is_null() const { return major == kSimple && (info == 22 || info == 23); }
  bool is_break() const { return major == kSimple && info == 31; }
};

class CborReader {
 public:
  explicit CborReader(std::string_view text) : text_(text) {}

  json::value value(const Shape& shape) { return value(shape, read_head(), 0); }
  void expect_end() const {
    if (at_ != text_.size()) throw serialization_error("Bytes follow the CBOR document");
  }

 private:
  [[noreturn]] static void broken() { throw serialization_error("The CBOR body is malformed"); }
  [[noreturn]] static void unexpected(const Shape& shape) {
    throw serialization_error("Unexpected CBOR type for a value of shape " + shape.name);
  }

  std::uint64_t fixed(std::size_t bytes) {
    if (text_.size() - at_ < bytes) broken();
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < bytes; ++i) {
      value = value << 8 | static_cast<unsigned char>(text_[at_++]);
    }
    return value;
  }

  Head read_head() {
    const auto lead = static_cast<unsigned>(fixed(1));
    Head head{.major = lead >> 5, .info = lead & 31};
    if (head.info < 24) {
      head.argument = head.info;
    } else if (head.info <= 27) {
      head.argument = fixed(std::size_t{1} << (head.info - 24));
    } else if (head.info == 31) {
      head.indefinite = true;
      if (head.major < kBytes || head.major == kTag) broken();
    } else {
      broken();
    }
    return head;
  }

  std::string string(const Head& head) {
    if (!head.indefinite) return std::string(chunk(head));
    std::string out;
    for (;;) {
      const Head next = read_head();
      if (next.is_break()) return out;
      if (next.major != head.major || next.indefinite) broken();
      out += chunk(next);
    }
  }

  std::string_view chunk(const Head& head) {
    if (text_.size() - at_ < head.argument) broken();
    const std::string_view part = text_.substr(at_, head.argument);
    at_ += part.size();
    return part;
  }

  std::string text(const Head& head) {
    std::string out = string(head);
    if (!valid_utf8(out)) broken();
    return out;
  }

  // Calls `each` with the head of every element (of a map: of every key) until the container ends.
  template <class Each>
  void for_each(const Head& container, Each each) {
    for (std::uint64_t i = 0; container.indefinite || i < container.argument; ++i) {
      const Head head = read_head();
      if (head.is_break()) {
        if (!container.indefinite) broken();
        return;
      }
      each(head);
    }
  }

  void check_depth(int depth) const {
    if (depth > kMaxDepth) throw serialization_error("The request body is nested too deeply");
  }

  void skip(const Head& head, int depth) {
    check_depth(depth);
    switch (head.major) {
      case kBytes:
      case kText:
        string(head);
        return;
      case kArray:
        return for_each(head, [&](const Head& element) { skip(element, depth + 1); });
      case kMap:
        return for_each(head, [&](const Head& key) {
          skip(key, depth + 1);
          skip(read_head(), depth + 1);
        });
      case kTag:
        return skip(read_head(), depth + 1);
      default:
        if (head.is_break()) broken();
    }
  }

  json::value value(const Shape& shape, Head head, int depth) {
    check_depth(depth);
    if (head.is_break()) broken();
    if (head.is_null()) return nullptr;
    switch (shape.kind) {
      case ShapeKind::kStructure:
        return structure(shape, head, depth);
      case ShapeKind::kList: {
        if (head.major != kArray) unexpected(shape);
        json::array list;
        for_each(head, [&](const Head& element) {
          list.push_back(value(*shape.element.shape, element, depth + 1));
        });
        return list;
      }
      case ShapeKind::kMap:
        return map(shape, head, depth);
      case ShapeKind::kString:
        if (head.major != kText) unexpected(shape);
        return json::value(text(head));
      case ShapeKind::kBlob:
        if (head.major != kBytes) unexpected(shape);
        return json::value(base64(string(head)));
      case ShapeKind::kBoolean:
        if (head.major != kSimple || (head.info != 20 && head.info != 21)) unexpected(shape);
        return head.info == 21;
      case ShapeKind::kInteger:
      case ShapeKind::kLong:
        return integer(shape, head);
      case ShapeKind::kFloat:
      case ShapeKind::kDouble:
        return number(shape, head);
      case ShapeKind::kTimestamp:
        return timestamp(shape, head);
    }
    broken();
  }

  json::value structure(const Shape& shape, const Head& head, int depth) {
    if (head.major != kMap) unexpected(shape);
    json::object object;
    for_each(head, [&](const Head& key) {
      if (key.major != kText) broken();
      const Member* member = shape.find_member(text(key));
      const Head next = read_head();
      if (member == nullptr) return skip(next, depth + 1);
      json::value item = value(*member->shape, next, depth + 1);
      if (!item.is_null()) object[member->name] = std::move(item);
    });
    return object;
  }

  json::value map(const Shape& shape, const Head& head, int depth) {
    if (head.major != kMap) unexpected(shape);
    json::object object;
    for_each(head, [&](const Head& key) {
      if (key.major != kText) broken();
      const std::string name = text(key);
      object[name] = value(*shape.value.shape, read_head(), depth + 1);
    });
    return object;
  }

  json::value integer(const Shape& shape, const Head& head) {
    std::int64_t result = 0;
    if (head.major == kUnsigned || head.major == kNegative) {
      if (head.argument > static_cast<std::uint64_t>(INT64_MAX)) unexpected(shape);
      const auto argument = static_cast<std::int64_t>(head.argument);
      result = head.major == kUnsigned ? argument : -1 - argument;
    } else {
      const double value = number(shape, head);
      if (std::trunc(value) != value || std::abs(value) >= 0x1p63) unexpected(shape);
      result = static_cast<std::int64_t>(value);
    }
    if (shape.kind == ShapeKind::kInteger && (result > INT32_MAX || result < INT32_MIN)) {
      unexpected(shape);
    }
    return result;
  }

  double number(const Shape& shape, const Head& head) {
    if (head.major == kUnsigned) return static_cast<double>(head.argument);
    if (head.major == kNegative) return -1.0 - static_cast<double>(head.argument);
    if (head.major != kSimple) unexpected(shape);
    switch (head.info) {
      case 25:
        return half(static_cast<unsigned>(head.argument));
      case 26:
        return std::bit_cast<float>(static_cast<std::uint32_t>(head.argument));
      case 27:
        return std::bit_cast<double>(head.argument);
      default:
        unexpected(shape);
    }
  }

  // RFC 8949, appendix D.
  static double half(unsigned bits) {
    const int exponent = static_cast<int>(bits >> 10 & 31);
    const double mantissa = bits & 1023;
    double value = 0;
    if (exponent == 0) {
      value = std::ldexp(mantissa, -24);
    } else if (exponent != 31) {
      value = std::ldexp(mantissa + 1024, exponent - 25);
    } else {
      value = mantissa == 0 ? HUGE_VAL : std::nan("");
    }
    return (bits & 0x8000) != 0 ? -value : value;
  }

  json::value timestamp(const Shape& shape, Head head) {
    if (head.major == kTag) {
      if (head.argument != 1) unexpected(shape);
      head = read_head();
    }
    const double seconds = number(shape, head);
    if (!timestamp_in_range(seconds))
      throw serialization_error("Unable to parse date: out of range");
    return std::round(seconds * 1000) / 1000;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

json::object decode_cbor(const Shape& shape, std::string_view body) {
  if (body.empty()) return {};
  CborReader reader(body);
  json::value value = reader.value(shape);
  reader.expect_end();
  if (!value.is_object()) return {};
  return std::move(value.get_object());
}

}  // namespace clary::wire
