#include "api/sagemaker/endpoint_controller.h"

#include <set>

#include "api/sagemaker/data_capture.h"
#include "api/sagemaker/hosting.h"
#include "base/log.h"

namespace clary::api::sagemaker {
namespace {

using engine::RunPhase;
using std::chrono::milliseconds;

constexpr milliseconds kDrainPoll{50};
constexpr milliseconds kFirstRetry{1000};
constexpr milliseconds kLongestRetry{60000};
// A server that fell this often before it ever answered /ping will not come up.
constexpr int kHopelessRestarts = 3;
// One that ran this long was well; its next loss counts from the beginning.
constexpr std::chrono::minutes kWell{5};
constexpr std::chrono::hours kSessionLifetime{24 * 365};
constexpr std::size_t kLongestReason = 1024;

std::optional<Fleet> fleet_in(const store::Document& endpoint, std::string_view member) {
  const json::object* fleet = find_object(endpoint.internal, member);
  if (fleet == nullptr) return std::nullopt;
  return fleet_from_json(*fleet);
}

std::set<std::string> runs_of(const store::DocumentKey& key, const std::optional<Fleet>& fleet) {
  std::set<std::string> ids;
  if (!fleet) return ids;
  for (const FleetVariant& variant : fleet->variants) {
    for (const FleetInstance& instance : variant.instances) ids.insert(run_id_of(key, instance));
  }
  return ids;
}

// Runs of `from` that `keep` does not need go to the list of those to stop.
void retire_runs(store::Document& endpoint, const std::set<std::string>& from,
                 const std::set<std::string>& keep) {
  json::value& retired = endpoint.internal[kRetiredRuns];
  if (!retired.is_array()) retired = json::array();
  for (const std::string& id : from) {
    if (!keep.contains(id)) retired.get_array().emplace_back(id);
  }
}

std::optional<milliseconds> sooner(std::optional<milliseconds> a, std::optional<milliseconds> b) {
  if (!a || !b) return a ? a : b;
  return std::min(*a, *b);
}

std::string not_healthy(const std::string& variant, const std::string& detail) {
  std::string reason = "The primary container for production variant " + variant +
                       " did not pass the ping health check. Please check CloudWatch logs for "
                       "this endpoint.";
  if (!detail.empty()) reason += " " + detail;
  return reason;
}

bool serves(const engine::Run& run) {
  return !run.outcome && run.phase() == RunPhase::kServing && !run.serving_socket.empty();
}

milliseconds retry_delay(int attempts) {
  milliseconds delay = kFirstRetry;
  for (int i = 1; i < attempts && delay < kLongestRetry; ++i) delay *= 2;
  return std::min(delay, kLongestRetry);
}

}  // namespace

std::vector<store::DocumentKey> EndpointController::pending() {
  std::vector<store::DocumentKey> keys;
  for (const store::Document& endpoint : documents_.with_status(
           kind(), {"Creating", "Updating", "InService", "Failed", "Deleting"})) {
    keys.push_back(endpoint.key);
  }
  return keys;
}

std::optional<milliseconds> EndpointController::reconcile(const store::DocumentKey& key) {
  std::optional<store::Document> endpoint = documents_.find(key);
  if (!endpoint) {
    publisher_.withdraw(key.account, key.region, key.name);
    return std::nullopt;
  }
  if (endpoint->status == "Deleting") return remove(*endpoint);
  Delay wake = advance_next(*endpoint);
  endpoint = documents_.find(key);
  if (!endpoint) return milliseconds(0);
  wake = sooner(wake, keep_current(*endpoint));
  endpoint = documents_.find(key);
  if (!endpoint) return milliseconds(0);
  return sooner(wake, retire(*endpoint));
}

bool EndpointController::start(const store::Document& endpoint, const FleetVariant& variant,
                               const FleetInstance& instance) {
  const std::optional<engine::AgentAccess> access =
      roles_.open(variant.role, endpoint.key.account, kSessionLifetime);
  const auto way = images_.find(variant.image, ImageUse::kServe, script_of(variant));
  if (!access || !way) return false;
  workloads_.submit(serving_spec(endpoint, variant, instance, *way), *access);
  return true;
}

EndpointController::Progress EndpointController::bring_up(const store::Document& endpoint,
                                                          const Fleet& fleet) {
  using State = Progress::State;
  for (const FleetVariant& variant : fleet.variants) {
    if (!variant.problem.empty()) return {State::kFailed, variant.problem, {}};
    const Images::Script script = script_of(variant);
    if (!images_.find(variant.image, ImageUse::kServe, script)) {
      return {State::kFailed, images_.no_way(variant.image, script), {}};
    }
  }
  Progress progress{State::kReady, {}, {}};
  for (const FleetVariant& variant : fleet.variants) {
    const Timestamp deadline = fleet.since + variant.startup_timeout;
    for (const FleetInstance& instance : variant.instances) {
      const std::string id = run_id_of(endpoint.key, instance);
      std::optional<engine::Run> run = workloads_.find(id);
      if (!run) {
        if (!start(endpoint, variant, instance)) {
          return {State::kFailed, role_refused(variant.role), {}};
        }
        run = workloads_.find(id);
      }
      if (!run) return {State::kWaiting, {}, kFirstRetry};
      if (run->outcome) {
        return {State::kFailed, not_healthy(variant.name, run->outcome->reason), {}};
      }
      if (serves(*run)) continue;
      const Timestamp now = clock_.now();
      if (run->restarts >= kHopelessRestarts || now >= deadline) {
        return {State::kFailed, not_healthy(variant.name, ""), {}};
      }
      progress.state = State::kWaiting;
      progress.wake = sooner(progress.wake, deadline - now);
    }
  }
  return progress;
}

EndpointController::Delay EndpointController::advance_next(const store::Document& endpoint) {
  const std::optional<Fleet> next = fleet_in(endpoint, kNextFleet);
  if (!next) return std::nullopt;
  const Progress progress = bring_up(endpoint, *next);
  switch (progress.state) {
    case Progress::State::kReady:
      promote(endpoint.key);
      return std::nullopt;
    case Progress::State::kFailed:
      drop_next(endpoint.key, progress.reason);
      return std::nullopt;
    case Progress::State::kWaiting:
      break;
  }
  return progress.wake;
}

void EndpointController::promote(const store::DocumentKey& key) {
  documents_.update(key, [&](store::Document& endpoint) {
    const std::optional<Fleet> next = fleet_in(endpoint, kNextFleet);
    if (!next || endpoint.status == "Deleting") return false;
    retire_runs(endpoint, runs_of(key, fleet_in(endpoint, kCurrentFleet)), runs_of(key, next));
    // Taken out first: making the member may move what is beside it.
    json::value promoted = std::move(endpoint.internal.at(kNextFleet));
    endpoint.internal[kCurrentFleet] = std::move(promoted);
    endpoint.internal.erase(kNextFleet);
    if (const json::object* deployment = find_object(endpoint.internal, kNextDeployment)) {
      endpoint.body["LastDeploymentConfig"] = *deployment;
      endpoint.internal.erase(kNextDeployment);
    }
    endpoint.status = "InService";
    endpoint.body["EndpointStatus"] = endpoint.status;
    endpoint.body["EndpointConfigName"] = next->config;
    endpoint.body["ProductionVariants"] = variant_summaries(*next);
    endpoint.body.erase("DataCaptureConfig");
    if (!next->capture.empty()) endpoint.body["DataCaptureConfig"] = capture_summary(*next);
    endpoint.body.erase("FailureReason");
    return true;
  });
}

void EndpointController::drop_next(const store::DocumentKey& key, const std::string& reason) {
  documents_.update(key, [&](store::Document& endpoint) {
    const std::optional<Fleet> next = fleet_in(endpoint, kNextFleet);
    if (!next || endpoint.status == "Deleting") return false;
    const std::optional<Fleet> current = fleet_in(endpoint, kCurrentFleet);
    retire_runs(endpoint, runs_of(key, next), runs_of(key, current));
    endpoint.internal.erase(kNextFleet);
    endpoint.internal.erase(kNextDeployment);
    endpoint.status = current ? "InService" : "Failed";
    endpoint.body["EndpointStatus"] = endpoint.status;
    endpoint.body["FailureReason"] = reason.substr(0, kLongestReason);
    return true;
  });
  spdlog::warn("endpoint {}: {}", key.name, reason);
}

EndpointController::Delay EndpointController::keep_current(const store::Document& endpoint) {
  const std::optional<Fleet> current = fleet_in(endpoint, kCurrentFleet);
  if (!current) {
    publish(endpoint, Fleet());
    return std::nullopt;
  }
  Delay wake;
  std::vector<std::string> lost;
  for (const FleetVariant& variant : current->variants) {
    for (const FleetInstance& instance : variant.instances) {
      const std::optional<engine::Run> run = workloads_.find(run_id_of(endpoint.key, instance));
      if (run && !run->outcome) continue;
      if (run) {
        lost.push_back(instance.id);
        continue;
      }
      const Timestamp now = clock_.now();
      if (now < instance.not_before) {
        wake = sooner(wake, instance.not_before - now);
      } else if (!start(endpoint, variant, instance)) {
        wake = sooner(wake, kLongestRetry);
      }
    }
  }
  publish(endpoint, *current);
  if (lost.empty()) return wake;
  replace_lost(endpoint, lost);
  return milliseconds(0);
}

void EndpointController::replace_lost(const store::Document& endpoint,
                                      const std::vector<std::string>& lost) {
  documents_.update(endpoint.key, [&](store::Document& stored) {
    std::optional<Fleet> current = fleet_in(stored, kCurrentFleet);
    if (!current) return false;
    const std::set<std::string> before = runs_of(stored.key, current);
    for (FleetVariant& variant : current->variants) {
      for (FleetInstance& instance : variant.instances) {
        if (std::ranges::find(lost, instance.id) == lost.end()) continue;
        const bool was_well = clock_.now() - instance.not_before > kWell;
        const int attempts = was_well ? 1 : instance.attempts + 1;
        FleetVariant fresh;
        set_instance_count(fresh, 1);
        instance = fresh.instances.front();
        instance.attempts = attempts;
        instance.not_before = clock_.now() + retry_delay(attempts);
      }
    }
    retire_runs(stored, before, runs_of(stored.key, current));
    stored.internal[kCurrentFleet] = to_json(*current);
    return true;
  });
}

void EndpointController::publish(const store::Document& endpoint, const Fleet& current) {
  engine::EndpointRoute route;
  route.account = endpoint.key.account;
  route.region = endpoint.key.region;
  route.name = endpoint.key.name;
  route.in_service = !current.variants.empty();
  for (const FleetVariant& variant : current.variants) {
    engine::VariantRoute& to = route.variants.emplace_back();
    to.name = variant.name;
    to.weight = variant.weight;
    to.capture = capture_plan(endpoint.key, current, variant);
    for (const FleetInstance& instance : variant.instances) {
      const std::string id = run_id_of(endpoint.key, instance);
      const std::optional<engine::Run> run = workloads_.find(id);
      if (run && serves(*run)) {
        to.instances.push_back(publisher_.instance(id, run->serving_socket));
      }
    }
  }
  publisher_.publish(std::move(route));
}

EndpointController::Delay EndpointController::retire(const store::Document& endpoint) {
  const json::array* retired = find_array(endpoint.internal, kRetiredRuns);
  if (retired == nullptr || retired->empty()) return std::nullopt;
  Delay wake;
  std::set<std::string> done;
  for (const json::value& entry : *retired) {
    const std::string id(entry.as_string());
    const std::optional<engine::Run> run = workloads_.find(id);
    if (!run || run->outcome) {
      if (run) workloads_.forget(id);
      publisher_.forget(id);
      done.insert(id);
    } else if (!run->stop_requested) {
      if (publisher_.drained(id)) {
        workloads_.request_stop(id);
      } else {
        wake = kDrainPoll;
      }
    }
  }
  if (done.empty()) return wake;
  documents_.update(endpoint.key, [&](store::Document& stored) {
    json::value& list = stored.internal[kRetiredRuns];
    if (!list.is_array()) return false;
    json::array left;
    for (const json::value& id : list.get_array()) {
      if (!done.contains(std::string(id.as_string()))) left.push_back(id);
    }
    list = std::move(left);
    return true;
  });
  return wake;
}

EndpointController::Delay EndpointController::remove(const store::Document& endpoint) {
  publisher_.withdraw(endpoint.key.account, endpoint.key.region, endpoint.key.name);
  std::set<std::string> ids = runs_of(endpoint.key, fleet_in(endpoint, kCurrentFleet));
  ids.merge(runs_of(endpoint.key, fleet_in(endpoint, kNextFleet)));
  if (const json::array* retired = find_array(endpoint.internal, kRetiredRuns)) {
    for (const json::value& id : *retired) ids.emplace(id.as_string());
  }
  Delay wake;
  bool left = false;
  for (const std::string& id : ids) {
    const std::optional<engine::Run> run = workloads_.find(id);
    if (!run || run->outcome) continue;
    left = true;
    if (run->stop_requested) continue;
    if (publisher_.drained(id)) {
      workloads_.request_stop(id);
    } else {
      wake = kDrainPoll;
    }
  }
  // Runs that are still ending wake the controller when they have.
  if (left) return wake ? wake : Delay(kFirstRetry);
  for (const std::string& id : ids) {
    if (workloads_.find(id)) workloads_.forget(id);
    publisher_.forget(id);
  }
  if (before_removal_) before_removal_(endpoint.key);
  documents_.remove(endpoint.key);
  return std::nullopt;
}

}  // namespace clary::api::sagemaker
