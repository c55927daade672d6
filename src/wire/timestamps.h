// The three ways timestamps are written on the wire, and numbers as text.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "wire/model.h"

namespace clary::wire {

// Seconds since the epoch from ISO 8601 ("2026-11-22T20:28:40.123Z", also with an offset, without a
// zone, or a bare date), RFC 9110's IMF-fixdate, or a decimal number. Nullopt on anything else.
std::optional<double> parse_timestamp(std::string_view text);
// Years 0000 to 9999, what every form can hold; false for NaN.
bool timestamp_in_range(double seconds);

// Milliseconds are written where there are any; RFC 822 dates have none.
std::string format_timestamp(double seconds, TimestampFormat format);
void append_epoch_seconds(std::string& out, double seconds);
void append_integer(std::string& out, long long value);
// Shortest form that reads back the same; always with a fraction or an exponent, so that clients
// that tell whole numbers from others read a float. NaN, Infinity, -Infinity by name.
void append_double(std::string& out, double value);

}  // namespace clary::wire
