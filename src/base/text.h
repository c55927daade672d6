// Encodings of bytes as text that several layers share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace clary {

std::string hex(std::span<const std::byte> bytes);
// Nullopt on an odd length or a character that is no hex digit.
std::optional<std::vector<std::byte>> unhex(std::string_view text);

// Base64 of RFC 4648 section 4, with padding.
std::string base64(std::string_view bytes);
// Nullopt on anything that is not canonical padded Base64 (white space too).
std::optional<std::string> unbase64(std::string_view text);

// AWS's URI encoding: every byte but A-Z a-z 0-9 - . _ ~ becomes %XX; `keep_slash` leaves / alone.
enum class Slash { kEncode, kKeep };
std::string uri_encode(std::string_view text, Slash slash = Slash::kEncode);
// Nullopt on a broken escape. '+' is a space only in query strings and forms.
enum class Plus { kLiteral, kSpace };
std::optional<std::string> uri_decode(std::string_view text, Plus plus = Plus::kLiteral);

// ASCII only, as headers and host names are.
std::string to_lower(std::string_view text);
bool equals_ignore_case(std::string_view a, std::string_view b);
std::string_view trim(std::string_view text);

// Time depends on the lengths only: for signatures and tokens.
bool equals_constant_time(std::string_view a, std::string_view b);

// The bytes of a text and back, for interfaces that take spans.
inline std::span<const std::byte> as_bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

}  // namespace clary
