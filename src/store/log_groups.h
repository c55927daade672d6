// The rows of CloudWatch Logs' groups and streams: what LogEvents' transactions are made of. Its
// tables are log_events.cc's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "store/database.h"

namespace clary::store {

// `stored_bytes` counts 26 bytes for each event besides its message, as AWS does.
struct LogGroup {
  std::string account, region, name;
  Timestamp created;
  std::int64_t stored_bytes = 0;
  std::optional<std::int64_t> retention_days;
};

struct LogStream {
  std::string name;
  Timestamp created;
  std::optional<Timestamp> first_event, last_event, last_ingestion;
};

struct LogScope {
  std::string account, region, group;
};

// As the tables hold it.
inline std::int64_t milliseconds(Timestamp time) {
  return time.time_since_epoch().count();
}
inline Timestamp from_milliseconds(std::int64_t value) {
  return Timestamp(std::chrono::milliseconds(value));
}
inline constexpr std::int64_t kFarFuture = std::int64_t{1} << 60;  // later than every event

struct LogGroupRow {
  std::int64_t id = 0;
  LogGroup group;
};

struct LogStreamRow {
  std::int64_t id = 0;
  LogStream stream;
};

// Of all below: within a transaction (or a read) of `connection`. errors: StorageError.

std::optional<LogGroupRow> find_log_group(Connection& connection, const LogScope& scope);
// In order of their names: those with `prefix`, after the name `after`.
std::vector<LogGroup> list_log_groups(Connection& connection, std::string_view account,
                                      std::string_view region, std::string_view prefix,
                                      std::string_view after, std::size_t limit);
bool add_log_group(Connection& connection, const LogScope& scope, Timestamp now);  // false: exists
void remove_log_group(Connection& connection, std::int64_t group);
void set_log_retention(Connection& connection, std::int64_t group,
                       std::optional<std::int64_t> days);
void add_stored_bytes(Connection& connection, std::int64_t group, std::int64_t bytes);

std::optional<LogStreamRow> find_log_stream(Connection& connection, std::int64_t group,
                                            std::string_view stream);
std::vector<std::int64_t> log_stream_ids(Connection& connection, std::int64_t group);
std::vector<LogStreamRow> log_streams_with_prefix(Connection& connection, std::int64_t group,
                                                  std::string_view prefix);

enum class LogStreamOrder { kName, kLastEvent };

// Where a page that ended with `last` goes on: the `after` of the next one.
std::string log_stream_position(const LogStream& last, LogStreamOrder order);

struct LogStreamPage {
  std::string_view prefix;  // by kName alone
  LogStreamOrder order = LogStreamOrder::kName;
  bool descending = false;
  std::string_view after;  // what log_stream_position() did not make is as ""
  std::size_t limit = 0;
};
std::vector<LogStream> list_log_streams(Connection& connection, std::int64_t group,
                                        const LogStreamPage& page);
bool add_log_stream(Connection& connection, std::int64_t group, std::string_view stream,
                    Timestamp now);  // false: exists
void remove_log_stream(Connection& connection, std::int64_t stream);
// Events between `first` and `last` were added at `now`.
void touch_log_stream(Connection& connection, std::int64_t stream, std::int64_t first,
                      std::int64_t last, Timestamp now);

}  // namespace clary::store
