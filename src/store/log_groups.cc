#include "store/log_groups.h"

#include <algorithm>
#include <charconv>

namespace clary::store {
namespace {

constexpr char kAddGroup[] =
    "INSERT INTO log_groups(account,region,name,created) VALUES(?1,?2,?3,?4) ON CONFLICT DO "
    "NOTHING";
constexpr char kGroup[] =
    "SELECT id,account,region,name,created,retention_days,stored_bytes FROM log_groups "
    "WHERE account=?1 AND region=?2 AND name=?3";
constexpr char kGroups[] =
    "SELECT id,account,region,name,created,retention_days,stored_bytes FROM log_groups "
    "WHERE account=?1 AND region=?2 AND name>=?3 AND name<?4 AND name>?5 ORDER BY name LIMIT ?6";
constexpr char kRemoveGroup[] = "DELETE FROM log_groups WHERE id=?1";
constexpr char kSetRetention[] = "UPDATE log_groups SET retention_days=?2 WHERE id=?1";
constexpr char kAddBytes[] =
    "UPDATE log_groups SET stored_bytes=max(0,stored_bytes+?2) WHERE id=?1";
constexpr char kAddStream[] =
    "INSERT INTO log_streams(group_id,name,created) VALUES(?1,?2,?3) ON CONFLICT DO NOTHING";
constexpr char kStream[] =
    "SELECT id,name,created,first_event,last_event,last_ingestion FROM log_streams "
    "WHERE group_id=?1 AND name=?2";
constexpr char kStreamsByName[] =
    "SELECT id,name,created,first_event,last_event,last_ingestion FROM log_streams "
    "WHERE group_id=?1 AND name>=?2 AND name<?3 AND name>?4 ORDER BY name LIMIT ?5";
constexpr char kStreamsByNameDown[] =
    "SELECT id,name,created,first_event,last_event,last_ingestion FROM log_streams "
    "WHERE group_id=?1 AND name>=?2 AND name<?3 AND (?4='' OR name<?4) ORDER BY name DESC LIMIT ?5";
constexpr char kStreamsByEvent[] =
    "SELECT id,name,created,first_event,last_event,last_ingestion FROM log_streams "
    "WHERE group_id=?1 AND (last_event,name)>(?2,?3) ORDER BY last_event,name LIMIT ?4";
constexpr char kStreamsByEventDown[] =
    "SELECT id,name,created,first_event,last_event,last_ingestion FROM log_streams "
    "WHERE group_id=?1 AND (last_event,name)<(?2,?3) ORDER BY last_event DESC,name DESC LIMIT ?4";
constexpr char kStreamIds[] = "SELECT id FROM log_streams WHERE group_id=?1";
constexpr char kRemoveStream[] = "DELETE FROM log_streams WHERE id=?1";
constexpr char kTouchStream[] =
    "UPDATE log_streams SET first_event=CASE first_event WHEN 0 THEN ?2 ELSE min(first_event,?2) "
    "END,"
    "last_event=max(last_event,?3),last_ingestion=?4 WHERE id=?1";

// Greater than every text that starts with `prefix`, in the byte order that SQLite compares by.
std::string after_prefix(std::string_view prefix) {
  return std::string(prefix) + "\xff";
}

LogGroupRow group_of(const Statement& row) {
  LogGroupRow result;
  result.id = row.integer(0);
  result.group.account = row.text(1);
  result.group.region = row.text(2);
  result.group.name = row.text(3);
  result.group.created = from_milliseconds(row.integer(4));
  if (!row.is_null(5)) result.group.retention_days = row.integer(5);
  result.group.stored_bytes = row.integer(6);
  return result;
}

LogStreamRow stream_of(const Statement& row) {
  const auto time = [](std::int64_t value) {
    return value == 0 ? std::nullopt : std::optional(from_milliseconds(value));
  };
  LogStreamRow result;
  result.id = row.integer(0);
  result.stream.name = row.text(1);
  result.stream.created = from_milliseconds(row.integer(2));
  result.stream.first_event = time(row.integer(3));
  result.stream.last_event = time(row.integer(4));
  result.stream.last_ingestion = time(row.integer(5));
  return result;
}

}  // namespace

std::optional<LogGroupRow> find_log_group(Connection& connection, const LogScope& scope) {
  auto& row = connection.statement(kGroup);
  row.bind(1, scope.account).bind(2, scope.region).bind(3, scope.group);
  if (!row.step()) return std::nullopt;
  return group_of(row);
}

std::optional<LogStreamRow> find_log_stream(Connection& connection, std::int64_t group,
                                            std::string_view stream) {
  auto& row = connection.statement(kStream).bind(1, group).bind(2, stream);
  if (!row.step()) return std::nullopt;
  return stream_of(row);
}

bool add_log_group(Connection& connection, const LogScope& scope, Timestamp now) {
  auto& insert = connection.statement(kAddGroup);
  insert.bind(1, scope.account).bind(2, scope.region).bind(3, scope.group);
  insert.bind(4, milliseconds(now)).run();
  return connection.changes() == 1;
}

bool add_log_stream(Connection& connection, std::int64_t group, std::string_view stream,
                    Timestamp now) {
  auto& insert = connection.statement(kAddStream);
  insert.bind(1, group).bind(2, stream).bind(3, milliseconds(now)).run();
  return connection.changes() == 1;
}

void add_stored_bytes(Connection& connection, std::int64_t group, std::int64_t bytes) {
  connection.statement(kAddBytes).bind(1, group).bind(2, bytes).run();
}

std::vector<std::int64_t> log_stream_ids(Connection& connection, std::int64_t group) {
  std::vector<std::int64_t> ids;
  auto& row = connection.statement(kStreamIds).bind(1, group);
  while (row.step()) ids.push_back(row.integer(0));
  return ids;
}

std::vector<LogGroup> list_log_groups(Connection& connection, std::string_view account,
                                      std::string_view region, std::string_view prefix,
                                      std::string_view after, std::size_t limit) {
  std::vector<LogGroup> groups;
  const std::string end = after_prefix(prefix);
  auto& row = connection.statement(kGroups).bind(1, account).bind(2, region);
  row.bind(3, prefix).bind(4, end).bind(5, after).bind(6, limit);
  while (row.step()) groups.push_back(group_of(row).group);
  return groups;
}

void remove_log_group(Connection& connection, std::int64_t group) {
  connection.statement(kRemoveGroup).bind(1, group).run();
}

void set_log_retention(Connection& connection, std::int64_t group,
                       std::optional<std::int64_t> days) {
  auto& update = connection.statement(kSetRetention).bind(1, group);
  if (days) {
    update.bind(2, *days).run();
  } else {
    update.bind_null(2).run();
  }
}

std::vector<LogStreamRow> log_streams_with_prefix(Connection& connection, std::int64_t group,
                                                  std::string_view prefix) {
  std::vector<LogStreamRow> rows;
  const std::string end = after_prefix(prefix);
  auto& row = connection.statement(kStreamsByName).bind(1, group).bind(2, prefix);
  row.bind(3, end).bind(4, std::string_view()).bind(5, -1);
  while (row.step()) rows.push_back(stream_of(row));
  return rows;
}

std::string log_stream_position(const LogStream& last, LogStreamOrder order) {
  if (order == LogStreamOrder::kName) return last.name;
  return std::to_string(last.last_event ? milliseconds(*last.last_event) : 0) + ":" + last.name;
}

std::vector<LogStream> list_log_streams(Connection& connection, std::int64_t group,
                                        const LogStreamPage& page) {
  const bool by_name = page.order == LogStreamOrder::kName;
  const std::string end = after_prefix(page.prefix);
  std::int64_t last_event = page.descending ? kFarFuture : -1;
  std::string_view last_name = page.after;
  if (!by_name && !page.after.empty()) {
    const auto colon = std::min(page.after.find(':'), page.after.size());
    std::from_chars(page.after.data(), page.after.data() + colon, last_event);
    last_name = page.after.substr(std::min(colon + 1, page.after.size()));
  }
  auto& row =
      connection.statement(by_name ? (page.descending ? kStreamsByNameDown : kStreamsByName)
                                   : (page.descending ? kStreamsByEventDown : kStreamsByEvent));
  row.bind(1, group);
  if (by_name) {
    row.bind(2, page.prefix).bind(3, end).bind(4, page.after).bind(5, page.limit);
  } else {
    row.bind(2, last_event).bind(3, last_name).bind(4, page.limit);
  }
  std::vector<LogStream> streams;
  while (row.step()) streams.push_back(stream_of(row).stream);
  return streams;
}

void remove_log_stream(Connection& connection, std::int64_t stream) {
  connection.statement(kRemoveStream).bind(1, stream).run();
}

void touch_log_stream(Connection& connection, std::int64_t stream, std::int64_t first,
                      std::int64_t last, Timestamp now) {
  auto& touch = connection.statement(kTouchStream).bind(1, stream).bind(2, first);
  touch.bind(3, last).bind(4, milliseconds(now)).run();
}

}  // namespace clary::store
