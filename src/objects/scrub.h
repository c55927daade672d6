// Silent damage of bytes at rest: finding it, and remembering what was found.
//
// verify_objects() is a plain function over a store's database and data folder. It needs no key and
// no server: `clary fsck` calls it on a stopped data folder with
//   store::Connection rows(folder / "objects.db", store::Connection::Mode::kReadOnly);
//   DataFolder data(folder / "data");
//   verify_objects({[&](const auto& query) { query(rows); rows.finish_statements(); }, data}, ...)
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "objects/data_folder.h"
#include "store/database.h"

namespace clary::objects {

struct Damage {
  std::string bucket, key, version_id;
  int part = 0;        // of a multipart object, from 1; else 0
  std::string reason;  // "bytes changed", "its file is missing", ...
  Timestamp found;
};

// How far a pass is: behind this version.
struct ScrubPosition {
  std::int64_t bucket = 0;
  std::int64_t is_current = 0;
  std::string key;
  std::int64_t sequence = 0;
};

struct ScrubCounts {
  std::uint64_t objects = 0, bytes = 0;
  // Without a checksum: encrypted or composite ones never are, only some of an earlier version.
  std::uint64_t unverifiable = 0;
};

// A store that may be in use: what is deleted or replaced meanwhile is not damage.
struct StoreView {
  // Runs a query in one snapshot.
  std::function<void(const std::function<void(store::Connection&)>&)> read;
  const DataFolder& data;
};

struct VerifyHooks {
  std::function<void(const Damage&)> damaged;
  // After each piece that was read; false ends the pass at the version in hand.
  std::function<bool(std::size_t bytes)> pace = [](std::size_t) { return true; };
  // After each batch of versions, all of which were checked.
  std::function<void(const ScrubPosition&, const ScrubCounts&)> progress = {};
};

// Checks the stored bytes of every version behind `position`: size and checksum. True when it came
// to the end. blocks: long. Throws StorageError when the disk cannot be read.
bool verify_objects(const StoreView& store, ScrubPosition position, ScrubCounts counts,
                    const VerifyHooks& hooks);

// What is known of the passes so far.
struct ScrubStatus {
  std::optional<Timestamp> started, finished;  // the last pass; finished unset while it runs
  std::optional<Timestamp> last_finished;      // of the last pass that came to its end
  ScrubCounts counts;
  std::vector<Damage> damaged;
};
// Runs in any process. Throws StorageError.
ScrubStatus scrub_status(store::Connection& rows);
// Asks the server of this store for a pass that starts now.
void request_scrub(store::Connection& rows, Timestamp now);

std::span<const store::Migration> scrub_migrations();

struct ScrubOptions {
  std::chrono::hours every{168};  // zero: only on request
  std::uint64_t bytes_per_second = 32 << 20;
};

// Goes through a store again and again, at a bounded rate, and goes on after a restart where it
// was. threads: any. order: stopped before the store goes.
class Scrubber {
 public:
  Scrubber(store::Database& database, const DataFolder& data, const Clock& clock,
           const ScrubOptions& options);
  ~Scrubber();

  void start();
  void stop();
  // One pass, here and now: what is left of one that was broken off, or all. False when stopped.
  bool run();

  // For /metrics. Does not block.
  std::uint64_t damaged() const { return damaged_; }
  std::uint64_t bytes_checked() const { return bytes_checked_; }
  std::int64_t last_finished_seconds() const { return last_finished_seconds_; }

 private:
  void loop();
  bool due();
  bool pace(std::size_t bytes);
  void remember(const Damage& damage);
  void finish(Timestamp started);
  void load();

  store::Database& database_;
  const DataFolder& data_;
  const Clock& clock_;
  const ScrubOptions options_;
  std::atomic<std::uint64_t> damaged_ = 0, bytes_checked_ = 0;
  std::atomic<std::int64_t> last_finished_seconds_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::uint64_t paced_bytes_ = 0;
  std::chrono::steady_clock::time_point paced_since_;
  std::thread thread_;
};

}  // namespace clary::objects
