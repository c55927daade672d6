#include "engine/gang.h"

#include <algorithm>
#include <array>

namespace clary::engine {
namespace {

using Kind = RunOutcome::Kind;

constexpr std::array kOrder{RunPhase::kQueued,  RunPhase::kStarting,  RunPhase::kDownloading,
                            RunPhase::kRunning, RunPhase::kUploading, RunPhase::kEnded};

// When the instance was in `phase` or beyond for the first time.
std::optional<Timestamp> reached(const Run& run, RunPhase phase) {
  for (const PhaseChange& change : run.phases) {
    if (change.phase >= phase) return change.time;
  }
  return std::nullopt;
}

// When the last instance had reached it; nullopt while one has not, or when none was ever in it.
std::optional<Timestamp> all_reached(std::span<const Run* const> instances, RunPhase phase) {
  Timestamp last{};
  bool entered = false;
  for (const Run* run : instances) {
    const auto time = reached(*run, phase);
    if (!time) return std::nullopt;
    last = std::max(last, *time);
    entered |= std::ranges::find(run->phases, phase, &PhaseChange::phase) != run->phases.end();
  }
  return entered ? std::optional(last) : std::nullopt;
}

// What an instance says that is in this very phase now.
std::string message_in(std::span<const Run* const> instances, RunPhase phase) {
  for (const Run* run : instances) {
    if (run->phase() == phase && !run->phases.back().message.empty()) {
      return run->phases.back().message;
    }
  }
  return {};
}

std::optional<RunOutcome> merged_outcome(std::span<const Run* const> instances) {
  if (!all_ended(instances)) return std::nullopt;
  // Instances that were stopped say least: they were asked to, by the user or since one failed.
  const auto is_cause = [](const Run& run) {
    return run.outcome->kind != Kind::kSucceeded && run.outcome->kind != Kind::kStopped;
  };
  const Run* chosen = instances.front();
  for (const Run* run : instances) {
    if (is_cause(*run) != is_cause(*chosen)) {
      if (is_cause(*run)) chosen = run;
    } else if (is_cause(*run)) {
      if (run->phases.back().time < chosen->phases.back().time) chosen = run;
    } else if (run->outcome->kind == Kind::kStopped && chosen->outcome->kind != Kind::kStopped) {
      chosen = run;
    }
  }
  RunOutcome outcome = *chosen->outcome;
  // The developer guide on exit messages: those of all containers, one after the other.
  outcome.message.clear();
  for (const Run* run : instances) outcome.message += run->outcome->message;
  return outcome;
}

std::vector<FinalMetric> merged_metrics(std::span<const Run* const> instances) {
  std::vector<FinalMetric> all;
  for (const Run* run : instances) {
    for (const FinalMetric& metric : run->metrics) {
      const auto known = std::ranges::find(all, metric.name, &FinalMetric::name);
      if (known == all.end()) {
        all.push_back(metric);
      } else if (known->time < metric.time) {
        *known = metric;
      }
    }
  }
  return all;
}

}  // namespace

void number_gang(std::vector<JobSpec>& gang) {
  if (gang.size() == 1) return;
  const std::string id = gang.front().id;
  for (std::size_t i = 0; i < gang.size(); ++i) {
    if (i > 0) gang[i].id = id + "-" + std::to_string(i + 1);
    gang[i].gang = id;
    gang[i].instance_index = static_cast<int>(i);
    gang[i].instance_count = static_cast<int>(gang.size());
  }
}

json::array peers_to_json(std::span<const Run* const> instances) {
  json::array peers;
  for (const Run* run : instances) {
    peers.push_back(
        {{"host", host_of_instance(run->spec.instance_index)}, {"address", run->address}});
  }
  return peers;
}

bool is_broken(std::span<const Run* const> instances) {
  return std::ranges::any_of(instances, [](const Run* run) {
    if (!run->outcome || run->outcome->kind == Kind::kSucceeded) return false;
    // The developer guide's "Batch transform errors": what cannot be processed does not keep the
    // other objects from it, and each instance has objects of its own.
    return run->spec.mode != JobSpec::Mode::kTransform || run->outcome->kind != Kind::kFailed;
  });
}

bool all_staged(std::span<const Run* const> instances) {
  return std::ranges::all_of(instances, &Run::staged);
}

bool all_ended(std::span<const Run* const> instances) {
  return std::ranges::all_of(instances, [](const Run* run) { return run->outcome.has_value(); });
}

Run merged_run(std::span<const Run* const> instances) {
  Run whole = *instances.front();
  if (instances.size() == 1) return whole;
  whole.phases.clear();
  for (const RunPhase phase : kOrder) {
    if (const auto time = all_reached(instances, phase)) {
      whole.phases.push_back({phase, *time, message_in(instances, phase)});
    }
  }
  whole.outcome = merged_outcome(instances);
  whole.metrics = merged_metrics(instances);
  whole.workload_started = whole.workload_ended = std::nullopt;
  whole.restarts = 0;
  whole.stop_requested = whole.preempted = whole.staged = true;
  for (const Run* run : instances) {
    if (run->workload_started) {
      whole.workload_started =
          std::min(whole.workload_started.value_or(*run->workload_started), *run->workload_started);
    }
    if (run->workload_ended) {
      whole.workload_ended =
          std::max(whole.workload_ended.value_or(*run->workload_ended), *run->workload_ended);
    }
    whole.restarts += run->restarts;
    whole.stop_requested &= run->stop_requested || run->outcome.has_value();
    whole.preempted &= run->preempted || run->outcome.has_value();
    whole.staged &= run->staged;
  }
  if (!all_ended(instances)) whole.workload_ended = std::nullopt;
  return whole;
}

}  // namespace clary::engine
