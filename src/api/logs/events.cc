#include "api/logs/operations.h"

namespace clary::api::logs {
namespace {

using std::chrono::hours;

constexpr std::int64_t kMaxBatchBytes = 1 << 20, kEventOverhead = 26;

// What AWS asks of a batch as a whole ("PutLogEvents", constraints).
void check_batch(const std::vector<store::LogEvent>& events) {
  std::int64_t bytes = 0;
  for (std::size_t i = 0; i < events.size(); ++i) {
    bytes += static_cast<std::int64_t>(events[i].message.size()) + kEventOverhead;
    if (i > 0 && events[i].time < events[i - 1].time) {
      invalid("Log events in a single PutLogEvents request must be in chronological order.");
    }
  }
  if (bytes > kMaxBatchBytes) {
    invalid("Upload too large: " + std::to_string(bytes) + " bytes exceeds limit of " +
            std::to_string(kMaxBatchBytes));
  }
  if (!events.empty() && events.back().time - events.front().time > hours(24)) {
    invalid(
        "The batch of log events in a single PutLogEvents request cannot span more than 24 hours.");
  }
}

}  // namespace

// Events too old, expired or too new are left out and reported; the rest is stored.
json::object put_log_events(const LogStores& stores, const json::object& input, Call& call) {
  const store::LogScope scope = scope_of(input, call);
  const std::string stream = string_or(input, "logStreamName");
  std::vector<store::LogEvent> events;
  for (const json::value& value : *find_array(input, "logEvents")) {
    const json::object& event = value.as_object();
    events.push_back({.time = from_milliseconds(find_int(event, "timestamp").value_or(0)),
                      .message = string_or(event, "message")});
  }
  check_batch(events);
  const auto group = stores.events.group(scope);
  if (!group) throw_no_group();
  if (!stores.events.has_stream(scope, stream)) throw_no_stream();
  const Timestamp oldest = call.now - std::chrono::days(14), newest = call.now + hours(2);
  const Timestamp retained = group->retention_days
                                 ? call.now - std::chrono::days(*group->retention_days)
                                 : Timestamp::min();
  const auto first_from = [&](Timestamp from) {
    return std::ranges::lower_bound(events, from, {}, &store::LogEvent::time) - events.begin();
  };
  const auto too_old = first_from(oldest), expired = first_from(retained);
  const auto too_new =
      std::ranges::upper_bound(events, newest, {}, &store::LogEvent::time) - events.begin();
  const auto size = static_cast<std::ptrdiff_t>(events.size());
  json::object rejected;
  if (too_old > 0) rejected["tooOldLogEventEndIndex"] = too_old;
  if (expired > too_old) rejected["expiredLogEventEndIndex"] = expired;
  if (too_new < size) rejected["tooNewLogEventStartIndex"] = too_new;
  const auto first = std::max(too_old, expired);
  if (first < too_new) {
    stores.events.append(scope, stream,
                         std::span(events).subspan(static_cast<std::size_t>(first),
                                                   static_cast<std::size_t>(too_new - first)));
  }
  // Sequence tokens are no longer looked at; old clients still expect one.
  json::object output{{"nextSequenceToken", std::to_string(milliseconds(call.now))}};
  if (!rejected.empty()) output["rejectedLogEventsInfo"] = std::move(rejected);
  return output;
}

// Both tokens are always there. At the end of the stream the forward token stays the one that came
// in, and later brings what has arrived since.
json::object get_log_events(const LogStores& stores, const json::object& input, Call& call) {
  const store::LogScope scope = scope_of(input, call);
  const std::string stream = string_or(input, "logStreamName");
  store::LogEvents::Range range;
  range.from = time_in(input, "startTime");
  range.until = time_in(input, "endTime");
  range.limit = static_cast<std::size_t>(find_int(input, "limit").value_or(10000));
  Position position{.forward = find_bool(input, "startFromHead").value_or(false), .cursor = {}};
  const auto token = find_string(input, "nextToken");
  if (token) {
    position = position_in(*token);
    range.cursor = position.cursor;
  }
  range.forward = position.forward;
  if (!stores.events.group(scope)) throw_no_group();
  if (!stores.events.has_stream(scope, stream)) throw_no_stream();
  const auto events = stores.events.events(scope, stream, range);
  // Cursors exclude the event they name: the token of the other direction stands beyond it.
  store::LogEvents::Cursor after = position.cursor, before = position.cursor;
  if (!events.empty()) {
    after = {.time = events.back().time, .id = events.back().id};
    before = {.time = events.front().time, .id = events.front().id};
  } else if (token && position.forward) {
    ++before.id;
  } else if (token && after.id > 0) {
    --after.id;
  }
  json::array list;
  for (const store::StoredLogEvent& event : events) {
    list.push_back(json::object{{"timestamp", milliseconds(event.time)},
                                {"message", event.message},
                                {"ingestionTime", milliseconds(event.ingested)}});
  }
  return {{"events", std::move(list)},
          {"nextForwardToken", position_text({.forward = true, .cursor = after})},
          {"nextBackwardToken", position_text({.forward = false, .cursor = before})}};
}

}  // namespace clary::api::logs
