#include "engine/runs.h"

#include <algorithm>
#include <deque>
#include <future>
#include <mutex>
#include <shared_mutex>
#include <stdexcept>
#include <unordered_map>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "engine/capacity.h"
#include "engine/run_state.h"
#include "engine/run_table.h"

namespace clary::engine {
namespace {

constexpr char kLostReason[] =
    "InternalServerError: the agent of this job ended without a report (it was killed, or the "
    "machine ran out of memory or was restarted). Please start the job again.";

struct Entry {
  explicit Entry(StoredRun stored_in) : spec(stored_in.run.spec), stored(std::move(stored_in)) {}
  // The same as stored's, but never written: what callbacks are given, without a lock.
  const JobSpec spec;
  // Held over every stored change of this run, so that they reach the table in order. Taken before
  // Impl::mutex, never while that is held.
  std::mutex changing;
  StoredRun stored;  // guarded by Impl::mutex
  Share share;       // guarded by Impl::mutex; what it has of the capacity, while admitted
};
using EntryPointer = std::shared_ptr<Entry>;

bool is_queued(const Run& run) {
  return !run.outcome && run.phase() == RunPhase::kQueued;
}

}  // namespace

struct Runs::Impl {
  Impl(store::Database& database, ComputeBackend& backend_in, const Clock& clock_in,
       const Limits& capacity_in, RunSinks sinks_in)
      : sinks(std::move(sinks_in)),
        table(database, sinks),
        backend(backend_in),
        clock(clock_in),
        capacity(capacity_in) {}

  const RunSinks sinks;
  RunTable table;
  ComputeBackend& backend;
  const Clock& clock;
  std::function<void(const JobSpec&)> changed;  // set before start()

  // Held shared by callbacks of the backend, so that stop() can wait for them.
  std::shared_mutex gate;
  bool stopped = false;  // guarded by gate

  mutable std::mutex mutex;
  std::unordered_map<std::string, EntryPointer> entries;  // guarded by mutex
  std::deque<EntryPointer> waiting;                       // guarded by mutex
  Capacity capacity;                                      // guarded by mutex
  std::size_t running = 0;                                // guarded by mutex

  EntryPointer entry(std::string_view id) const {
    const std::lock_guard lock(mutex);
    const auto found = entries.find(std::string(id));
    return found == entries.end() ? nullptr : found->second;
  }

  StoredRun copy(const Entry& entry) const {
    const std::lock_guard lock(mutex);
    return entry.stored;
  }

  void notify(const JobSpec& spec) const {
    if (changed) changed(spec);
  }

  // With the mutex held: gives the run its share and its next phase.
  void admit(Entry& admitted) {
    admitted.share = capacity.share_of(admitted.stored.run.spec);
    capacity.take(admitted.share);
    ++running;
    admitted.stored.run.phases.push_back({RunPhase::kStarting, clock.now(), ""});
  }

  // With the mutex held: what each waiting run waits for. Told when asked, not stored.
  void explain_waiting() {
    for (std::size_t i = 0; i < waiting.size(); ++i) {
      Entry& one = *waiting[i];
      std::string& message = one.stored.run.phases.back().message;
      message =
          "Waiting for capacity: " + capacity.shortage(capacity.share_of(one.stored.run.spec));
      if (i > 0) message += "; " + std::to_string(i) + " ahead in the queue";
    }
  }

  void launch(Entry& started);
  void finish(Entry& ended);
  void start_waiting();
  bool store_reports(Entry& target, const json::array& reports);
  void agent_ended(const std::string& id);
  void conclude_lost(Entry& lost);
  void restore();
};

// Starts the agent of an admitted run. One that cannot be started fails the run.
void Runs::Impl::launch(Entry& started) {
  const std::lock_guard changing(started.changing);
  StoredRun stored = copy(started);
  if (stored.run.outcome) return;
  try {
    stored.run.handle = backend.start(stored.run.spec, stored.access);
  } catch (const std::exception& error) {
    spdlog::error("run {}: {}", stored.run.spec.id, error.what());
    stored.run.outcome = RunOutcome{RunOutcome::Kind::kFailed, 0,
                                    std::string("InternalServerError: ") + error.what()};
    stored.run.phases.push_back({RunPhase::kEnded, clock.now(), ""});
  }
  {
    const std::lock_guard lock(mutex);
    started.stored = stored;
    if (stored.run.outcome) finish(started);
  }
  // Not waited for: a handle that a crash forgets is found again by starting the run again.
  table.save_later(stored);
  if (stored.run.outcome) notify(stored.run.spec);
}

// With the mutex held.
void Runs::Impl::finish(Entry& ended) {
  capacity.give_back(ended.share);
  ended.share = {};
  --running;
}

void Runs::Impl::start_waiting() {
  std::vector<EntryPointer> admitted;
  {
    const std::lock_guard lock(mutex);
    while (!waiting.empty() && capacity.fits(capacity.share_of(waiting.front()->stored.run.spec))) {
      admitted.push_back(std::move(waiting.front()));
      waiting.pop_front();
      admit(*admitted.back());
    }
    explain_waiting();
  }
  for (const EntryPointer& one : admitted) {
    launch(*one);
    notify(one->spec);
  }
  // An agent that could not be started has made room again.
  if (!admitted.empty()) start_waiting();
}

// With target.changing held. True when a reconcile is worth while.
bool Runs::Impl::store_reports(Entry& target, const json::array& reports) {
  StoredRun stored = copy(target);
  const bool had_outcome = stored.run.outcome.has_value();
  const std::uint64_t applied_before = stored.applied;
  std::vector<store::LogEvent> logs;
  std::vector<FinalMetric> metrics;
  bool visible = false;
  for (const json::value& value : reports) {
    const json::object* report = value.if_object();
    const auto number = report == nullptr ? std::nullopt : find_int(*report, "seq");
    if (!number) throw std::invalid_argument("report: bad \"seq\"");
    const auto seq = static_cast<std::uint64_t>(*number);
    if (seq <= stored.applied) continue;
    if (seq != stored.applied + 1) break;  // the answer's "applied" tells the agent where to go on
    ReportContent content = apply_to_run(*report, stored.run);
    stored.applied = seq;
    std::move(content.logs.begin(), content.logs.end(), std::back_inserter(logs));
    metrics.insert(metrics.end(), content.metrics.begin(), content.metrics.end());
    visible |= content.visible_change;
  }
  if (stored.applied == applied_before) return false;
  const bool ends = stored.run.outcome && !had_outcome;
  if (ends) stored.run.phases.push_back({RunPhase::kEnded, clock.now(), ""});
  const auto beside = [&](store::Connection& connection) {
    if (!logs.empty() && sinks.logs) sinks.logs(connection, stored.run.spec, logs);
    if (!metrics.empty() && sinks.metrics) sinks.metrics(connection, stored.run.spec, metrics);
  };
  if (visible || !metrics.empty()) {
    table.save(stored, beside);
  } else {
    table.save_applied(stored, beside);
  }
  const std::lock_guard lock(mutex);
  target.stored = std::move(stored);
  if (ends) finish(target);
  return visible;
}

// With lost.changing held.
void Runs::Impl::conclude_lost(Entry& lost) {
  StoredRun stored = copy(lost);
  const auto unsent = backend.unsent_reports(stored.run.spec.id, stored.applied);
  try {
    store_reports(lost, json::array(unsent.begin(), unsent.end()));
  } catch (const std::invalid_argument& error) {
    spdlog::error("run {}: spool: {}", stored.run.spec.id, error.what());
  }
  stored = copy(lost);
  if (stored.run.outcome) return;
  if (stored.run.stop_requested) {
    stored.run.outcome = RunOutcome{RunOutcome::Kind::kStopped, 0, ""};
  } else {
    stored.run.outcome = RunOutcome{RunOutcome::Kind::kAgentLost, 0, kLostReason};
  }
  stored.run.phases.push_back({RunPhase::kEnded, clock.now(), ""});
  table.save(stored, {});
  const std::lock_guard lock(mutex);
  lost.stored = std::move(stored);
  finish(lost);
}

void Runs::Impl::agent_ended(const std::string& id) {
  const EntryPointer ended = entry(id);
  if (ended == nullptr) return;
  {
    const std::lock_guard changing(ended->changing);
    if (copy(*ended).run.outcome) return;
    conclude_lost(*ended);
  }
  notify(ended->spec);
  start_waiting();
}

// Brings back what the table holds. Agents that ended meanwhile tell so through on_exit.
void Runs::Impl::restore() {
  std::vector<EntryPointer> alive, ended;
  for (StoredRun& stored : table.load()) {
    auto restored = std::make_shared<Entry>(std::move(stored));
    const Run& run = restored->stored.run;
    const std::lock_guard lock(mutex);
    entries.emplace(run.spec.id, restored);
    if (run.outcome) {
      ended.push_back(restored);
      continue;
    }
    if (is_queued(run)) {
      waiting.push_back(restored);
      continue;
    }
    restored->share = capacity.share_of(run.spec);
    capacity.take(restored->share);
    ++running;
    alive.push_back(restored);
  }
  for (const EntryPointer& one : alive) {
    // A copy: once adopted, the backend may tell of its end at any moment.
    const Run run = copy(*one).run;
    if (run.handle.empty()) {
      launch(*one);
    } else {
      backend.adopt(run.spec.id, run.handle);
    }
    if (run.stop_requested) backend.stop(copy(*one).run.handle);
  }
  // Who waits for them may have died between reading the outcome and forgetting the run.
  for (const EntryPointer& one : ended) notify(one->spec);
}

Runs::Runs(store::Database& database, ComputeBackend& backend, const Clock& clock,
           const Limits& capacity, RunSinks sinks)
    : impl_(std::make_unique<Impl>(database, backend, clock, capacity, std::move(sinks))) {
  backend.on_exit([impl = impl_.get()](const std::string& id) {
    const std::shared_lock gate(impl->gate);
    if (impl->stopped) return;
    try {
      impl->agent_ended(id);
    } catch (const std::exception& error) {
      spdlog::error("run {}: {}", id, error.what());
    }
  });
}

Runs::~Runs() {
  stop();
}

std::span<const store::Migration> Runs::migrations() {
  return RunTable::migrations();
}

void Runs::on_change(std::function<void(const JobSpec& spec)> callback) {
  impl_->changed = std::move(callback);
}

void Runs::start() {
  impl_->restore();
  impl_->start_waiting();
}

void Runs::stop() {
  const std::unique_lock gate(impl_->gate);
  impl_->stopped = true;
}

void Runs::submit(const JobSpec& spec, const AgentAccess& access) {
  StoredRun stored;
  stored.run.spec = spec;
  stored.access = access;
  stored.run.phases.push_back({RunPhase::kQueued, impl_->clock.now(), ""});
  auto submitted = std::make_shared<Entry>(stored);
  bool admitted = false;
  {
    const std::lock_guard lock(impl_->mutex);
    if (!impl_->entries.emplace(spec.id, submitted).second) return;
    admitted = impl_->waiting.empty() && impl_->capacity.fits(impl_->capacity.share_of(spec));
    if (admitted) {
      impl_->admit(*submitted);
      stored = submitted->stored;
    } else {
      impl_->waiting.push_back(submitted);
      impl_->explain_waiting();
    }
  }
  // The agent starts while the row is on its way to the disk. After a crash in between, the caller
  // submits again and the backend finds the agent, or replaces it.
  std::promise<void> committed;
  impl_->table.insert_later(stored, [&](std::exception_ptr error) {
    if (error) {
      committed.set_exception(error);
    } else {
      committed.set_value();
    }
  });
  if (admitted) impl_->launch(*submitted);
  committed.get_future().get();
  // In case the agent could not be started and has made room again.
  if (admitted) impl_->start_waiting();
}

std::optional<Run> Runs::find(const std::string& spec_id) {
  const std::lock_guard lock(impl_->mutex);
  const auto found = impl_->entries.find(spec_id);
  if (found == impl_->entries.end()) return std::nullopt;
  return found->second->stored.run;
}

void Runs::request_stop(const std::string& spec_id) {
  const EntryPointer target = impl_->entry(spec_id);
  if (target == nullptr) return;
  bool was_queued = false;
  {
    const std::lock_guard changing(target->changing);
    StoredRun stored;
    {
      const std::lock_guard lock(impl_->mutex);
      Run& run = target->stored.run;
      if (run.outcome || run.stop_requested) return;
      run.stop_requested = true;
      was_queued = std::erase(impl_->waiting, target) > 0;
      if (was_queued) {
        run.outcome = RunOutcome{RunOutcome::Kind::kStopped, 0, ""};
        run.phases.push_back({RunPhase::kEnded, impl_->clock.now(), ""});
        impl_->explain_waiting();
      }
      stored = target->stored;
    }
    impl_->table.save(stored, {});
    if (!was_queued) impl_->backend.stop(stored.run.handle);
  }
  if (!was_queued) return;
  impl_->notify(target->spec);
  impl_->start_waiting();
}

void Runs::forget(const std::string& spec_id) {
  {
    const std::lock_guard lock(impl_->mutex);
    const auto found = impl_->entries.find(spec_id);
    if (found == impl_->entries.end() || !found->second->stored.run.outcome) return;
    impl_->entries.erase(found);
  }
  impl_->table.remove(spec_id);
  impl_->backend.forget(spec_id);
}

json::object Runs::apply_report(std::string_view spec_id, std::string_view token,
                                const json::object& body) {
  const EntryPointer target = impl_->entry(spec_id);
  if (target == nullptr) return {{"known", false}};
  const json::array* reports = find_array(body, "reports");
  if (reports == nullptr) throw std::invalid_argument("report: bad \"reports\"");
  bool visible = false;
  {
    const std::lock_guard changing(target->changing);
    // The token is set once, when the run is submitted or restored.
    const std::string& expected = target->stored.access.report_token;
    if (expected.empty() || !equals_constant_time(token, expected)) {
      throw std::invalid_argument("report: bad token");
    }
    visible = impl_->store_reports(*target, *reports);
  }
  const StoredRun now = impl_->copy(*target);
  if (visible) {
    impl_->notify(now.run.spec);
    if (now.run.outcome) impl_->start_waiting();
  }
  return {{"known", true}, {"stop", now.run.stop_requested}, {"applied", now.applied}};
}

Runs::Load Runs::load() const {
  const std::lock_guard lock(impl_->mutex);
  return {.queued = impl_->waiting.size(),
          .running = impl_->running,
          .cpus_used = impl_->capacity.used().cpus,
          .cpus = impl_->capacity.total().cpus,
          .memory_used = impl_->capacity.used().memory_bytes,
          .memory = impl_->capacity.total().memory_bytes};
}

}  // namespace clary::engine
