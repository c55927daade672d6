#include "wire/event_stream.h"

#include <cstdint>

#include "base/crc.h"
#include "base/text.h"

namespace clary::wire {
namespace {

constexpr char kStringValue = 7;
// Prelude of two lengths and a CRC, and the CRC at the end.
constexpr std::size_t kFrameBytes = 16;

void append_big_endian(std::string& text, std::uint64_t number, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
    text.push_back(static_cast<char>((number >> shift) & 0xFF));
  }
}

void append_crc(std::string& text) {
  append_big_endian(text, crc_update(CrcKind::kCrc32, 0, as_bytes(text)), 4);
}

}  // namespace

std::string event_message(EventHeaders headers, std::string_view payload) {
  std::size_t header_bytes = 0;
  for (const auto& [name, value] : headers) header_bytes += 1 + name.size() + 3 + value.size();
  std::string message;
  message.reserve(kFrameBytes + header_bytes + payload.size());
  append_big_endian(message, kFrameBytes + header_bytes + payload.size(), 4);
  append_big_endian(message, header_bytes, 4);
  append_crc(message);
  for (const auto& [name, value] : headers) {
    append_big_endian(message, name.size(), 1);
    message += name;
    message.push_back(kStringValue);
    append_big_endian(message, value.size(), 2);
    message += value;
  }
  message += payload;
  append_crc(message);
  return message;
}

std::string blob_event(std::string_view event_type, std::string_view payload) {
  return event_message({{":message-type", "event"},
                        {":event-type", event_type},
                        {":content-type", "application/octet-stream"}},
                       payload);
}

std::string exception_event(std::string_view exception_type, std::string_view payload) {
  return event_message({{":message-type", "exception"},
                        {":exception-type", exception_type},
                        {":content-type", "application/json"}},
                       payload);
}

}  // namespace clary::wire
