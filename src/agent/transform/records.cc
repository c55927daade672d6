#include "agent/transform/records.h"

#include <cstring>

#include "base/crc.h"
#include "base/text.h"

namespace clary::agent {
namespace {

// MXNet's recordio.h: a magic number, then three bits that tell parts apart and 29 bits of length,
// data padded to four bytes. All numbers of both formats are little-endian.
constexpr std::uint32_t kRecordIoMagic = 0xced7230a;
constexpr std::size_t kRecordIoHeader = 8;
enum : std::uint32_t { kWhole = 0, kFirst = 1, kMiddle = 2, kLast = 3 };

// TensorFlow's record_writer.cc: length of 8 bytes, its masked CRC, data, the data's masked CRC.
constexpr std::size_t kTfHeader = 12;
constexpr std::size_t kTfFooter = 4;

template <class Number>
Number read_number(std::string_view bytes) {
  Number value = 0;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

std::uint32_t masked_crc(std::string_view bytes) {
  const auto crc = static_cast<std::uint32_t>(crc_update(CrcKind::kCrc32c, 0, as_bytes(bytes)));
  return ((crc >> 15) | (crc << 17)) + 0xa282ead8U;
}

}  // namespace

void RecordSplitter::check(std::uint64_t size) const {
  if (size > largest_) {
    throw BadRecord("a record has more than the " + std::to_string(largest_) +
                    " bytes that MaxPayloadInMB allows");
  }
}

void RecordSplitter::write(std::string_view bytes) {
  switch (split_) {
    case TransformSpec::Split::kNone:
      check(buffer_.size() + bytes.size());
      buffer_.append(bytes);
      break;
    case TransformSpec::Split::kLine:
      write_lines(bytes);
      break;
    case TransformSpec::Split::kRecordIo:
    case TransformSpec::Split::kTfRecord:
      write_frames(bytes);
      break;
  }
}

void RecordSplitter::write_lines(std::string_view bytes) {
  while (true) {
    const std::size_t end = bytes.find('\n');
    check(buffer_.size() + std::min(end, bytes.size()));
    if (end == std::string_view::npos) break;
    buffer_.append(bytes.substr(0, end));
    bytes.remove_prefix(end + 1);
    if (buffer_.ends_with('\r')) buffer_.pop_back();
    if (!buffer_.empty()) take_(std::exchange(buffer_, {}));
  }
  buffer_.append(bytes);
}

std::size_t RecordSplitter::frame_size(std::string_view rest, bool& more_follow) const {
  more_follow = false;
  if (split_ == TransformSpec::Split::kTfRecord) {
    if (rest.size() < kTfHeader) return 0;
    const auto length = read_number<std::uint64_t>(rest);
    if (read_number<std::uint32_t>(rest.substr(8)) != masked_crc(rest.substr(0, 8))) {
      throw BadRecord("the object is not in TFRecord format: the checksum of a length is wrong");
    }
    check(length);
    return kTfHeader + static_cast<std::size_t>(length) + kTfFooter;
  }
  if (rest.size() < kRecordIoHeader) return 0;
  if (read_number<std::uint32_t>(rest) != kRecordIoMagic) {
    throw BadRecord(
        "the object is not in RecordIO format: a record does not begin with its magic "
        "number");
  }
  const auto word = read_number<std::uint32_t>(rest.substr(4));
  const std::uint32_t part = word >> 29;
  const std::size_t length = word & ((1U << 29) - 1);
  if (part > kLast || (part == kWhole || part == kFirst) != (parts_ == 0)) {
    throw BadRecord("the parts of a RecordIO record are out of order");
  }
  check(parts_ + length);
  more_follow = part == kFirst || part == kMiddle;
  return kRecordIoHeader + (length + 3) / 4 * 4;
}

void RecordSplitter::write_frames(std::string_view bytes) {
  buffer_.append(bytes);
  std::size_t begin = 0;  // of the record
  while (true) {
    const std::string_view rest = std::string_view(buffer_).substr(begin + parts_);
    bool more_follow = false;
    const std::size_t size = frame_size(rest, more_follow);
    if (size == 0 || size > rest.size()) break;
    parts_ += size;
    if (more_follow) continue;
    take_(buffer_.substr(begin, parts_));
    begin += std::exchange(parts_, 0);
  }
  buffer_.erase(0, begin);
}

void RecordSplitter::finish() {
  const bool framed =
      split_ == TransformSpec::Split::kRecordIo || split_ == TransformSpec::Split::kTfRecord;
  if (framed && !buffer_.empty()) throw BadRecord("the last record is cut short");
  if (split_ == TransformSpec::Split::kLine && buffer_.ends_with('\r')) buffer_.pop_back();
  if (!buffer_.empty()) take_(std::exchange(buffer_, {}));
}

}  // namespace clary::agent
