#include "engine/run_state.h"

#include <array>
#include <stdexcept>
#include <utility>

namespace clary::engine {
namespace {

constexpr std::array<std::pair<RunPhase, std::string_view>, 7> kPhases{
    {{RunPhase::kQueued, "queued"},
     {RunPhase::kStarting, "starting"},
     {RunPhase::kDownloading, "downloading"},
     {RunPhase::kRunning, "running"},
     {RunPhase::kServing, "serving"},
     {RunPhase::kUploading, "uploading"},
     {RunPhase::kEnded, "ended"}}};
constexpr std::array<std::pair<RunOutcome::Kind, std::string_view>, 6> kOutcomes{
    {{RunOutcome::Kind::kSucceeded, "succeeded"},
     {RunOutcome::Kind::kFailed, "failed"},
     {RunOutcome::Kind::kStopped, "stopped"},
     {RunOutcome::Kind::kTimedOut, "timed-out"},
     {RunOutcome::Kind::kAgentLost, "agent-lost"},
     {RunOutcome::Kind::kInterrupted, "interrupted"}}};

[[noreturn]] void bad(std::string_view member) {
  throw std::invalid_argument("report: bad \"" + std::string(member) + "\"");
}

template <class Table, class Value>
std::string_view name_of(const Table& table, Value value) {
  for (const auto& [candidate, name] : table) {
    if (candidate == value) return name;
  }
  return {};
}

template <class Table>
auto value_of(const Table& table, const json::object& object, std::string_view member) {
  const auto text = find_string(object, member);
  for (const auto& [value, name] : table) {
    if (text && *text == name) return value;
  }
  bad(member);
}

Timestamp time_of(const json::object& object, std::string_view member) {
  const auto milliseconds = find_int(object, member);
  if (!milliseconds) bad(member);
  return Timestamp(std::chrono::milliseconds(*milliseconds));
}

std::int64_t to_milliseconds(Timestamp time) {
  return time.time_since_epoch().count();
}

json::object to_json(const PhaseChange& change) {
  return {{"phase", name_of(kPhases, change.phase)},
          {"time", to_milliseconds(change.time)},
          {"message", change.message}};
}

PhaseChange phase_from_json(const json::object& object) {
  return {value_of(kPhases, object, "phase"), time_of(object, "time"),
          string_or(object, "message")};
}

json::object to_json(const RunOutcome& outcome) {
  return {{"kind", name_of(kOutcomes, outcome.kind)},
          {"exit_code", outcome.exit_code},
          {"reason", outcome.reason},
          {"message", outcome.message}};
}

RunOutcome outcome_from_json(const json::object& object) {
  return {value_of(kOutcomes, object, "kind"),
          static_cast<int>(find_int(object, "exit_code").value_or(0)), string_or(object, "reason"),
          string_or(object, "message")};
}

json::object to_json(const FinalMetric& metric) {
  return {{"name", metric.name}, {"value", metric.value}, {"time", to_milliseconds(metric.time)}};
}

FinalMetric metric_from_json(const json::object& object) {
  const auto value = find_double(object, "value");
  if (!value) bad("value");
  return {string_or(object, "name"), *value, time_of(object, "time"), string_or(object, "unit"),
          find_bool(object, "resource").value_or(false)};
}

template <class Use>
void for_each(const json::object& object, std::string_view member, Use use) {
  const json::array* array = find_array(object, member);
  if (array == nullptr) return;
  for (const json::value& value : *array) {
    if (!value.is_object()) bad(member);
    use(value.get_object());
  }
}

void keep_last(std::vector<FinalMetric>& metrics, const FinalMetric& metric) {
  for (FinalMetric& known : metrics) {
    if (known.name == metric.name) {
      known = metric;
      return;
    }
  }
  metrics.push_back(metric);
}

void apply_lifecycle(const json::object& report, Run& run, ReportContent& content) {
  if (const json::object* phase = find_object(report, "phase")) {
    run.phases.push_back(phase_from_json(*phase));
    content.visible_change = true;
  }
  if (find_bool(report, "staged").value_or(false)) run.staged = true;
  const auto progress = find_string(report, "progress");
  if (progress && !run.phases.empty()) {
    run.phases.back().message = *progress;
    content.visible_change = true;
  }
  if (const auto address = find_string(report, "address")) run.address = *address;
  if (report.contains("workload_started"))
    run.workload_started = time_of(report, "workload_started");
  if (report.contains("workload_ended")) run.workload_ended = time_of(report, "workload_ended");
  if (const auto socket = find_string(report, "serving_socket")) {
    run.serving_socket = *socket;
    content.visible_change = true;
  }
  if (const auto restarts = find_int(report, "restarts")) {
    run.restarts = static_cast<int>(*restarts);
    content.visible_change = true;
  }
  if (const json::object* outcome = find_object(report, "outcome")) {
    run.outcome = outcome_from_json(*outcome);
    // What asked it to stop is known here, not to the agent.
    if (run.outcome->kind == RunOutcome::Kind::kStopped && run.preempted && !run.stop_requested) {
      run.outcome->kind = RunOutcome::Kind::kInterrupted;
    }
    content.visible_change = true;
  }
}

}  // namespace

json::object state_to_json(const Run& run) {
  json::array phases, metrics;
  for (const PhaseChange& change : run.phases) phases.emplace_back(to_json(change));
  for (const FinalMetric& metric : run.metrics) metrics.emplace_back(to_json(metric));
  json::object state{{"handle", run.handle},
                     {"phases", std::move(phases)},
                     {"metrics", std::move(metrics)},
                     {"stop_requested", run.stop_requested},
                     {"stop_passed_on", run.stop_passed_on},
                     {"preempted", run.preempted},
                     {"address", run.address},
                     {"staged", run.staged},
                     {"serving_socket", run.serving_socket},
                     {"restarts", run.restarts}};
  if (run.outcome) state["outcome"] = to_json(*run.outcome);
  if (run.workload_started) state["workload_started"] = to_milliseconds(*run.workload_started);
  if (run.workload_ended) state["workload_ended"] = to_milliseconds(*run.workload_ended);
  return state;
}

void state_from_json(const json::object& state, Run& run) {
  run.handle = string_or(state, "handle");
  for_each(state, "phases",
           [&](const json::object& phase) { run.phases.push_back(phase_from_json(phase)); });
  for_each(state, "metrics",
           [&](const json::object& metric) { run.metrics.push_back(metric_from_json(metric)); });
  run.stop_requested = find_bool(state, "stop_requested").value_or(false);
  run.stop_passed_on = find_bool(state, "stop_passed_on").value_or(false);
  run.preempted = find_bool(state, "preempted").value_or(false);
  ReportContent ignored;
  apply_lifecycle(state, run, ignored);
}

json::object access_to_json(const AgentAccess& access) {
  return {{"server_url", access.server_url},
          {"report_token", access.report_token},
          {"access_key_id", access.access_key_id},
          {"secret_access_key", access.secret_access_key},
          {"session_token", access.session_token}};
}

AgentAccess access_from_json(const json::object& object) {
  return {string_or(object, "server_url"), string_or(object, "report_token"),
          string_or(object, "access_key_id"), string_or(object, "secret_access_key"),
          string_or(object, "session_token")};
}

ReportContent apply_to_run(const json::object& report, Run& run) {
  ReportContent content;
  apply_lifecycle(report, run, content);
  for_each(report, "logs", [&](const json::object& line) {
    content.logs.push_back({time_of(line, "t"), string_or(line, "m")});
  });
  for_each(report, "metrics", [&](const json::object& metric) {
    content.metrics.push_back(metric_from_json(metric));
    if (!content.metrics.back().resource) keep_last(run.metrics, content.metrics.back());
  });
  return content;
}

}  // namespace clary::engine
