#include "engine/runs.h"

#include <algorithm>
#include <future>
#include <stdexcept>
#include <utility>

#include "base/log.h"
#include "base/random.h"
#include "base/text.h"
#include "engine/run_state.h"
#include "engine/runs_impl.h"

namespace clary::engine {
namespace {

std::string lost_reason(const JobSpec& spec) {
  const std::string which =
      spec.instance_count > 1 ? " of instance " + host_of_instance(spec.instance_index) : "";
  return "InternalServerError: the agent" + which +
         " of this job ended without a report (it was killed, or the machine ran out of memory or "
         "was restarted). Please start the job again.";
}

// `reason`: what the backend knows about it.
RunOutcome outcome_of_lost(const Run& run, const std::string& reason) {
  // When several instances are lost at once, one that was asked to stop only since another went
  // first tells more by what became of it.
  const bool asked = run.stop_requested && (!run.stop_passed_on || reason.empty());
  if (asked) return {RunOutcome::Kind::kStopped, 0, ""};
  if (run.preempted && !run.stop_requested) return {RunOutcome::Kind::kInterrupted, 0, ""};
  return {RunOutcome::Kind::kAgentLost, 0, reason.empty() ? lost_reason(run.spec) : reason};
}

}  // namespace

// With target.member->changing held. True when a reconcile is worth while.
bool Runs::Impl::store_reports(Place& target, const json::array& reports) {
  StoredRun stored = copy(*target.member);
  const bool had_outcome = stored.run.outcome.has_value(), was_staged = stored.run.staged;
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
  const bool staged = stored.run.staged && !was_staged;
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
  stored.run.outcome = outcome_of_lost(stored.run, backend.end_reason(stored.run.spec.id));
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
  notify(ended.gang->spec(), Change::kEnded);
  start_waiting();
}

// Asks the agent of a member that was admitted.
void Runs::Impl::stop_member(Member& member, Asker asker) {
  const std::lock_guard changing(member.changing);
  StoredRun stored;
  {
    const std::lock_guard lock(mutex);
    Run& run = member.stored.run;
    if (run.outcome || run.stop_requested) return;
    run.stop_requested = true;
    run.stop_passed_on = asker == Asker::kGang;
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
  for (Member& member : gang.members) stop_member(member, Asker::kGang);
}

Runs::Runs(store::Database& database, ComputeBackend& backend, const Clock& clock,
           const Limits& capacity, RunSinks sinks)
    : impl_(std::make_unique<Impl>(database, backend, clock, capacity, std::move(sinks))) {
  backend.on_exit([impl = impl_.get(), gate = impl_->gate](const std::string& id) {
    const std::shared_lock lock(gate->mutex);
    if (gate->stopped) return;
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

void Runs::on_change(std::function<void(const JobSpec& spec, Change change)> callback) {
  impl_->changed = std::move(callback);
}

void Runs::preempt_when_needed(Preemption whom) {
  impl_->preemption = whom;
}

void Runs::start() {
  impl_->restore();
  impl_->start_waiting();
}

void Runs::stop() {
  const std::unique_lock lock(impl_->gate->mutex);
  impl_->gate->stopped = true;
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
    admitted = submitted->spec().mode == JobSpec::Mode::kServe ||
               ((impl_->take_over(submitted->spec()) || impl_->waiting.empty()) &&
                impl_->capacity.fits(impl_->capacity.share_of(Impl::specs_of(*submitted))));
    if (admitted) {
      impl_->admit(submitted);
      for (std::size_t i = 0; i < runs.size(); ++i) runs[i] = submitted->members[i].stored;
    } else {
      impl_->enqueue(submitted);
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
  // In case the agents could not be started and have made room again; or others must make room.
  impl_->start_waiting();
}

std::optional<Run> Runs::find(const std::string& spec_id) {
  const std::lock_guard lock(impl_->mutex);
  const auto found = impl_->gangs.find(spec_id);
  if (found == impl_->gangs.end()) return std::nullopt;
  Run run = merged_run(Impl::runs_of(*found->second));
  if (found->second->number != 0) run.phases.back().message = impl_->explain(*found->second);
  return run;
}

std::optional<std::string> Runs::waiting_for(const std::string& spec_id) const {
  const std::lock_guard lock(impl_->mutex);
  const auto found = impl_->gangs.find(spec_id);
  if (found == impl_->gangs.end()) return std::nullopt;
  if (found->second->number != 0) return impl_->explain(*found->second);
  const Run& run = found->second->members.front().stored.run;
  if (run.outcome || run.phase() != RunPhase::kStarting) return std::nullopt;
  std::string note = impl_->backend.note(spec_id);
  return note.empty() ? std::nullopt : std::optional(std::move(note));
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
      was_queued = impl_->leave_queue(*target);
      if (was_queued) {
        for (Member& member : target->members) {
          Run& run = member.stored.run;
          run.stop_requested = true;
          run.outcome = RunOutcome{RunOutcome::Kind::kStopped, 0, ""};
          run.phases.push_back({RunPhase::kEnded, impl_->clock.now(), ""});
          runs.push_back(member.stored);
        }
      }
    }
    if (was_queued) impl_->table.save_all(runs);
  }
  if (was_queued) {
    impl_->notify(target->spec(), Change::kEnded);
    impl_->start_waiting();
  } else {
    for (Member& member : target->members) impl_->stop_member(member, Impl::Asker::kUser);
  }
}

void Runs::preempt(const std::string& spec_id) {
  if (const GangPointer target = impl_->gang(spec_id)) impl_->oust(*target);
}

void Runs::forget(const std::string& spec_id) {
  std::vector<std::string> ids;
  {
    const std::lock_guard lock(impl_->mutex);
    const auto found = impl_->gangs.find(spec_id);
    if (found == impl_->gangs.end()) return;
    const GangPointer ended = found->second;
    if (!all_ended(Impl::runs_of(*ended))) return;
    if (ended->keeps_place) impl_->give_back(*ended);
    for (const Member& member : ended->members) {
      ids.push_back(member.spec.id);
      impl_->places.erase(member.spec.id);
    }
    impl_->gangs.erase(found);
  }
  impl_->table.remove(ids);
  for (const std::string& id : ids) impl_->backend.forget(id);
  impl_->start_waiting();  // it may have kept its place until now
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
  // Not a copy: a run comes with all that its job was created with.
  const auto now = [&](const auto& look) {
    const std::lock_guard lock(impl_->mutex);
    return look(target.member->stored);
  };
  if (visible) {
    const bool ended = now([](const StoredRun& stored) { return stored.run.outcome.has_value(); });
    if (ended) impl_->settle(*target.gang);
    impl_->notify(target.member->spec, ended ? Change::kEnded : Change::kGoesOn);
    if (ended) impl_->start_waiting();
  }
  return now([&](const StoredRun& stored) {
    json::object answer{{"known", true},
                        {"stop", stored.run.stop_requested || stored.run.preempted},
                        {"applied", stored.applied}};
    if (stored.run.staged) {
      const auto runs = Impl::runs_of(*target.gang);
      const bool go = all_staged(runs);
      answer["go"] = go;
      if (go && !stored.run.address.empty()) answer["peers"] = peers_to_json(runs);
    }
    return answer;
  });
}

Runs::Load Runs::load() const {
  const std::lock_guard lock(impl_->mutex);
  return {.queued = impl_->queue.size(),
          .running = impl_->running,
          .cpus_used = impl_->capacity.used().cpus,
          .cpus = impl_->capacity.total().cpus,
          .memory_used = impl_->capacity.used().memory_bytes,
          .memory = impl_->capacity.total().memory_bytes};
}

}  // namespace clary::engine
