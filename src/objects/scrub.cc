#include "objects/scrub.h"

#include "base/log.h"
#include "objects/object_rows.h"

namespace clary::objects {
namespace {

// One row of state. Times are milliseconds; 0 is never. `finished` is 0 while a pass runs.
constexpr char kSchema1[] = R"(
CREATE TABLE scrub_state(
  id INTEGER PRIMARY KEY CHECK(id=1), started INTEGER NOT NULL DEFAULT 0,
  finished INTEGER NOT NULL DEFAULT 0, last_finished INTEGER NOT NULL DEFAULT 0,
  requested INTEGER NOT NULL DEFAULT 0, objects INTEGER NOT NULL DEFAULT 0,
  bytes INTEGER NOT NULL DEFAULT 0, unverifiable INTEGER NOT NULL DEFAULT 0,
  bucket INTEGER NOT NULL DEFAULT 0, is_current INTEGER NOT NULL DEFAULT 0,
  key TEXT NOT NULL DEFAULT '', sequence INTEGER NOT NULL DEFAULT 0);
INSERT INTO scrub_state(id) VALUES(1);
CREATE TABLE damaged_objects(
  bucket TEXT NOT NULL, key TEXT NOT NULL, version_id TEXT NOT NULL, part INTEGER NOT NULL,
  reason TEXT NOT NULL, found INTEGER NOT NULL,
  PRIMARY KEY(bucket,key,version_id,part)) WITHOUT ROWID;
)";
constexpr store::Migration kMigrations[] = {{"scrub", 1, kSchema1}};

constexpr char kState[] =
    "SELECT started,finished,last_finished,requested,objects,bytes,unverifiable,bucket,is_current,"
    "key,sequence FROM scrub_state WHERE id=1";
constexpr char kRequest[] = "UPDATE scrub_state SET requested=?1 WHERE id=1";
constexpr char kBegin[] =
    "UPDATE scrub_state SET started=?1,finished=0,objects=0,bytes=0,unverifiable=0,bucket=0,"
    "is_current=0,key='',sequence=0 WHERE id=1";
constexpr char kProgress[] =
    "UPDATE scrub_state SET objects=?1,bytes=?2,unverifiable=?3,bucket=?4,is_current=?5,key=?6,"
    "sequence=?7 WHERE id=1";
constexpr char kFinish[] = "UPDATE scrub_state SET finished=?1,last_finished=?1 WHERE id=1";
// What a whole pass did not find again was repaired, replaced or deleted.
constexpr char kForget[] = "DELETE FROM damaged_objects WHERE found<?1";
constexpr char kRemember[] =
    "INSERT OR REPLACE INTO damaged_objects(bucket,key,version_id,part,reason,found) "
    "VALUES(?1,?2,?3,?4,?5,?6)";
constexpr char kDamaged[] =
    "SELECT bucket,key,version_id,part,reason,found FROM damaged_objects "
    "ORDER BY bucket,key,version_id,part";
constexpr char kCountDamaged[] = "SELECT COUNT(*) FROM damaged_objects";

// How often the loop looks whether a pass is due or asked for.
constexpr std::chrono::seconds kPoll{2};

struct State {
  std::int64_t started = 0, finished = 0, last_finished = 0, requested = 0;
  ScrubCounts counts;
  ScrubPosition position;
  bool broken_off() const { return started != 0 && finished == 0; }
};

State state_of(store::Connection& rows) {
  State state;
  auto& row = rows.statement(kState);
  if (!row.step()) return state;
  state.started = row.integer(0);
  state.finished = row.integer(1);
  state.last_finished = row.integer(2);
  state.requested = row.integer(3);
  state.counts = {static_cast<std::uint64_t>(row.integer(4)),
                  static_cast<std::uint64_t>(row.integer(5)),
                  static_cast<std::uint64_t>(row.integer(6))};
  state.position = {row.integer(7), row.integer(8), std::string(row.text(9)), row.integer(10)};
  return state;
}

std::optional<Timestamp> time_of(std::int64_t value) {
  return value == 0 ? std::nullopt : std::optional(from_milliseconds(value));
}

}  // namespace

std::span<const store::Migration> scrub_migrations() {
  return kMigrations;
}

ScrubStatus scrub_status(store::Connection& rows) {
  const auto state = state_of(rows);
  ScrubStatus status{time_of(state.started),
                     time_of(state.finished),
                     time_of(state.last_finished),
                     state.counts,
                     {}};
  auto& row = rows.statement(kDamaged);
  while (row.step()) {
    status.damaged.push_back({std::string(row.text(0)), std::string(row.text(1)),
                              std::string(row.text(2)), static_cast<int>(row.integer(3)),
                              std::string(row.text(4)), from_milliseconds(row.integer(5))});
  }
  rows.finish_statements();
  return status;
}

void request_scrub(store::Connection& rows, Timestamp now) {
  rows.statement(kRequest).bind(1, milliseconds(now)).run();
}

Scrubber::Scrubber(store::Database& database, const DataFolder& data, const Clock& clock,
                   const ScrubOptions& options)
    : database_(database), data_(data), clock_(clock), options_(options) {
  load();
}

Scrubber::~Scrubber() {
  stop();
}

void Scrubber::load() {
  database_.read([this](store::Connection& rows) {
    last_finished_seconds_ = state_of(rows).last_finished / 1000;
    auto& row = rows.statement(kCountDamaged);
    if (row.step()) damaged_ = static_cast<std::uint64_t>(row.integer(0));
  });
}

void Scrubber::start() {
  thread_ = std::thread([this] { loop(); });
}

void Scrubber::stop() {
  {
    std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Scrubber::loop() {
  while (true) {
    {
      std::unique_lock lock(mutex_);
      if (changed_.wait_for(lock, kPoll, [this] { return stopping_; })) return;
    }
    try {
      if (due()) run();
    } catch (const std::exception& error) {
      spdlog::error("scrub: {}", error.what());
    }
  }
}

bool Scrubber::due() {
  State state;
  database_.read([&](store::Connection& rows) { state = state_of(rows); });
  if (state.broken_off() || state.requested > state.started) return true;
  if (options_.every.count() == 0) return false;
  const std::chrono::milliseconds every = options_.every;
  return milliseconds(clock_.now()) - state.started >= every.count();
}

bool Scrubber::pace(std::size_t bytes) {
  bytes_checked_ += bytes;
  paced_bytes_ += bytes;
  const std::chrono::duration<double> allowed(static_cast<double>(paced_bytes_) /
                                              static_cast<double>(options_.bytes_per_second));
  const auto until =
      paced_since_ + std::chrono::duration_cast<std::chrono::steady_clock::duration>(allowed);
  std::unique_lock lock(mutex_);
  return !changed_.wait_until(lock, until, [this] { return stopping_; });
}

void Scrubber::remember(const Damage& damage) {
  spdlog::error("scrub: object {}/{} version {}{}: {}", damage.bucket, damage.key,
                damage.version_id, damage.part > 0 ? " part " + std::to_string(damage.part) : "",
                damage.reason);
  database_.write([&](store::Connection& rows) {
    auto& insert = rows.statement(kRemember).bind(1, damage.bucket).bind(2, damage.key);
    insert.bind(3, damage.version_id).bind(4, damage.part).bind(5, damage.reason);
    insert.bind(6, milliseconds(clock_.now())).run();
  });
  load();
}

bool Scrubber::run() {
  State state;
  database_.read([&](store::Connection& rows) { state = state_of(rows); });
  if (!state.broken_off() || state.requested > state.started) {
    state = State();
    state.started = milliseconds(clock_.now());
    database_.write(
        [&](store::Connection& rows) { rows.statement(kBegin).bind(1, state.started).run(); });
  }
  paced_bytes_ = 0;
  paced_since_ = std::chrono::steady_clock::now();
  VerifyHooks hooks;
  hooks.damaged = [this](const Damage& damage) { remember(damage); };
  hooks.pace = [this](std::size_t bytes) { return pace(bytes); };
  hooks.progress = [this](const ScrubPosition& at, const ScrubCounts& counts) {
    database_.write([&](store::Connection& rows) {
      auto& update = rows.statement(kProgress).bind(1, counts.objects).bind(2, counts.bytes);
      update.bind(3, counts.unverifiable).bind(4, at.bucket).bind(5, at.is_current);
      update.bind(6, at.key).bind(7, at.sequence).run();
    });
  };
  const StoreView view{[this](const auto& query) { database_.read(query); }, data_};
  if (!verify_objects(view, state.position, state.counts, hooks)) return false;
  finish(from_milliseconds(state.started));
  return true;
}

void Scrubber::finish(Timestamp started) {
  database_.write([&](store::Connection& rows) {
    rows.statement(kForget).bind(1, milliseconds(started)).run();
    rows.statement(kFinish).bind(1, milliseconds(clock_.now())).run();
  });
  load();
  spdlog::info("scrub: all objects checked, {} damaged", damaged_.load());
}

}  // namespace clary::objects
