#include "api/logs/filter_pattern.h"
#include "api/logs/operations.h"

namespace clary::api::logs {
namespace {

// How much one call looks at before it answers with what it has and a token.
constexpr std::size_t kMaxScanned = 200'000, kPage = 10'000;

std::vector<std::string> streams_in(const LogStores& stores, const store::LogScope& scope,
                                    const json::object& input) {
  std::vector<std::string> streams;
  if (const json::array* const names = find_array(input, "logStreamNames")) {
    for (const json::value& name : *names) {
      streams.emplace_back(name.as_string());
      if (!stores.events.has_stream(scope, streams.back())) throw_no_stream();
    }
  }
  return streams;
}

json::object shown(const store::StoredLogEvent& event) {
  const std::string position =
      position_text({.forward = true, .cursor = {.time = event.time, .id = event.id}});
  return {{"logStreamName", event.stream},
          {"timestamp", milliseconds(event.time)},
          {"message", event.message},
          {"ingestionTime", milliseconds(event.ingested)},
          {"eventId", position.substr(2, position.size() - 4)}};
}

}  // namespace

json::object filter_log_events(const LogStores& stores, const json::object& input, Call& call) {
  const store::LogScope scope = scope_of(input, call);
  const std::string prefix = string_or(input, "logStreamNamePrefix");
  if (!prefix.empty() && input.contains("logStreamNames")) {
    invalid("logStreamNames and logStreamNamePrefix are mutually exclusive parameters.");
  }
  auto pattern = FilterPattern::parse(string_or(input, "filterPattern"));
  if (!pattern) invalid(pattern.error());
  if (!stores.events.group(scope)) throw_no_group();
  const auto streams = streams_in(stores, scope, input);
  store::LogEvents::Range range;
  range.limit = kPage;
  range.from = time_in(input, "startTime");
  // Here the end time is still part of the range.
  if (const auto end = time_in(input, "endTime")) range.until = *end + std::chrono::milliseconds(1);
  if (const auto token = find_string(input, "nextToken")) {
    range.cursor = position_in(*token).cursor;
  }
  const auto limit = static_cast<std::size_t>(find_int(input, "limit").value_or(10000));
  json::array found;
  std::size_t scanned = 0, bytes = 0;
  bool more = true;
  while (more && found.size() < limit && scanned < kMaxScanned && bytes < range.max_bytes) {
    const auto page = stores.events.filter(scope, streams, prefix, range);
    more = !page.empty();
    for (const store::StoredLogEvent& event : page) {
      if (found.size() == limit || bytes >= range.max_bytes) break;
      range.cursor = {.time = event.time, .id = event.id};
      ++scanned;
      if (!pattern->matches(event.message)) continue;
      bytes += event.message.size();
      found.push_back(shown(event));
    }
  }
  // A full page may have been the last one: one look more saves clients an empty page.
  if (more) {
    range.limit = 1;
    more = !stores.events.filter(scope, streams, prefix, range).empty();
  }
  json::object output{{"events", std::move(found)}, {"searchedLogStreams", json::array()}};
  if (more) {
    output["nextToken"] = position_text({.forward = true, .cursor = range.cursor.value()});
  }
  return output;
}

}  // namespace clary::api::logs
