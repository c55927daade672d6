// CloudWatch Logs' data: groups, streams, events.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "store/database.h"
#include "store/log_groups.h"

namespace clary::store {

struct LogEvent {
  Timestamp time;  // the client's
  std::string message;
};

struct StoredLogEvent {
  std::string stream;
  Timestamp time, ingested;
  std::string message;
  std::int64_t id = 0;  // grows; the order of arrival
};

// Events older than their group's retention are not answered, and removed within an hour of the
// group's next events.
// threads: any. blocks: all but append_later. errors: StorageError.
class LogEvents {
 public:
  LogEvents(Database& database, const Clock& clock);
  ~LogEvents();
  static std::span<const Migration> migrations();

  bool create_group(const LogScope& scope);  // false: exists
  bool remove_group(const LogScope& scope);
  bool set_retention(const LogScope& scope, std::optional<std::int64_t> days);
  std::vector<LogGroup> groups(std::string_view account, std::string_view region,
                               std::string_view prefix, std::string_view after, std::size_t limit);
  std::optional<LogGroup> group(const LogScope& scope);
  bool create_stream(const LogScope& scope, std::string_view stream);  // false: exists
  bool remove_stream(const LogScope& scope, std::string_view stream);
  std::vector<LogStream> streams(const LogScope& scope, const LogStreamPage& page);
  bool has_stream(const LogScope& scope, std::string_view stream);

  // Creates group and stream as needed. Durable on return.
  void append(const LogScope& scope, std::string_view stream, std::span<const LogEvent> events);
  // The same as a part of `connection`'s transaction (inside Database::write of the same database).
  void append_within(Connection& connection, const LogScope& scope, std::string_view stream,
                     std::span<const LogEvent> events);
  // The same, durable soon: for servers' and jobs' own lines. Order of calls is kept. Beyond 256
  // MiB that wait for the disk, lines are dropped, and the program's log says so.
  void append_later(LogScope scope, std::string stream, std::vector<LogEvent> events);

  // Events of one stream in order (time, then arrival), strictly after / before `cursor` when it is
  // set; `from` inclusive, `until` exclusive. Backwards, the last ones before the cursor; still in
  // order. At least one event, when there is one, whatever `max_bytes`.
  struct Cursor {
    Timestamp time;
    std::int64_t id = 0;
  };
  struct Range {
    std::optional<Timestamp> from, until;
    std::optional<Cursor> cursor;
    bool forward = true;
    std::size_t limit = 10000;
    std::size_t max_bytes = std::size_t{1} << 20;
  };
  std::vector<StoredLogEvent> events(const LogScope& scope, std::string_view stream,
                                     const Range& range);
  // Across streams (all, or those named, or those with the prefix), forward only.
  std::vector<StoredLogEvent> filter(const LogScope& scope, const std::vector<std::string>& streams,
                                     std::string_view stream_prefix, const Range& range);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace clary::store
