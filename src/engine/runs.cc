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
#include "base/random.h"
#include "base/text.h"
#include "engine/capacity.h"
#include "engine/gang.h"
#include "engine/run_state.h"
#include "engine/run_table.h"

namespace clary::engine {
namespace {

// One instance: an agent and what it has told.
struct Member {
  explicit Member(StoredRun stored_in) : spec(stored_in.run.spec), stored(std::move(stored_in)) {}
  // The same as stored's, but never written: what callbacks are given, without a lock.
  const JobSpec spec;
  // Held over every stored change of this run, so that they reach the table in order. Taken before
  // Impl::mutex, never while that is held; of several members in their order.
  std::mutex changing;
  StoredRun stored;  // guarded by Impl::mutex
};

// What was submitted together; of one member as a rule.
struct Gang {
  explicit Gang(std::vector<StoredRun> runs) {
    for (StoredRun& run : runs) members.emplace_back(std::move(run));
  }
  std::deque<Member> members;  // never changed
  Share share;            // guarded by Impl::mutex; what it has of the capacity, while admitted
  bool admitted = false;  // guarded by Impl::mutex
  const JobSpec& spec() const { return members.front().spec; }
};
using GangPointer = std::shared_ptr<Gang>;

struct Place {
  GangPointer gang;
  Member* member = nullptr;
};

bool is_queued(const Run& run) {
  return !run.outcome && run.phase() == RunPhase::kQueued;
}

std::string lost_reason(const JobSpec& spec) {
  const std::string which =
      spec.instance_count > 1 ? " of instance " + host_of_instance(spec.instance_index) : "";
  return "InternalServerError: the agent" + which +
         " of this job ended without a report (it was killed, or the machine ran out of memory or "
         "was restarted). Please start the job again.";
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
  std::unordered_map<std::string, Place> places;       // guarded by mutex; every member by its id
  std::unordered_map<std::string, GangPointer> gangs;  // guarded by mutex; by the first one's id
  std::deque<GangPointer> waiting;                     // guarded by mutex
  Capacity capacity;                                   // guarded by mutex
  std::size_t running = 0;                             // guarded by mutex; gangs

  Place place(std::string_view id) const {
    const std::lock_guard lock(mutex);
    const auto found = places.find(std::string(id));
    return found == places.end() ? Place() : found->second;
  }

  GangPointer gang(const std::string& id) const {
    const std::lock_guard lock(mutex);
    const auto found = gangs.find(id);
    return found == gangs.end() ? nullptr : found->second;
  }

  StoredRun copy(const Member& member) const {
    const std::lock_guard lock(mutex);
    return member.stored;
  }

  // With the mutex held.
  static std::vector<const Run*> runs_of(const Gang& gang) {
    std::vector<const Run*> runs;
    for (const Member& member : gang.members) runs.push_back(&member.stored.run);
    return runs;
  }

  static std::vector<std::unique_lock<std::mutex>> change_all(Gang& gang) {
    std::vector<std::unique_lock<std::mutex>> locks;
    for (Member& member : gang.members) locks.emplace_back(member.changing);
    return locks;
  }

  void notify(const JobSpec& spec) const {
    if (changed) changed(spec);
  }

  // With the mutex held: false when one of this id is there already.
  bool add(const GangPointer& added) {
    if (!gangs.emplace(added->spec().id, added).second) return false;
    for (Member& member : added->members) places[member.spec.id] = {added, &member};
    return true;
  }

  // With the mutex held: gives the gang its share and its next phase.
  void admit(Gang& admitted) {
    admitted.share = capacity.share_of(specs_of(admitted));
    admitted.admitted = true;
    capacity.take(admitted.share);
    ++running;
    for (Member& member : admitted.members) {
      if (!is_queued(member.stored.run)) continue;  // of a start that a crash cut short
      member.stored.run.phases.push_back({RunPhase::kStarting, clock.now(), ""});
    }
  }

  static std::vector<const JobSpec*> specs_of(const Gang& gang) {
    std::vector<const JobSpec*> specs;
    for (const Member& member : gang.members) specs.push_back(&member.spec);
    return specs;
  }

  // With the mutex held: what each waiting run waits for. Told when asked, not stored.
  void explain_waiting() {
    for (std::size_t i = 0; i < waiting.size(); ++i) {
      std::string message =
          "Waiting for capacity: " + capacity.shortage(capacity.share_of(specs_of(*waiting[i])));
      if (i > 0) message += "; " + std::to_string(i) + " ahead in the queue";
      for (Member& member : waiting[i]->members) member.stored.run.phases.back().message = message;
    }
  }

  void launch(Gang& started);
  void start_agents(const Gang& started, std::vector<StoredRun>& runs);
  void finish_if_ended(Gang& gang);
  void start_waiting();
  bool store_reports(Place& target, const json::array& reports);
  void agent_ended(const std::string& id);
  void conclude_lost(Place& lost);
  void stop_member(Member& member);
  void settle(Gang& gang);
  GangPointer restore_gang(std::vector<StoredRun> runs);
  void resume(Gang& gang);
  void restore();
};

// Starts the agents of those members that have none. The gang fails when that cannot be done.
void Runs::Impl::start_agents(const Gang& started, std::vector<StoredRun>& runs) {
  try {
    if (runs.size() == 1) {
      runs[0].run.handle = backend.start(runs[0].run.spec, runs[0].access);
      return;
    }
    std::vector<AgentStart> starts;
    for (const StoredRun& stored : runs) starts.push_back({stored.run.spec, stored.access});
    const std::vector<std::string> handles = backend.start_gang(starts);
    for (std::size_t i = 0; i < runs.size(); ++i) runs[i].run.handle = handles.at(i);
  } catch (const std::exception& error) {
    spdlog::error("run {}: {}", started.spec().id, error.what());
    for (StoredRun& stored : runs) {
      if (stored.run.outcome) continue;
      stored.run.outcome =
          RunOutcome{RunOutcome::Kind::kFailed, 0,
                     std::string("InternalServerError: ") + error.what() +
                         ". Please start the job again; the server's log says more."};
      stored.run.phases.push_back({RunPhase::kEnded, clock.now(), ""});
    }
  }
}

void Runs::Impl::launch(Gang& started) {
  const auto locks = change_all(started);
  std::vector<StoredRun> runs;
  for (const Member& member : started.members) runs.push_back(copy(member));
  if (std::ranges::any_of(runs, [](const StoredRun& s) { return s.run.outcome.has_value(); })) {
    return;
  }
  start_agents(started, runs);
  const bool failed = runs.front().run.outcome.has_value();
  {
    const std::lock_guard lock(mutex);
    for (std::size_t i = 0; i < runs.size(); ++i) started.members[i].stored = runs[i];
    finish_if_ended(started);
  }
  // Not waited for: a handle that a crash forgets is found again by starting the run again.
  table.save_later(runs);
  if (failed) notify(started.spec());
}

// With the mutex held.
void Runs::Impl::finish_if_ended(Gang& gang) {
  if (!gang.admitted || !all_ended(runs_of(gang))) return;
  gang.admitted = false;
  capacity.give_back(gang.share);
  gang.share = {};
  --running;
}

void Runs::Impl::start_waiting() {
  std::vector<GangPointer> admitted;
  {
    const std::lock_guard lock(mutex);
    while (!waiting.empty() && capacity.fits(capacity.share_of(specs_of(*waiting.front())))) {
      admitted.push_back(std::move(waiting.front()));
      waiting.pop_front();
      admit(*admitted.back());
    }
    explain_waiting();
  }
  for (const GangPointer& one : admitted) {
    launch(*one);
    notify(one->spec());
  }
  // An agent that could not be started has made room again.
  if (!admitted.empty()) start_waiting();
}

// With target.member->changing held. True when a reconcile is worth while.
bool Runs::Impl::store_reports(Place& target, const json::array& reports) {
  StoredRun stored = copy(*target.member);
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
  const bool staged = stored.run.staged && !copy(*target.member).run.staged;
  const bool ends = stored.run.outcome && !had_outcome;
  if (ends) stored.run.phases.push_back({RunPhase::kEnded, clock.now(), ""});
  const auto beside = [&](store::Connection& connection) {
    if (!logs.empty() && sinks.logs) sinks.logs(connection, stored.run.spec, logs);
    if (!metrics.empty() && sinks.metrics) sinks.metrics(connection, stored.run.spec, metrics);
  };
  if (visible || staged || !metrics.empty()) {
    table.save(stored, beside);
  } else {
    table.save_applied(stored, beside);
  }
  const std::lock_guard lock(mutex);
  target.member->stored = std::move(stored);
  finish_if_ended(*target.gang);
  return visible;
}

// With lost.member->changing held.
void Runs::Impl::conclude_lost(Place& lost) {
  StoredRun stored = copy(*lost.member);
  const auto unsent = backend.unsent_reports(stored.run.spec.id, stored.applied);
  try {
    store_reports(lost, json::array(unsent.begin(), unsent.end()));
  } catch (const std::invalid_argument& error) {
    spdlog::error("run {}: spool: {}", stored.run.spec.id, error.what());
  }
  stored = copy(*lost.member);
  if (stored.run.outcome) return;
  if (stored.run.stop_requested) {
    stored.run.outcome = RunOutcome{RunOutcome::Kind::kStopped, 0, ""};
  } else if (stored.run.preempted) {
    stored.run.outcome = RunOutcome{RunOutcome::Kind::kInterrupted, 0, ""};
  } else {
    stored.run.outcome = RunOutcome{RunOutcome::Kind::kAgentLost, 0, lost_reason(stored.run.spec)};
  }
  stored.run.phases.push_back({RunPhase::kEnded, clock.now(), ""});
  table.save(stored, {});
  const std::lock_guard lock(mutex);
  lost.member->stored = std::move(stored);
  finish_if_ended(*lost.gang);
}

void Runs::Impl::agent_ended(const std::string& id) {
  Place ended = place(id);
  if (ended.gang == nullptr) return;
  {
    const std::lock_guard changing(ended.member->changing);
    if (copy(*ended.member).run.outcome) return;
    conclude_lost(ended);
  }
  settle(*ended.gang);
  notify(ended.gang->spec());
  start_waiting();
}

// Asks the agent of a member that was admitted.
void Runs::Impl::stop_member(Member& member) {
  const std::lock_guard changing(member.changing);
  StoredRun stored;
  {
    const std::lock_guard lock(mutex);
    Run& run = member.stored.run;
    if (run.outcome || run.stop_requested) return;
    run.stop_requested = true;
    stored = member.stored;
  }
  table.save(stored, {});
  backend.stop(stored.run.handle);
}

// One that did not succeed ends the others. To be called after every change of a member.
void Runs::Impl::settle(Gang& gang) {
  if (gang.members.size() == 1) return;
  {
    const std::lock_guard lock(mutex);
    if (!is_broken(runs_of(gang))) return;
  }
  for (Member& member : gang.members) stop_member(member);
}

// A gang as the table has it, at its place among those that wait or run.
GangPointer Runs::Impl::restore_gang(std::vector<StoredRun> runs) {
  auto restored = std::make_shared<Gang>(std::move(runs));
  const std::lock_guard lock(mutex);
  add(restored);
  const auto states = runs_of(*restored);
  if (all_ended(states)) return restored;
  if (std::ranges::all_of(states, [](const Run* run) { return is_queued(*run); })) {
    waiting.push_back(restored);
  } else {
    admit(*restored);
  }
  return restored;
}

void Runs::Impl::resume(Gang& gang) {
  bool launched = true;
  for (const Member& member : gang.members) launched &= !copy(member).run.handle.empty();
  if (!launched) launch(gang);
  for (const Member& member : gang.members) {
    // A copy: once adopted, the backend may tell of its end at any moment.
    const Run run = copy(member).run;
    if (run.outcome) continue;
    if (launched) backend.adopt(run.spec.id, run.handle);
    if (run.stop_requested || run.preempted) backend.stop(run.handle);
  }
  settle(gang);
}

// Brings back what the table holds. Agents that ended meanwhile tell so through on_exit.
void Runs::Impl::restore() {
  std::vector<std::vector<StoredRun>> submitted;
  for (StoredRun& stored : table.load()) {
    const bool follows = stored.run.spec.instance_index > 0 && !stored.run.spec.gang.empty();
    if (!follows || submitted.empty()) submitted.emplace_back();
    submitted.back().push_back(std::move(stored));
  }
  std::vector<GangPointer> alive, ended;
  for (std::vector<StoredRun>& runs : submitted) {
    GangPointer restored = restore_gang(std::move(runs));
    const std::lock_guard lock(mutex);
    if (restored->admitted) alive.push_back(restored);
    if (all_ended(runs_of(*restored))) ended.push_back(restored);
  }
  for (const GangPointer& one : alive) resume(*one);
  // Who waits for them may have died between reading the outcome and forgetting the run.
  for (const GangPointer& one : ended) notify(one->spec());
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
  submit(std::vector{spec}, access);
}

void Runs::submit(std::vector<JobSpec> gang, const AgentAccess& access) {
  number_gang(gang);
  std::vector<StoredRun> runs;
  for (JobSpec& spec : gang) {
    StoredRun& stored = runs.emplace_back();
    stored.run.spec = std::move(spec);
    stored.access = access;
    // Each has a token of its own: what one instance knows must not let it speak for another.
    if (runs.size() > 1) stored.access.report_token = random_hex(32);
    stored.run.phases.push_back({RunPhase::kQueued, impl_->clock.now(), ""});
  }
  auto submitted = std::make_shared<Gang>(runs);
  bool admitted = false;
  {
    const std::lock_guard lock(impl_->mutex);
    if (!impl_->add(submitted)) return;
    admitted = impl_->waiting.empty() &&
               impl_->capacity.fits(impl_->capacity.share_of(Impl::specs_of(*submitted)));
    if (admitted) {
      impl_->admit(*submitted);
      for (std::size_t i = 0; i < runs.size(); ++i) runs[i] = submitted->members[i].stored;
    } else {
      impl_->waiting.push_back(submitted);
      impl_->explain_waiting();
    }
  }
  // The agents start while the rows are on their way to the disk. After a crash in between, the
  // caller submits again and the backend finds the agents, or replaces them.
  std::promise<void> committed;
  impl_->table.insert_later(runs, [&](std::exception_ptr error) {
    if (error) {
      committed.set_exception(error);
    } else {
      committed.set_value();
    }
  });
  if (admitted) impl_->launch(*submitted);
  committed.get_future().get();
  // In case the agents could not be started and have made room again.
  if (admitted) impl_->start_waiting();
}

std::optional<Run> Runs::find(const std::string& spec_id) {
  const std::lock_guard lock(impl_->mutex);
  const auto found = impl_->gangs.find(spec_id);
  if (found == impl_->gangs.end()) return std::nullopt;
  return merged_run(Impl::runs_of(*found->second));
}

void Runs::request_stop(const std::string& spec_id) {
  const GangPointer target = impl_->gang(spec_id);
  if (target == nullptr) return;
  bool was_queued = false;
  {
    const auto locks = Impl::change_all(*target);
    std::vector<StoredRun> runs;
    {
      const std::lock_guard lock(impl_->mutex);
      was_queued = std::erase(impl_->waiting, target) > 0;
      if (was_queued) {
        for (Member& member : target->members) {
          Run& run = member.stored.run;
          run.stop_requested = true;
          run.outcome = RunOutcome{RunOutcome::Kind::kStopped, 0, ""};
          run.phases.push_back({RunPhase::kEnded, impl_->clock.now(), ""});
          runs.push_back(member.stored);
        }
        impl_->explain_waiting();
      }
    }
    if (was_queued) impl_->table.save_all(runs);
  }
  if (was_queued) {
    impl_->notify(target->spec());
    impl_->start_waiting();
  } else {
    for (Member& member : target->members) impl_->stop_member(member);
  }
}

void Runs::preempt(const std::string& spec_id) {
  const GangPointer target = impl_->gang(spec_id);
  if (target == nullptr) return;
  const auto locks = Impl::change_all(*target);
  std::vector<StoredRun> runs;
  {
    const std::lock_guard lock(impl_->mutex);
    for (Member& member : target->members) {
      Run& run = member.stored.run;
      if (!target->admitted || run.outcome || run.stop_requested || run.preempted) continue;
      run.preempted = true;
      runs.push_back(member.stored);
    }
  }
  impl_->table.save_all(runs);
  for (const StoredRun& stored : runs) impl_->backend.stop(stored.run.handle);
}

void Runs::forget(const std::string& spec_id) {
  std::vector<std::string> ids;
  {
    const std::lock_guard lock(impl_->mutex);
    const auto found = impl_->gangs.find(spec_id);
    if (found == impl_->gangs.end()) return;
    const GangPointer ended = found->second;
    if (!all_ended(Impl::runs_of(*ended))) return;
    for (const Member& member : ended->members) {
      ids.push_back(member.spec.id);
      impl_->places.erase(member.spec.id);
    }
    impl_->gangs.erase(found);
  }
  impl_->table.remove(ids);
  for (const std::string& id : ids) impl_->backend.forget(id);
}

json::object Runs::apply_report(std::string_view spec_id, std::string_view token,
                                const json::object& body) {
  Place target = impl_->place(spec_id);
  if (target.gang == nullptr) return {{"known", false}};
  const json::array* reports = find_array(body, "reports");
  if (reports == nullptr) throw std::invalid_argument("report: bad \"reports\"");
  bool visible = false;
  {
    const std::lock_guard changing(target.member->changing);
    // The token is set once, when the run is submitted or restored.
    const std::string& expected = target.member->stored.access.report_token;
    if (expected.empty() || !equals_constant_time(token, expected)) {
      throw std::invalid_argument("report: bad token");
    }
    visible = impl_->store_reports(target, *reports);
  }
  const StoredRun now = impl_->copy(*target.member);
  if (visible) {
    if (now.run.outcome) impl_->settle(*target.gang);
    impl_->notify(now.run.spec);
    if (now.run.outcome) impl_->start_waiting();
  }
  json::object answer{{"known", true},
                      {"stop", now.run.stop_requested || now.run.preempted},
                      {"applied", now.applied}};
  if (now.run.staged) {
    const std::lock_guard lock(impl_->mutex);
    answer["go"] = all_staged(Impl::runs_of(*target.gang));
  }
  return answer;
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
