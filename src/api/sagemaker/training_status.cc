// A training job's document brought up to its run: the secondary statuses and their sentences are
// those of DescribeTrainingJob's reference and of its answers.
#include <algorithm>
#include <cmath>

#include "api/sagemaker/resources.h"
#include "api/sagemaker/training_document.h"

namespace clary::api::sagemaker {
namespace {

using engine::RunOutcome;
using engine::RunPhase;

class Transitions {
 public:
  // Goes on after those of earlier runs.
  explicit Transitions(const json::object& internal) {
    if (const json::array* earlier = find_array(internal, kEarlierTransitions)) list_ = *earlier;
  }
  void enter(std::string_view status, Timestamp time, std::string_view message) {
    if (!list_.empty()) {
      json::object& last = list_.back().as_object();
      if (last.at("Status").as_string() == status) {
        last["StatusMessage"] = message;
        return;
      }
      last["EndTime"] = epoch_seconds(time);
    }
    list_.push_back(
        {{"Status", status}, {"StartTime", epoch_seconds(time)}, {"StatusMessage", message}});
  }
  void close(Timestamp time) { list_.back().as_object()["EndTime"] = epoch_seconds(time); }
  std::string last_status() const {
    return std::string(list_.back().as_object().at("Status").as_string());
  }
  bool entered(std::string_view status) const {
    return std::ranges::any_of(list_, [&](const json::value& v) {
      return v.as_object().at("Status").as_string() == status;
    });
  }
  json::array take() { return std::move(list_); }

 private:
  json::array list_;
};

struct Words {
  std::string_view secondary, message;
};

Words words_of(RunPhase phase) {
  switch (phase) {
    case RunPhase::kQueued:
      return {"Starting", "Starting the training job"};
    case RunPhase::kStarting:
      return {"Starting", "Preparing the instances for training"};
    case RunPhase::kDownloading:
      return {"Downloading", "Downloading input data"};
    case RunPhase::kRunning:
    case RunPhase::kServing:
      return {"Training", "Training image download completed. Training in progress."};
    case RunPhase::kUploading:
      return {"Uploading", "Uploading generated training model"};
    case RunPhase::kEnded:
      break;
  }
  return {"Starting", "Starting the training job"};
}

struct Ending {
  std::string_view status, secondary, message;
};

Ending ending_of(RunOutcome::Kind kind) {
  switch (kind) {
    case RunOutcome::Kind::kSucceeded:
      return {"Completed", "Completed", "Training job completed"};
    case RunOutcome::Kind::kStopped:
    case RunOutcome::Kind::kInterrupted:  // while it was being stopped: else it goes on
      return {"Stopped", "Stopped", "Training job stopped"};
    case RunOutcome::Kind::kTimedOut:
      return {"Stopped", "MaxRuntimeExceeded",
              "Training job runtime exceeded MaxRuntimeInSeconds provided"};
    case RunOutcome::Kind::kFailed:
    case RunOutcome::Kind::kAgentLost:
      break;
  }
  return {"Failed", "Failed", "Training job failed"};
}

void put_stopping(Transitions& transitions, std::optional<Timestamp> stop, Timestamp until) {
  if (stop && *stop <= until && !transitions.entered("Stopping")) {
    transitions.enter("Stopping", *stop, "Stopping the training job");
  }
}

// The moment the run ended; nullopt while it has not.
std::optional<Timestamp> put_phases(const engine::Run& run, std::optional<Timestamp> stop,
                                    Transitions& transitions) {
  for (const engine::PhaseChange& change : run.phases) {
    put_stopping(transitions, stop, change.time);
    if (change.phase == RunPhase::kEnded) return change.time;
    const Words words = words_of(change.phase);
    std::string message(words.message);
    if (!change.message.empty()) message += ": " + change.message;
    transitions.enter(words.secondary, change.time, message);
  }
  return std::nullopt;
}

// On its instances, in seconds.
double seconds_of(const engine::Run& run, Timestamp ended) {
  const std::optional<Timestamp> started = start_of(run);
  return started ? epoch_seconds(ended) - epoch_seconds(*started) : 0;
}

void put_times(const engine::Run& run, std::optional<Timestamp> ended, const json::object& internal,
               json::object& body) {
  const std::optional<Timestamp> started = start_of(run);
  // Of the first run, when there are several.
  if (started) body.emplace("TrainingStartTime", epoch_seconds(*started));
  if (!ended) return;
  body["TrainingEndTime"] = epoch_seconds(*ended);
  const double earlier = find_double(internal, kEarlierSeconds).value_or(0);
  if (!started && earlier == 0) return;
  const double seconds = earlier + seconds_of(run, *ended);
  const auto whole = std::max<std::int64_t>(1, static_cast<std::int64_t>(std::ceil(seconds)));
  body["TrainingTimeInSeconds"] = whole;
  // Spot capacity costs nothing less where nothing is billed.
  body["BillableTimeInSeconds"] = whole;
}

// Of a job's metrics the newest values; those that an earlier run of it gave alone stay.
void put_metrics(const engine::Run& run, json::object& body) {
  if (run.metrics.empty()) return;
  json::array list;
  for (const engine::FinalMetric& metric : run.metrics) {
    list.push_back({{"MetricName", metric.name},
                    {"Value", metric.value},
                    {"Timestamp", epoch_seconds(metric.time)}});
  }
  if (const json::array* earlier = find_array(body, "FinalMetricDataList")) {
    for (const json::value& entry : *earlier) {
      const std::string name = string_or(entry.as_object(), "MetricName");
      const bool again =
          std::ranges::find(run.metrics, name, &engine::FinalMetric::name) != run.metrics.end();
      if (!again) list.push_back(entry);
    }
  }
  body["FinalMetricDataList"] = std::move(list);
}

}  // namespace

bool apply_run(const engine::Run& run, Model model, store::Document& job) {
  if (is_final_job_status(job.status)) return false;
  json::object body = job.body;
  std::string status = job.status;
  std::optional<Timestamp> stop;
  if (auto seconds = find_double(job.internal, kStopTime)) stop = from_epoch_seconds(*seconds);

  Transitions transitions(job.internal);
  if (run.phases.empty()) return false;
  const std::optional<Timestamp> ended = put_phases(run, stop, transitions);
  put_times(run, ended, job.internal, body);
  if (ended && run.outcome) {
    Ending ending = ending_of(run.outcome->kind);
    if (ending.secondary == "Stopped" && job.internal.contains(kWaitExceeded)) {
      ending = {"Stopped", "MaxWaitTimeExceeded",
                "Training job exceeded the MaxWaitTimeInSeconds provided"};
    }
    put_stopping(transitions, stop, *ended);
    transitions.enter(ending.secondary, *ended, ending.message);
    transitions.close(*ended);
    status = ending.status;
    if (status == "Failed") body["FailureReason"] = failure_reason_of(*run.outcome, "training job");
    if (status == "Failed" || model == Model::kNone) body.erase("ModelArtifacts");
  } else if (stop) {
    put_stopping(transitions, stop, *stop);
  }
  put_metrics(run, body);
  body["SecondaryStatus"] = transitions.last_status();
  body["SecondaryStatusTransitions"] = transitions.take();
  body["TrainingJobStatus"] = status;
  if (body == job.body) return false;
  job.body = std::move(body);
  job.status = std::move(status);
  return true;
}

bool may_retry(const engine::Run& run, const store::Document& job) {
  if (!run.outcome || run.outcome->kind != RunOutcome::Kind::kAgentLost) return false;
  if (job.status != "InProgress") return false;
  const json::value* most = at_path(job.body, "RetryStrategy.MaximumRetryAttempts");
  const std::int64_t done = find_int(job.internal, kRetries).value_or(0);
  return most != nullptr && done < most->to_number<std::int64_t>();
}

bool goes_on(const engine::Run& run, const store::Document& job) {
  return run.outcome && run.outcome->kind == RunOutcome::Kind::kInterrupted &&
         job.status == "InProgress" && !job.internal.contains(kWaitExceeded);
}

void continue_training_job(const engine::Run& run, store::Document& job) {
  Transitions transitions(job.internal);
  const Timestamp ended =
      put_phases(run, std::nullopt, transitions).value_or(run.phases.back().time);
  transitions.enter("Interrupted", ended,
                    "Training job interrupted: its place was needed; it goes on from its "
                    "checkpoints when there is room again");
  json::array list = transitions.take();
  job.internal[kEarlierTransitions] = list;
  job.internal[kEarlierSeconds] =
      find_double(job.internal, kEarlierSeconds).value_or(0) + seconds_of(run, ended);
  job.internal[kRunId] = new_run_id(job.key);
  if (const auto started = start_of(run)) {
    job.body.emplace("TrainingStartTime", epoch_seconds(*started));
  }
  put_metrics(run, job.body);  // nobody is told of a metric alone: these may be new here
  job.body["SecondaryStatus"] = "Interrupted";
  job.body["SecondaryStatusTransitions"] = std::move(list);
}

std::optional<Timestamp> wait_deadline(const store::Document& job) {
  if (!find_bool(job.body, "EnableManagedSpotTraining").value_or(false)) return std::nullopt;
  const json::value* wait = at_path(job.body, "StoppingCondition.MaxWaitTimeInSeconds");
  if (wait == nullptr) return std::nullopt;
  return job.created + std::chrono::seconds(wait->to_number<std::int64_t>());
}

void retry_training_job(const engine::Run& run, store::Document& job) {
  put_metrics(run, job.body);
  job.internal[kRetries] = find_int(job.internal, kRetries).value_or(0) + 1;
  job.internal[kEarlierTransitions] = job.body.at("SecondaryStatusTransitions");
  job.internal[kRunId] = new_run_id(job.key);
  job.body["SecondaryStatus"] = "Starting";
}

void fail_training_job(store::Document& job, const std::string& reason, Timestamp now) {
  job.status = "Failed";
  job.body["TrainingJobStatus"] = job.status;
  job.body["SecondaryStatus"] = job.status;
  job.body["FailureReason"] = reason;
  job.body.erase("ModelArtifacts");
  job.body["TrainingEndTime"] = epoch_seconds(now);
  json::value& transitions = job.body["SecondaryStatusTransitions"];
  if (!transitions.is_array()) transitions = json::array();
  if (!transitions.get_array().empty()) {
    transitions.get_array().back().as_object()["EndTime"] = epoch_seconds(now);
  }
  transitions.get_array().push_back({{"Status", "Failed"},
                                     {"StartTime", epoch_seconds(now)},
                                     {"EndTime", epoch_seconds(now)},
                                     {"StatusMessage", "Training job failed"}});
}

}  // namespace clary::api::sagemaker
