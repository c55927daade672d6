#include "objects/event_queue.h"

#include "objects/object_rows.h"

namespace clary::objects {
namespace {

constexpr char kSchema1[] = R"(
CREATE TABLE event_queue(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  target TEXT NOT NULL,
  body TEXT NOT NULL,
  queued INTEGER NOT NULL,
  due INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0);
CREATE INDEX event_queue_due ON event_queue(due, id);
)";
constexpr store::Migration kMigrations[] = {{"event_queue", 1, kSchema1}};

constexpr char kInsert[] = "INSERT INTO event_queue(target,body,queued,due) VALUES(?1,?2,?3,?3)";
constexpr char kDue[] =
    "SELECT id,target,body,attempts,queued FROM event_queue WHERE due<=?1 ORDER BY due,id LIMIT ?2";
constexpr char kNext[] = "SELECT due FROM event_queue ORDER BY due LIMIT 1";
constexpr char kDelete[] = "DELETE FROM event_queue WHERE id=?1";
constexpr char kPostpone[] = "UPDATE event_queue SET due=?2,attempts=attempts+1 WHERE id=?1";
constexpr char kCount[] = "SELECT COUNT(*) FROM event_queue";

}  // namespace

std::span<const store::Migration> EventQueue::migrations() {
  return kMigrations;
}

void EventQueue::append_within(store::Connection& connection, std::string_view target,
                               std::string_view body, Timestamp now) {
  connection.statement(kInsert).bind(1, target).bind(2, body).bind(3, milliseconds(now)).run();
}

void EventQueue::append(std::string_view target, std::string_view body, Timestamp now) {
  database_.write(
      [&](store::Connection& connection) { append_within(connection, target, body, now); });
}

std::vector<QueuedEvent> EventQueue::due(Timestamp now, std::size_t limit) {
  std::vector<QueuedEvent> events;
  database_.read([&](store::Connection& connection) {
    auto& row = connection.statement(kDue).bind(1, milliseconds(now));
    row.bind(2, static_cast<std::int64_t>(limit));
    while (row.step()) {
      events.push_back({.id = row.integer(0),
                        .target = std::string(row.text(1)),
                        .body = std::string(row.text(2)),
                        .attempts = static_cast<int>(row.integer(3)),
                        .queued = from_milliseconds(row.integer(4))});
    }
  });
  return events;
}

std::optional<Timestamp> EventQueue::next_due() {
  std::optional<Timestamp> next;
  database_.read([&](store::Connection& connection) {
    auto& row = connection.statement(kNext);
    if (row.step()) next = from_milliseconds(row.integer(0));
  });
  return next;
}

void EventQueue::remove(std::span<const std::int64_t> ids) {
  database_.write([&](store::Connection& connection) {
    for (const auto id : ids) connection.statement(kDelete).bind(1, id).run();
  });
}

void EventQueue::postpone(std::span<const std::int64_t> ids, Timestamp until) {
  database_.write([&](store::Connection& connection) {
    for (const auto id : ids) {
      connection.statement(kPostpone).bind(1, id).bind(2, milliseconds(until)).run();
    }
  });
}

std::size_t EventQueue::size() {
  std::size_t count = 0;
  database_.read([&](store::Connection& connection) {
    auto& row = connection.statement(kCount);
    if (row.step()) count = static_cast<std::size_t>(row.integer(0));
  });
  return count;
}

}  // namespace clary::objects
