// The framing of streams of events (application/vnd.amazon.eventstream).
// Source: "Event stream encoding" of the Smithy specification (smithy.io, aws/amazon-eventstream).
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace clary::wire {

inline constexpr std::string_view kEventStreamType = "application/vnd.amazon.eventstream";

using EventHeaders = std::initializer_list<std::pair<std::string_view, std::string_view>>;

// One message: lengths, their CRC-32, string headers, payload, CRC-32 of all. Names of at most 255
// bytes, values of at most 32767; a payload of at most 16 MiB is what clients take.
std::string event_message(EventHeaders headers, std::string_view payload);

// An event of the stream's union ("PayloadPart") whose payload is a blob.
std::string blob_event(std::string_view event_type, std::string_view payload);
// The exception that ends a stream; `payload` is its JSON.
std::string exception_event(std::string_view exception_type, std::string_view payload);

}  // namespace clary::wire
