// Messages about changes of objects that have not reached their target yet. They are written in the
// change's own transaction, so that neither a change nor its message exists alone after a crash.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "store/database.h"

namespace clary::objects {

struct QueuedEvent {
  std::int64_t id = 0;
  std::string target, body;
  int attempts = 0;  // so far
  Timestamp queued;
};

// The table, in the file of the objects. threads: any, but append_within() on the writer thread.
// blocks: all but append_within(). errors: StorageError.
class EventQueue {
 public:
  explicit EventQueue(store::Database& database) : database_(database) {}
  static std::span<const store::Migration> migrations();

  static void append_within(store::Connection& connection, std::string_view target,
                            std::string_view body, Timestamp now);
  void append(std::string_view target, std::string_view body, Timestamp now);
  // Those whose time has come, oldest first.
  std::vector<QueuedEvent> due(Timestamp now, std::size_t limit);
  // When the next one is due; nullopt when there is none.
  std::optional<Timestamp> next_due();
  void remove(std::span<const std::int64_t> ids);
  // Counts an attempt that failed.
  void postpone(std::span<const std::int64_t> ids, Timestamp until);
  std::size_t size();

 private:
  store::Database& database_;
};

}  // namespace clary::objects
