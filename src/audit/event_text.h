// An event as CloudTrail writes it ("CloudTrail record contents for management, data, and network
// activity events" in AWS's user guide, record version 1.11).
#pragma once

#include <string>
#include <string_view>

#include "audit/event.h"

namespace clary::audit {

// `text` as a JSON string with its quotes. Bytes that are no UTF-8 become U+FFFD.
void append_json_string(std::string& out, std::string_view text);

// The members of the record, without braces: "eventVersion":"1.11",... `event_id` is a UUID.
void append_event(std::string& out, const Event& event, std::string_view event_id);

}  // namespace clary::audit
