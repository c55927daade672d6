#include "store/log_events.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <unordered_map>

#include "base/log.h"

namespace clary::store {
namespace {

// Events are clustered by stream, so that reading a stream is one sequential walk. last_event is 0
// for none: events before 1970 are refused above. What is deleted is only moved to log_garbage
// at first, so that a large group's events can go in small transactions.
constexpr char kSchema1[] = R"(
CREATE TABLE log_groups(
  id INTEGER PRIMARY KEY, account TEXT NOT NULL, region TEXT NOT NULL, name TEXT NOT NULL,
  created INTEGER NOT NULL, retention_days INTEGER, stored_bytes INTEGER NOT NULL DEFAULT 0);
CREATE UNIQUE INDEX log_groups_name ON log_groups(account,region,name);
CREATE TABLE log_streams(
  id INTEGER PRIMARY KEY, group_id INTEGER NOT NULL, name TEXT NOT NULL, created INTEGER NOT NULL,
  first_event INTEGER NOT NULL DEFAULT 0, last_event INTEGER NOT NULL DEFAULT 0,
  last_ingestion INTEGER NOT NULL DEFAULT 0);
CREATE UNIQUE INDEX log_streams_name ON log_streams(group_id,name);
CREATE INDEX log_streams_last_event ON log_streams(group_id,last_event,name);
CREATE TABLE log_events(
  stream_id INTEGER NOT NULL, time INTEGER NOT NULL, id INTEGER NOT NULL,
  ingested INTEGER NOT NULL, message TEXT NOT NULL, PRIMARY KEY(stream_id,time,id)) WITHOUT ROWID;
CREATE TABLE log_garbage(stream_id INTEGER PRIMARY KEY);
CREATE TABLE log_counter(next_id INTEGER NOT NULL);
INSERT INTO log_counter VALUES(1);
)";
constexpr Migration kMigrations[] = {{"log_events", 1, kSchema1}};

constexpr char kNextId[] = "UPDATE log_counter SET next_id=next_id+?1 RETURNING next_id";
constexpr char kAddEvent[] =
    "INSERT INTO log_events(stream_id,time,id,ingested,message) VALUES(?1,?2,?3,?4,?5)";
constexpr char kEvents[] =
    "SELECT time,id,ingested,message FROM log_events WHERE stream_id=?1 AND (time,id)>(?2,?3) "
    "AND time<?4 ORDER BY time,id LIMIT ?5";
constexpr char kEventsDown[] =
    "SELECT time,id,ingested,message FROM log_events WHERE stream_id=?1 AND (time,id)<(?2,?3) "
    "AND time>=?4 ORDER BY time DESC,id DESC LIMIT ?5";
constexpr char kSumBytes[] =
    "SELECT coalesce(sum(length(CAST(message AS BLOB))+26),0) FROM log_events WHERE stream_id=?1 "
    "AND time<?2";
constexpr char kExpire[] = "DELETE FROM log_events WHERE stream_id=?1 AND time<?2";
constexpr char kAddGarbage[] =
    "INSERT INTO log_garbage(stream_id) VALUES(?1) ON CONFLICT DO NOTHING";
constexpr char kSomeGarbage[] = "SELECT stream_id FROM log_garbage LIMIT 1";
constexpr char kCollect[] =
    "DELETE FROM log_events WHERE stream_id=?1 AND (time,id)<=(SELECT time,id FROM log_events "
    "WHERE stream_id=?1 ORDER BY time,id LIMIT 1 OFFSET 4999)";
constexpr char kCollectRest[] = "DELETE FROM log_events WHERE stream_id=?1";
constexpr char kForgetGarbage[] = "DELETE FROM log_garbage WHERE stream_id=?1";

constexpr std::int64_t kEventOverhead = 26;
constexpr std::int64_t kMaxPendingBytes = std::int64_t{256} << 20;

// The oldest time that is still answered.
std::int64_t retained_from(const LogGroup& group, Timestamp now) {
  if (!group.retention_days) return 0;
  return milliseconds(now - std::chrono::days(*group.retention_days));
}

std::int64_t bytes_before(Connection& connection, std::int64_t stream, std::int64_t time) {
  auto& row = connection.statement(kSumBytes).bind(1, stream).bind(2, time);
  return row.step() ? row.integer(0) : 0;
}

void expire(Connection& connection, const LogGroupRow& row, Timestamp now) {
  const std::int64_t from = retained_from(row.group, now);
  if (from == 0) return;
  std::int64_t freed = 0;
  for (const std::int64_t stream : log_stream_ids(connection, row.id)) {
    freed += bytes_before(connection, stream, from);
    connection.statement(kExpire).bind(1, stream).bind(2, from).run();
  }
  add_stored_bytes(connection, row.id, -freed);
}

void append_events(Connection& connection, const LogScope& scope, std::string_view stream_name,
                   std::span<const LogEvent> events, Timestamp now, bool also_expire) {
  auto group = find_log_group(connection, scope);
  if (!group) {
    add_log_group(connection, scope, now);
    group = find_log_group(connection, scope);
  }
  auto stream = find_log_stream(connection, group->id, stream_name);
  if (!stream) {
    add_log_stream(connection, group->id, stream_name, now);
    stream = find_log_stream(connection, group->id, stream_name);
  }
  if (events.empty()) return;
  std::int64_t id = 0;
  if (auto& row = connection.statement(kNextId).bind(1, events.size()); row.step()) {
    id = row.integer(0) - static_cast<std::int64_t>(events.size());
  }
  std::int64_t first = kFarFuture, last = 0, bytes = 0;
  for (const LogEvent& event : events) {
    const std::int64_t time = milliseconds(event.time);
    auto& insert = connection.statement(kAddEvent).bind(1, stream->id).bind(2, time);
    insert.bind(3, id++).bind(4, milliseconds(now)).bind(5, event.message).run();
    first = std::min(first, time);
    last = std::max(last, time);
    bytes += static_cast<std::int64_t>(event.message.size()) + kEventOverhead;
  }
  touch_log_stream(connection, stream->id, first, last, now);
  add_stored_bytes(connection, group->id, bytes);
  if (also_expire) expire(connection, *group, now);
}

bool before(const StoredLogEvent& a, const StoredLogEvent& b) {
  return std::tie(a.time, a.id) < std::tie(b.time, b.id);
}

// Cut to the limits of a page: a count, and bytes as they are counted.
void cut(std::vector<StoredLogEvent>& events, const LogEvents::Range& range) {
  if (events.size() > range.limit) events.resize(range.limit);
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < events.size(); ++i) {
    bytes += events[i].message.size() + kEventOverhead;
    if (i > 0 && bytes > range.max_bytes) {
      events.resize(i);
      return;
    }
  }
}

// The first (forward) or last events of a stream within `range`, at most its limits, in the order
// they were walked.
std::vector<StoredLogEvent> walk(Connection& connection, std::int64_t stream, std::string_view name,
                                 const LogEvents::Range& range, std::int64_t retained) {
  const std::int64_t from =
      std::max(range.from ? milliseconds(*range.from) : std::int64_t{0}, retained);
  const std::int64_t until = range.until ? milliseconds(*range.until) : kFarFuture;
  auto& row = connection.statement(range.forward ? kEvents : kEventsDown).bind(1, stream);
  std::int64_t time = range.forward ? from : until, id = range.forward ? -1 : 0;
  if (range.cursor) {
    const std::int64_t at = milliseconds(range.cursor->time);
    if (range.forward ? at >= from : at < until) {
      time = at;
      id = range.cursor->id;
    }
  }
  row.bind(2, time).bind(3, id).bind(4, range.forward ? until : from).bind(5, range.limit);
  std::vector<StoredLogEvent> events;
  std::size_t bytes = 0;
  while (row.step()) {
    const std::string_view message = row.text(3);
    bytes += message.size() + kEventOverhead;
    if (!events.empty() && bytes > range.max_bytes) break;
    events.push_back({.stream = std::string(name),
                      .time = from_milliseconds(row.integer(0)),
                      .ingested = from_milliseconds(row.integer(2)),
                      .message = std::string(message),
                      .id = row.integer(1)});
  }
  row.reset();
  return events;
}

bool wanted(const std::string& name, const std::vector<std::string>& streams,
            std::string_view prefix) {
  if (!streams.empty()) return std::ranges::find(streams, name) != streams.end();
  return name.starts_with(prefix);
}

}  // namespace

struct LogEvents::Impl {
  Database& database;
  const Clock& clock;
  std::atomic<std::int64_t> pending_bytes{0};
  std::mutex mutex;
  std::unordered_map<std::string, Timestamp> expired_at;  // by scope; guarded by mutex

  // Once an hour for each group.
  bool time_to_expire(const LogScope& scope, Timestamp now) {
    const std::string key = scope.account + "/" + scope.region + "/" + scope.group;
    const std::lock_guard lock(mutex);
    const auto [entry, first] = expired_at.try_emplace(key, now);
    if (!first && now - entry->second < std::chrono::hours(1)) return false;
    entry->second = now;
    return true;
  }

  void collect_garbage() {
    bool more = true;
    while (more) {
      database.write([&](Connection& connection) {
        more = false;
        auto& row = connection.statement(kSomeGarbage);
        if (!row.step()) return;
        const std::int64_t stream = row.integer(0);
        row.reset();
        connection.statement(kCollect).bind(1, stream).run();
        if (connection.changes() == 0) {
          connection.statement(kCollectRest).bind(1, stream).run();
          connection.statement(kForgetGarbage).bind(1, stream).run();
        }
        more = true;
      });
    }
  }
};

LogEvents::LogEvents(Database& database, const Clock& clock)
    : impl_(new Impl{.database = database,
                     .clock = clock,
                     .pending_bytes = 0,
                     .mutex = {},
                     .expired_at = {}}) {}

LogEvents::~LogEvents() = default;

std::span<const Migration> LogEvents::migrations() {
  return kMigrations;
}

bool LogEvents::create_group(const LogScope& scope) {
  bool created = false;
  impl_->database.write([&](Connection& connection) {
    created = add_log_group(connection, scope, impl_->clock.now());
  });
  return created;
}

bool LogEvents::remove_group(const LogScope& scope) {
  bool removed = false;
  impl_->database.write([&](Connection& connection) {
    const auto group = find_log_group(connection, scope);
    if (!group) return;
    for (const std::int64_t stream : log_stream_ids(connection, group->id)) {
      connection.statement(kAddGarbage).bind(1, stream).run();
      remove_log_stream(connection, stream);
    }
    remove_log_group(connection, group->id);
    removed = true;
  });
  if (removed) impl_->collect_garbage();
  return removed;
}

bool LogEvents::set_retention(const LogScope& scope, std::optional<std::int64_t> days) {
  bool found = false;
  const Timestamp now = impl_->clock.now();
  impl_->database.write([&](Connection& connection) {
    auto group = find_log_group(connection, scope);
    if (!group) return;
    set_log_retention(connection, group->id, days);
    group->group.retention_days = days;
    expire(connection, *group, now);
    found = true;
  });
  return found;
}

std::vector<LogGroup> LogEvents::groups(std::string_view account, std::string_view region,
                                        std::string_view prefix, std::string_view after,
                                        std::size_t limit) {
  std::vector<LogGroup> groups;
  impl_->database.read([&](Connection& connection) {
    groups = list_log_groups(connection, account, region, prefix, after, limit);
  });
  return groups;
}

std::optional<LogGroup> LogEvents::group(const LogScope& scope) {
  std::optional<LogGroup> group;
  impl_->database.read([&](Connection& connection) {
    if (auto found = find_log_group(connection, scope)) group = std::move(found->group);
  });
  return group;
}

bool LogEvents::create_stream(const LogScope& scope, std::string_view stream) {
  bool created = false;
  impl_->database.write([&](Connection& connection) {
    const Timestamp now = impl_->clock.now();
    auto group = find_log_group(connection, scope);
    if (!group) {
      add_log_group(connection, scope, now);
      group = find_log_group(connection, scope);
    }
    created = add_log_stream(connection, group->id, stream, now);
  });
  return created;
}

bool LogEvents::remove_stream(const LogScope& scope, std::string_view stream) {
  bool removed = false;
  impl_->database.write([&](Connection& connection) {
    const auto group = find_log_group(connection, scope);
    if (!group) return;
    const auto found = find_log_stream(connection, group->id, stream);
    if (!found) return;
    add_stored_bytes(connection, group->id, -bytes_before(connection, found->id, kFarFuture));
    connection.statement(kAddGarbage).bind(1, found->id).run();
    remove_log_stream(connection, found->id);
    removed = true;
  });
  if (removed) impl_->collect_garbage();
  return removed;
}

std::vector<LogStream> LogEvents::streams(const LogScope& scope, const LogStreamPage& page) {
  std::vector<LogStream> streams;
  impl_->database.read([&](Connection& connection) {
    const auto group = find_log_group(connection, scope);
    if (group) streams = list_log_streams(connection, group->id, page);
  });
  return streams;
}

bool LogEvents::has_stream(const LogScope& scope, std::string_view stream) {
  bool found = false;
  impl_->database.read([&](Connection& connection) {
    const auto group = find_log_group(connection, scope);
    found = group && find_log_stream(connection, group->id, stream);
  });
  return found;
}

void LogEvents::append(const LogScope& scope, std::string_view stream,
                       std::span<const LogEvent> events) {
  const Timestamp now = impl_->clock.now();
  const bool also_expire = impl_->time_to_expire(scope, now);
  impl_->database.write([&](Connection& connection) {
    append_events(connection, scope, stream, events, now, also_expire);
  });
}

void LogEvents::append_within(Connection& connection, const LogScope& scope,
                              std::string_view stream, std::span<const LogEvent> events) {
  const Timestamp now = impl_->clock.now();
  append_events(connection, scope, stream, events, now, impl_->time_to_expire(scope, now));
}

void LogEvents::append_later(LogScope scope, std::string stream, std::vector<LogEvent> events) {
  std::int64_t bytes = 0;
  for (const LogEvent& event : events) {
    bytes += static_cast<std::int64_t>(event.message.size()) + kEventOverhead;
  }
  if (impl_->pending_bytes.fetch_add(bytes) > kMaxPendingBytes) {
    impl_->pending_bytes -= bytes;
    spdlog::warn("the disk is behind: {} log lines of {} {} dropped", events.size(), scope.group,
                 stream);
    return;
  }
  const Timestamp now = impl_->clock.now();
  const bool also_expire = impl_->time_to_expire(scope, now);
  const std::string where = scope.group + " " + stream;
  impl_->database.write_later(
      [scope = std::move(scope), stream = std::move(stream), events = std::move(events), now,
       also_expire](Connection& connection) {
        append_events(connection, scope, stream, events, now, also_expire);
      },
      [impl = impl_.get(), bytes, where](std::exception_ptr error) {
        impl->pending_bytes -= bytes;
        if (error == nullptr) return;
        try {
          std::rethrow_exception(error);
        } catch (const std::exception& failure) {
          spdlog::error("log lines of {} are lost: {}", where, failure.what());
        }
      });
}

std::vector<StoredLogEvent> LogEvents::events(const LogScope& scope, std::string_view stream,
                                              const Range& range) {
  std::vector<StoredLogEvent> events;
  const Timestamp now = impl_->clock.now();
  impl_->database.read([&](Connection& connection) {
    const auto group = find_log_group(connection, scope);
    if (!group) return;
    const auto found = find_log_stream(connection, group->id, stream);
    if (!found) return;
    events = walk(connection, found->id, stream, range, retained_from(group->group, now));
  });
  if (!range.forward) std::ranges::reverse(events);
  return events;
}

std::vector<StoredLogEvent> LogEvents::filter(const LogScope& scope,
                                              const std::vector<std::string>& streams,
                                              std::string_view stream_prefix, const Range& range) {
  std::vector<StoredLogEvent> best;
  const Timestamp now = impl_->clock.now();
  impl_->database.read([&](Connection& connection) {
    const auto group = find_log_group(connection, scope);
    if (!group) return;
    std::vector<LogStreamRow> rows = log_streams_with_prefix(connection, group->id, stream_prefix);
    std::erase_if(rows, [&](const LogStreamRow& found) {
      return !found.stream.last_event || !wanted(found.stream.name, streams, stream_prefix);
    });
    // Oldest first: once a page is full, streams that start later need not be read.
    std::ranges::sort(rows, {}, [](const LogStreamRow& r) { return *r.stream.first_event; });
    Range left = range;
    left.forward = true;
    const std::int64_t retained = retained_from(group->group, now);
    for (const LogStreamRow& found : rows) {
      if (range.cursor && *found.stream.last_event < range.cursor->time) continue;
      if (left.until && *found.stream.first_event >= *left.until) continue;
      auto more = walk(connection, found.id, found.stream.name, left, retained);
      std::ranges::move(more, std::back_inserter(best));
      std::ranges::sort(best, before);
      const std::size_t before_cut = best.size();
      cut(best, range);
      // A full page: later than its last event nothing is wanted.
      if (best.size() < before_cut || best.size() == range.limit) {
        left.until = best.back().time + std::chrono::milliseconds(1);
      }
    }
  });
  return best;
}

}  // namespace clary::store
