// The inside of Runs, shared by its source files and nobody else.
#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engine/capacity.h"
#include "engine/gang.h"
#include "engine/run_queue.h"
#include "engine/run_table.h"
#include "engine/runs.h"

namespace clary::engine {

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
  Share share;               // guarded by Impl::mutex; what it has of the capacity, while admitted
  bool admitted = false;     // guarded by Impl::mutex
  bool keeps_place = false;  // guarded by Impl::mutex; it has ended and still has its share
  std::uint64_t number = 0;  // guarded by Impl::mutex; its number in the queue; 0: not there
  const JobSpec& spec() const { return members.front().spec; }
};
using GangPointer = std::shared_ptr<Gang>;

struct Place {
  GangPointer gang;
  Member* member = nullptr;
};

inline bool is_queued(const Run& run) {
  return !run.outcome && run.phase() == RunPhase::kQueued;
}

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
  std::function<void(const JobSpec&, Change)> changed;  // set before start()

  // Held shared by callbacks of the backend, so that stop() can wait for them. Theirs too: the
  // backend may still be about to call when this is gone.
  struct Gate {
    std::shared_mutex mutex;
    bool stopped = false;  // guarded by mutex
  };
  const std::shared_ptr<Gate> gate = std::make_shared<Gate>();

  mutable std::mutex mutex;
  std::unordered_map<std::string, Place> places;       // guarded by mutex; every member by its id
  std::unordered_map<std::string, GangPointer> gangs;  // guarded by mutex; by the first one's id
  Capacity capacity;                                   // guarded by mutex
  RunQueue queue{capacity.total()};                    // guarded by mutex
  std::unordered_map<std::uint64_t, GangPointer> waiting;  // guarded by mutex; by number in queue
  Preemption preemption = Preemption::kOff;                // set before start()
  std::vector<GangPointer> interruptible;  // guarded by mutex; in the order of their start
  std::size_t running = 0;                 // guarded by mutex; gangs

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

  void notify(const JobSpec& spec, Change change) const {
    if (changed) changed(spec, change);
  }

  // With the mutex held: false when one of this id is there already.
  bool add(const GangPointer& added) {
    if (!gangs.emplace(added->spec().id, added).second) return false;
    for (Member& member : added->members) places[member.spec.id] = {added, &member};
    return true;
  }

  static std::vector<const JobSpec*> specs_of(const Gang& gang) {
    std::vector<const JobSpec*> specs;
    for (const Member& member : gang.members) specs.push_back(&member.spec);
    return specs;
  }

  // The queue (run_admission.cc). With the mutex held:
  void enqueue(const GangPointer& added);
  bool leave_queue(Gang& left);  // false when it was not there
  void admit(const GangPointer& admitted);
  std::string explain(const Gang& waits) const;
  void take_share(Gang& gang);
  void give_back(Gang& gang);
  bool take_over(const JobSpec& next);
  void finish_if_ended(Gang& gang);
  std::vector<GangPointer> whom_to_oust(const Gang& next) const;
  // Without:
  void start_waiting();
  void oust(Gang& target);
  void launch(Gang& started);
  void start_agents(const Gang& started, std::vector<StoredRun>& runs);
  GangPointer restore_gang(std::vector<StoredRun> runs);
  void resume(Gang& gang);
  void restore();

  // What agents tell (runs.cc).
  bool store_reports(Place& target, const json::array& reports);
  void agent_ended(const std::string& id);
  void conclude_lost(Place& lost);
  enum class Asker { kUser, kGang };
  void stop_member(Member& member, Asker asker);
  void settle(Gang& gang);
};

}  // namespace clary::engine
