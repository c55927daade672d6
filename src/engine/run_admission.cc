// Which runs are admitted when: the queue, the start of their agents, what makes room, and all that
// again when a server takes over.
#include <algorithm>
#include <map>
#include <ranges>

#include "base/log.h"
#include "engine/runs_impl.h"

namespace clary::engine {
namespace {

Claim claim_of(const JobSpec& spec) {
  return {.user = spec.user, .priority = spec.priority, .spot = spec.spot};
}

bool may_be_ousted(Preemption preemption, const JobSpec& spec) {
  if (spec.mode == JobSpec::Mode::kServe || preemption == Preemption::kOff) return false;
  return spec.spot || preemption == Preemption::kPriority;
}

}  // namespace

void Runs::Impl::enqueue(const GangPointer& added) {
  added->number = queue.add(claim_of(added->spec()));
  waiting.emplace(added->number, added);
}

bool Runs::Impl::leave_queue(Gang& left) {
  if (left.number == 0) return false;
  queue.remove(left.number);
  waiting.erase(left.number);
  left.number = 0;
  return true;
}

void Runs::Impl::take_share(Gang& gang) {
  gang.share = capacity.share_of(specs_of(gang));
  capacity.take(gang.share);
  queue.give(gang.spec().user, gang.share);
}

void Runs::Impl::give_back(Gang& gang) {
  capacity.give_back(gang.share);
  queue.take_back(gang.spec().user, gang.share);
  gang.share = {};
  gang.keeps_place = false;
}

// What a run that has ended still keeps goes to the one that follows it: true when there was some.
bool Runs::Impl::take_over(const JobSpec& next) {
  const auto found = gangs.find(next.takes_place_of);
  if (found == gangs.end() || !found->second->keeps_place) return false;
  give_back(*found->second);
  return true;
}

// Gives the gang its share and its next phase.
void Runs::Impl::admit(const GangPointer& admitted) {
  leave_queue(*admitted);
  take_share(*admitted);
  admitted->admitted = true;
  ++running;
  if (may_be_ousted(preemption, admitted->spec())) interruptible.push_back(admitted);
  for (Member& member : admitted->members) {
    if (!is_queued(member.stored.run)) continue;  // of a start that a crash cut short
    member.stored.run.phases.push_back({RunPhase::kStarting, clock.now(), ""});
  }
}

// What a waiting gang waits for. Told when asked, not stored.
std::string Runs::Impl::explain(const Gang& waits) const {
  const std::string ahead = to_words(queue.ahead_of(waits.number));
  return "Waiting for capacity: " + capacity.shortage(capacity.share_of(specs_of(waits))) +
         (ahead.empty() ? "" : "; ") + ahead;
}

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
  if (failed) notify(started.spec(), Change::kEnded);
}

// With the mutex held.
void Runs::Impl::finish_if_ended(Gang& gang) {
  if (!gang.admitted || !all_ended(runs_of(gang))) return;
  gang.admitted = false;
  std::erase_if(interruptible, [&](const GangPointer& one) { return one.get() == &gang; });
  --running;
  gang.keeps_place = gang.spec().keeps_place;
  if (!gang.keeps_place) give_back(gang);
}

// Admits who is next as long as that fits.
void Runs::Impl::start_waiting() {
  std::vector<GangPointer> admitted, ousted;
  {
    const std::lock_guard lock(mutex);
    while (const auto number = queue.next()) {
      const GangPointer next = waiting.at(*number);
      if (!capacity.fits(capacity.share_of(specs_of(*next)))) {
        ousted = whom_to_oust(*next);
        break;
      }
      admit(next);
      admitted.push_back(next);
    }
  }
  for (const GangPointer& one : ousted) oust(*one);
  for (const GangPointer& one : admitted) {
    launch(*one);
    notify(one->spec(), Change::kGoesOn);
  }
  // An agent that could not be started has made room again.
  if (!admitted.empty()) start_waiting();
}

// The less urgent runs that have to end so that `next` fits, those that started last first; none
// when all of them would not do. What was ousted already is on its way.
std::vector<GangPointer> Runs::Impl::whom_to_oust(const Gang& next) const {
  const Share wanted = capacity.share_of(specs_of(next));
  Share freed;
  std::multimap<Urgency, GangPointer> candidates;
  for (const GangPointer& one : interruptible | std::views::reverse) {
    const bool ends = std::ranges::all_of(runs_of(*one), [](const Run* run) {
      return run->outcome || run->preempted || run->stop_requested;
    });
    const Urgency urgency = urgency_of(claim_of(one->spec()));
    if (ends) {
      freed += one->share;
    } else if (urgency < urgency_of(claim_of(next.spec()))) {
      candidates.emplace(urgency, one);
    }
  }
  std::vector<GangPointer> chosen;
  for (const auto& [urgency, one] : candidates) {
    if (capacity.fits(wanted, freed)) return chosen;
    freed += one->share;
    chosen.push_back(one);
  }
  return capacity.fits(wanted, freed) ? chosen : std::vector<GangPointer>();
}

// Takes its place from a gang.
void Runs::Impl::oust(Gang& target) {
  const auto locks = change_all(target);
  std::vector<StoredRun> runs;
  {
    const std::lock_guard lock(mutex);
    for (Member& member : target.members) {
      Run& run = member.stored.run;
      if (!target.admitted || run.outcome || run.stop_requested || run.preempted) continue;
      run.preempted = true;
      runs.push_back(member.stored);
    }
  }
  if (runs.empty()) return;
  table.save_all(runs);
  for (const StoredRun& stored : runs) backend.stop(stored.run.handle);
}

// A gang as the table has it, at its place among those that wait or run.
GangPointer Runs::Impl::restore_gang(std::vector<StoredRun> runs) {
  auto restored = std::make_shared<Gang>(std::move(runs));
  const std::lock_guard lock(mutex);
  add(restored);
  const auto states = runs_of(*restored);
  if (all_ended(states)) {
    restored->keeps_place = restored->spec().keeps_place;
    if (restored->keeps_place) take_share(*restored);
    return restored;
  }
  if (std::ranges::all_of(states, [](const Run* run) { return is_queued(*run); })) {
    enqueue(restored);
  } else {
    admit(restored);
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
  for (const GangPointer& one : ended) notify(one->spec(), Change::kEnded);
}

}  // namespace clary::engine
