#include "api/logs/operations.h"

namespace clary::api::logs {
namespace {

json::object shown(const store::LogScope& scope, const store::LogStream& stream) {
  json::object object{{"logStreamName", stream.name},
                      {"creationTime", milliseconds(stream.created)},
                      {"arn", group_arn(scope) + ":log-stream:" + stream.name},
                      {"storedBytes", 0}};  // AWS, too, counts bytes for groups only
  if (stream.first_event) object["firstEventTimestamp"] = milliseconds(*stream.first_event);
  if (stream.last_event) object["lastEventTimestamp"] = milliseconds(*stream.last_event);
  if (stream.last_ingestion) object["lastIngestionTime"] = milliseconds(*stream.last_ingestion);
  return object;
}

}  // namespace

json::object create_log_stream(const LogStores& stores, const json::object& input, Call& call) {
  const store::LogScope scope = scope_of(input, call);
  if (!stores.events.group(scope)) throw_no_group();
  if (!stores.events.create_stream(scope, string_or(input, "logStreamName"))) {
    throw wire::ApiError("ResourceAlreadyExistsException",
                         "The specified log stream already exists");
  }
  return {};
}

json::object delete_log_stream(const LogStores& stores, const json::object& input, Call& call) {
  const store::LogScope scope = scope_of(input, call);
  if (!stores.events.group(scope)) throw_no_group();
  if (!stores.events.remove_stream(scope, string_or(input, "logStreamName"))) throw_no_stream();
  return {};
}

// nextToken only when there is more: clients loop as long as it is there.
json::object describe_log_streams(const LogStores& stores, const json::object& input, Call& call) {
  using Order = store::LogStreamOrder;
  const store::LogScope scope = scope_of(input, call);
  const std::string prefix = string_or(input, "logStreamNamePrefix");
  const Order order =
      find_string(input, "orderBy") == "LastEventTime" ? Order::kLastEvent : Order::kName;
  if (order == Order::kLastEvent && !prefix.empty()) {
    invalid("Cannot order by LastEventTime with a logStreamNamePrefix.");
  }
  const auto limit = static_cast<std::size_t>(find_int(input, "limit").value_or(50));
  std::string after;
  if (const auto token = find_string(input, "nextToken")) {
    const auto position = unbase64(*token);
    if (!position) invalid("The specified nextToken is invalid.");
    after = *position;
  }
  if (!stores.events.group(scope)) throw_no_group();
  auto streams =
      stores.events.streams(scope, {.prefix = prefix,
                                    .order = order,
                                    .descending = find_bool(input, "descending").value_or(false),
                                    .after = after,
                                    .limit = limit + 1});
  json::object output;
  if (streams.size() > limit) {
    streams.resize(limit);
    output["nextToken"] = base64(store::log_stream_position(streams.back(), order));
  }
  json::array list;
  for (const store::LogStream& stream : streams) list.push_back(shown(scope, stream));
  output["logStreams"] = std::move(list);
  return output;
}

}  // namespace clary::api::logs
