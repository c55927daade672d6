#include "algorithms/data/parquet_pages.h"

#include <bit>
#include <cstring>

namespace clary::algorithms {
namespace {

[[noreturn]] void cut_short() {
  throw ParquetError("a page is cut short");
}

class Input {
 public:
  explicit Input(std::string_view bytes) : rest_(bytes) {}
  bool empty() const { return rest_.empty(); }
  std::string_view take(std::uint64_t size) {
    if (size > rest_.size()) cut_short();
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  std::string_view take_up_to(std::uint64_t size) {
    return take(std::min<std::uint64_t>(size, rest_.size()));
  }
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const auto part = static_cast<unsigned char>(take(1).front());
      value |= std::uint64_t{part & 0x7fU} << shift;
      if (part < 0x80) return value;
    }
    throw ParquetError("a number is too long");
  }
  std::uint64_t zigzag() {
    const std::uint64_t value = varint();
    return (value >> 1) ^ (~(value & 1) + 1);
  }

 private:
  std::string_view rest_;
};

// `width` bits at bit `at`, least significant first; bits past the end count 0.
std::uint64_t bits_at(std::string_view bytes, std::uint64_t at, unsigned width) {
  std::uint64_t value = 0;
  for (unsigned done = 0; done < width;) {
    const std::uint64_t index = (at + done) / 8;
    const unsigned offset = static_cast<unsigned>((at + done) % 8);
    const unsigned some = std::min(8 - offset, width - done);
    const std::uint64_t byte = index < bytes.size() ? static_cast<unsigned char>(bytes[index]) : 0;
    value |= ((byte >> offset) & ((1U << some) - 1)) << done;
    done += some;
  }
  return value;
}

template <class T>
T number_at(std::string_view bytes, std::size_t index) {
  T value;
  std::memcpy(&value, bytes.data() + index * sizeof(T), sizeof(T));
  return value;
}

float from_integer(std::uint64_t bits, const NumericType& type) {
  double value = 0;
  if (type.physical == Physical::kInt32) {
    value = type.is_unsigned ? static_cast<double>(static_cast<std::uint32_t>(bits))
                             : static_cast<double>(static_cast<std::int32_t>(bits));
  } else {
    value = type.is_unsigned ? static_cast<double>(bits)
                             : static_cast<double>(static_cast<std::int64_t>(bits));
  }
  return static_cast<float>(value / type.scale);
}

std::size_t width_of(Physical physical) {
  return physical == Physical::kInt32 || physical == Physical::kFloat ? 4 : 8;
}

float plain_at(std::string_view bytes, std::size_t i, const NumericType& type) {
  switch (type.physical) {
    case Physical::kFloat:
      return number_at<float>(bytes, i);
    case Physical::kDouble:
      return static_cast<float>(number_at<double>(bytes, i));
    case Physical::kInt32:
      return from_integer(number_at<std::uint32_t>(bytes, i), type);
    default:
      return from_integer(number_at<std::uint64_t>(bytes, i), type);
  }
}

std::vector<float> read_plain(std::string_view bytes, const NumericType& type, std::size_t count) {
  std::vector<float> values(count);
  if (type.physical == Physical::kBool) {
    if (bytes.size() < (count + 7) / 8) cut_short();
    for (std::size_t i = 0; i < count; ++i) values[i] = bits_at(bytes, i, 1) != 0 ? 1.0F : 0.0F;
    return values;
  }
  if (bytes.size() / width_of(type.physical) < count) cut_short();
  for (std::size_t i = 0; i < count; ++i) values[i] = plain_at(bytes, i, type);
  return values;
}

// The bytes of all values, first bytes first.
std::vector<float> read_split(std::string_view bytes, const NumericType& type, std::size_t count) {
  if (type.physical == Physical::kBool) throw ParquetError("booleans in a split encoding");
  const std::size_t width = width_of(type.physical);
  if (bytes.size() / width < count) cut_short();
  std::string joined(count * width, '\0');
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t b = 0; b < width; ++b) joined[i * width + b] = bytes[b * count + i];
  }
  return read_plain(joined, type, count);
}

std::vector<float> read_delta(std::string_view bytes, const NumericType& type, std::size_t count) {
  if (type.physical != Physical::kInt32 && type.physical != Physical::kInt64) {
    throw ParquetError("a delta encoding of something else than integers");
  }
  Input input(bytes);
  const std::uint64_t block = input.varint();
  const std::uint64_t parts = input.varint();
  input.varint();
  std::uint64_t value = input.zigzag();
  if (parts == 0 || block == 0 || block > (1U << 20) || block % parts != 0) {
    throw ParquetError("a delta encoding with impossible blocks");
  }
  const std::uint64_t per_part = block / parts;
  std::vector<float> values;
  values.reserve(count);
  if (count > 0) values.push_back(from_integer(value, type));
  while (values.size() < count) {
    const std::uint64_t least = input.zigzag();
    const std::string_view widths = input.take(parts);
    for (std::uint64_t part = 0; part < parts && values.size() < count; ++part) {
      const auto width = static_cast<unsigned char>(widths[part]);
      if (width > 64) throw ParquetError("a delta encoding with impossible widths");
      const std::string_view packed = input.take(per_part * width / 8);
      for (std::uint64_t i = 0; i < per_part && values.size() < count; ++i) {
        value += least + bits_at(packed, i * width, width);
        values.push_back(from_integer(value, type));
      }
    }
  }
  return values;
}

std::vector<float> read_indexed(std::string_view bytes, std::size_t count,
                                const std::vector<float>& dictionary) {
  if (count == 0) return {};
  if (bytes.empty()) cut_short();
  const auto width = static_cast<unsigned char>(bytes.front());
  std::vector<float> values;
  values.reserve(count);
  for (const std::uint32_t index : read_hybrid(bytes.substr(1), width, count)) {
    if (index >= dictionary.size()) throw ParquetError("a value is not in the dictionary");
    values.push_back(dictionary[index]);
  }
  return values;
}

}  // namespace

std::vector<std::uint32_t> read_hybrid(std::string_view bytes, unsigned width, std::size_t count) {
  if (width > 32) throw ParquetError("integers of more than 32 bits");
  std::vector<std::uint32_t> values;
  values.reserve(count);
  Input input(bytes);
  while (values.size() < count) {
    const std::uint64_t head = input.varint();
    const std::uint64_t missing = count - values.size();
    if ((head & 1) == 0) {
      const std::string_view raw = input.take((width + 7) / 8);
      const auto value = static_cast<std::uint32_t>(bits_at(raw, 0, width));
      if (head == 0) throw ParquetError("an empty run");
      values.insert(values.end(), std::min(head >> 1, missing), value);
      continue;
    }
    // Groups of eight; the last one may be cut where the values end.
    const std::uint64_t groups = head >> 1;
    if (groups == 0 || groups > (std::uint64_t{1} << 32)) throw ParquetError("an empty run");
    const std::string_view packed = input.take_up_to(groups * width);
    const std::uint64_t some = std::min(groups * 8, missing);
    if (packed.size() * 8 < some * width) cut_short();
    for (std::uint64_t i = 0; i < some; ++i) {
      values.push_back(static_cast<std::uint32_t>(bits_at(packed, i * width, width)));
    }
  }
  return values;
}

std::vector<float> read_values(std::string_view bytes, Encoding encoding, const NumericType& type,
                               std::size_t count, const std::vector<float>& dictionary) {
  switch (encoding) {
    case Encoding::kPlain:
      return read_plain(bytes, type, count);
    case Encoding::kPlainDictionary:
    case Encoding::kRleDictionary:
      return read_indexed(bytes, count, dictionary);
    case Encoding::kDeltaBinaryPacked:
      return read_delta(bytes, type, count);
    case Encoding::kByteStreamSplit:
      return read_split(bytes, type, count);
    case Encoding::kRle: {
      // Booleans, behind the length of what follows.
      if (type.physical != Physical::kBool) break;
      if (bytes.size() < 4) cut_short();
      std::vector<float> values;
      for (const std::uint32_t bit : read_hybrid(bytes.substr(4), 1, count)) {
        values.push_back(static_cast<float>(bit));
      }
      return values;
    }
  }
  throw ParquetError("an encoding that is not supported");
}

}  // namespace clary::algorithms
