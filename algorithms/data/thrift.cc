#include "algorithms/data/thrift.h"

namespace clary::algorithms {
namespace {

constexpr int kMaxDepth = 32;
enum : int {
  kTrue = 1,
  kFalse,
  kByte,
  kI16,
  kI32,
  kI64,
  kDouble,
  kBinary,
  kList,
  kSet,
  kMap,
  kStruct
};

std::int64_t unzigzag(std::uint64_t value) {
  return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
}

}  // namespace

struct ThriftReader::Deeper {
  explicit Deeper(ThriftReader& reader) : reader_(reader) {
    if (++reader_.depth_ > kMaxDepth) throw ThriftError("nested too deeply");
  }
  ~Deeper() { --reader_.depth_; }
  ThriftReader& reader_;
};

unsigned char ThriftReader::byte() {
  return static_cast<unsigned char>(take(1).front());
}

std::string_view ThriftReader::take(std::uint64_t size) {
  if (size > rest_.size()) throw ThriftError("cut short");
  const std::string_view taken = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return taken;
}

std::uint64_t ThriftReader::varint() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    const unsigned char part = byte();
    value |= std::uint64_t{part & 0x7fU} << shift;
    if (part < 0x80) return value;
  }
  throw ThriftError("a number is too long");
}

std::int64_t ThriftReader::read_integer() {
  return unzigzag(varint());
}
std::string_view ThriftReader::read_text() {
  return take(varint());
}

void ThriftReader::read_struct(const std::function<bool(const Field&)>& read) {
  const Deeper deeper(*this);
  int id = 0;
  while (true) {
    const unsigned char head = byte();
    if (head == 0) return;
    const int step = head >> 4;
    id = step != 0 ? id + step : static_cast<int>(read_integer());
    const Field field{id, head & 0x0f};
    if (!read(field)) skip(field.type);
  }
}

void ThriftReader::read_structs(const std::function<void()>& read) {
  const Deeper deeper(*this);
  const unsigned char head = byte();
  std::uint64_t size = head >> 4;
  if (size == 15) size = varint();
  if ((head & 0x0f) != kStruct) throw ThriftError("a list of something else");
  // Every structure takes a byte at least.
  if (size > rest_.size()) throw ThriftError("cut short");
  for (std::uint64_t i = 0; i < size; ++i) read();
}

// Of a list or map, where booleans take a byte each. So every element takes one at least, and a
// long count cannot keep the reader busy past the end of the bytes.
void ThriftReader::skip_element(int type) {
  if (type == kTrue || type == kFalse) {
    take(1);
  } else {
    skip(type);
  }
}

void ThriftReader::skip(int type) {
  const Deeper deeper(*this);
  switch (type) {
    case kTrue:
    case kFalse:
      return;
    case kByte:
      take(1);
      return;
    case kI16:
    case kI32:
    case kI64:
      varint();
      return;
    case kDouble:
      take(8);
      return;
    case kBinary:
      take(varint());
      return;
    case kList:
    case kSet: {
      const unsigned char head = byte();
      std::uint64_t size = head >> 4;
      if (size == 15) size = varint();
      const int element = head & 0x0f;
      for (std::uint64_t i = 0; i < size; ++i) skip_element(element);
      return;
    }
    case kMap: {
      const std::uint64_t size = varint();
      if (size == 0) return;
      const unsigned char types = byte();
      for (std::uint64_t i = 0; i < size; ++i) {
        skip_element(types >> 4);
        skip_element(types & 0x0f);
      }
      return;
    }
    case kStruct:
      read_struct([](const Field&) { return false; });
      return;
    default:
      throw ThriftError("an unknown type");
  }
}

}  // namespace clary::algorithms
