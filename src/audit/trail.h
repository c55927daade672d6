// Takes events from whoever answers requests and writes them, in one thread of its own.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "audit/event.h"
#include "audit/event_index.h"
#include "audit/head.h"

namespace clary::audit {

struct TrailOptions {
  std::filesystem::path folder;
  Seal seal;
  unsigned retention_days = 0;  // 0: kept for ever
  std::uint64_t rotate_bytes = 64 << 20;
  // Once the log has this many bytes, data events are only counted until old files go: a flood of
  // them fills no disk and pushes no history out. 0: no limit.
  std::uint64_t data_bytes = 0;
  // What may wait for the disk. Beyond it data events are only counted, and management requests are
  // refused by who asks has_room().
  std::size_t queue_bytes = 32 << 20;
};

struct TrailCounts {
  std::uint64_t written = 0, lost = 0;
  std::size_t waiting_bytes = 0;
};

// What is in the queue reaches the files within milliseconds and the disk within a second: kill -9
// can take the former, power loss the latter.
// threads: any. blocks: the constructor, flush() and the destructor, which writes what was added.
// errors: the constructor throws StorageError; later ones are logged and tried again.
class Trail {
 public:
  Trail(TrailOptions options, const Clock& clock, EventIndex& index);
  ~Trail();

  // False: the disk takes nothing and the queue is full. Costs one atomic read.
  bool has_room() const;
  void add(Event event);
  // Waits until all that was added is in the files and the head is sealed.
  void flush();
  TrailCounts counts() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace clary::audit
