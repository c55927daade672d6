#include "api/sagemaker/tuning_controller.h"

#include "api/sagemaker/job_status.h"
#include "api/sagemaker/resources.h"
#include "api/sagemaker/training_jobs.h"
#include "base/log.h"

namespace clary::api::sagemaker {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kCurvePoll{250};  // of the values that running jobs give
constexpr milliseconds kNoRoomPoll{5000};
// Beyond so many ended training jobs, importance is computed at every tenth only: it takes longer
// the more there are, and moves less.
constexpr std::size_t kEachImportance = 100, kImportanceStep = 10;
constexpr std::size_t kHopeless = 5;  // training jobs without one success, as AWS gives up

store::DocumentKey training_key(const store::DocumentKey& tuning, const std::string& name) {
  return {"training-job", tuning.account, tuning.region, name};
}

std::uint64_t seed_of(const store::Document& job) {
  return static_cast<std::uint64_t>(find_int(job.internal, kTuningSeed).value_or(0));
}

std::int64_t most_jobs(const json::object& body) {
  const TuningLimits limits = tuning_limits(body);
  return limits.jobs > 0 ? limits.jobs : most_training_jobs(tuning_strategy(body));
}

std::optional<Timestamp> deadline_of(const store::Document& job) {
  const auto runtime = tuning_limits(job.body).runtime;
  return runtime ? std::optional(job.created + *runtime) : std::nullopt;
}

// What there is to say when no training job gave a value; "" when one did or may yet.
std::string hopeless_reason(const std::vector<Trial>& trials, bool all_made) {
  std::size_t ended = 0, failed = 0;
  for (const Trial& trial : trials) {
    if (trial.counts()) return "";
    ended += trial.final() ? 1 : 0;
    failed += trial.status == "Failed" ? 1 : 0;
  }
  const bool enough = ended >= kHopeless || (all_made && ended == trials.size() && ended > 0);
  if (!enough) return "";
  if (failed == ended) {
    return "No training job succeeded after " + std::to_string(ended) +
           " attempts. For additional details, please take a look at the training job failures by "
           "listing training jobs for the hyperparameter tuning job.";
  }
  return "ClientError: No objective metrics found after running " + std::to_string(ended) +
         " training jobs. Please ensure that the custom algorithm is emitting the objective metric "
         "as defined by the regular expression provided.";
}

}  // namespace

// A tuning job's training jobs as they were when last looked at.
struct TuningController::Known {
  std::string id;
  std::vector<Trial> trials;  // by index
  std::vector<PriorTrial> priors;
  std::optional<json::object> best_of_parents;  // as OverallBestTrainingJob
  std::optional<double> best_value;
  std::map<std::string, Curve> curves;
  SearchProgress progress;
  std::size_t looked_at = 0;  // ended training jobs that `progress` is about
  std::size_t published = 0;  // and those that the importance told last is about

  std::size_t ended() const { return trials.size() - running(); }
  std::size_t running() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(trials, [](const Trial& trial) { return !trial.final(); }));
  }
};

TuningController::~TuningController() = default;

std::vector<store::DocumentKey> TuningController::pending() {
  std::vector<store::DocumentKey> keys;
  for (const store::Document& job :
       parts_.documents.with_status(kTuningKind, {"InProgress", "Stopping"})) {
    keys.push_back(job.key);
  }
  return keys;
}

std::shared_ptr<TuningController::Known> TuningController::known(const store::Document& job) {
  const std::string id = string_or(job.internal, kTuningId);
  {
    const std::lock_guard lock(mutex_);
    const auto found = known_.find(job.key);
    if (found != known_.end() && found->second->id == id) return found->second;
  }
  auto fresh = std::make_shared<Known>();
  fresh->id = id;
  fresh->trials = load_trials(parts_.documents, job.key, id);
  load_parents(job, *fresh);
  const std::lock_guard lock(mutex_);
  known_[job.key] = fresh;
  return fresh;
}

void TuningController::forget(const store::DocumentKey& key) {
  const std::lock_guard lock(mutex_);
  known_.erase(key);
}

void TuningController::refresh(const store::DocumentKey& key, Known& known) {
  for (Trial& trial : known.trials) {
    if (trial.final()) continue;
    const auto job = parts_.documents.find_shared(training_key(key, trial.name));
    auto now = job == nullptr ? std::nullopt : trial_of(*job);
    if (now) {
      trial = std::move(*now);
    } else {
      trial.status = "Failed";
      trial.failure = "The training job is not there any more.";
    }
  }
}

void TuningController::load_parents(const store::Document& job, Known& known) {
  const json::array* parents = find_array(job.internal, kTuningParents);
  if (parents == nullptr) return;
  const json::value* type = at_path(job.body, "WarmStartConfig.WarmStartType");
  const bool identical = type != nullptr && *type == "IdenticalDataAndAlgorithm";
  for (std::size_t i = 0; i < parents->size(); ++i) {
    const json::object& parent = (*parents)[i].as_object();
    const auto trials = load_trials(parts_.documents, job.key, string_or(parent, "id"));
    for (const Trial& trial : trials) {
      const auto document = parts_.documents.find_shared(training_key(job.key, trial.name));
      const json::object* given =
          document == nullptr ? nullptr : find_object(document->body, "HyperParameters");
      if (given == nullptr || !trial.final()) continue;
      PriorTrial prior{.parent = i, .hyperparameters = {}, .trial = trial};
      for (const auto& [name, value] : *given) prior.hyperparameters[name] = value.as_string();
      known.priors.push_back(std::move(prior));
    }
    const Trial* best = best_trial(trials);
    const bool better =
        best != nullptr &&
        (!known.best_value || (best->target.maximize ? *best->objective > *known.best_value
                                                     : *best->objective < *known.best_value));
    if (!identical || !better) continue;
    known.best_value = best->objective;
    known.best_of_parents = trial_summary(*best, false);
    (*known.best_of_parents)["TuningJobName"] = string_or(parent, "name");
  }
}

// Those of ended jobs do not change: they are read once more after the end, and kept.
void TuningController::read_curves(const store::Document& job, Known& known) {
  if (!follows_curves(job.body)) return;
  for (const Trial& trial : known.trials) {
    const std::string done = trial.name + "/ended";
    if (known.curves.contains(done)) continue;
    known.curves[trial.name] =
        parts_.values(training_key(job.key, trial.name), trial.target.metric);
    if (trial.final()) known.curves[done];
  }
}

void TuningController::stop_one(const store::DocumentKey& key, const Trial& trial) {
  const store::DocumentKey job = training_key(key, trial.name);
  if (stop_training_job(parts_.documents, job, parts_.clock.now()).empty()) parts_.wake(job);
}

void TuningController::stop_all(const store::DocumentKey& key, Known& known) {
  for (const Trial& trial : known.trials) {
    if (!trial.final() && trial.status != "Stopping") stop_one(key, trial);
  }
}

void TuningController::set_ending(store::Document& job, std::string_view status,
                                  const std::string& reason) {
  const json::object ending = {{"status", status}, {"reason", reason}};
  job.internal[kTuningEnding] = ending;
  parts_.documents.update(job.key, [&](store::Document& stored) {
    if (stored.internal.contains(kTuningEnding)) return false;
    stored.internal[kTuningEnding] = ending;
    return true;
  });
}

// Once for each training job that ends.
void TuningController::look_at_progress(const store::Document& job, Known& known) {
  const std::size_t ended = known.ended();
  if (known.looked_at == ended) return;
  known.progress = search_progress(job.body, seed_of(job), known.trials, known.priors);
  known.looked_at = ended;
}

// Whether the job goes towards its end from now on: what it was to reach is reached, or cannot be.
bool TuningController::decide_end(store::Document& job, Known& known) {
  if (job.internal.contains(kTuningEnding)) return true;
  look_at_progress(job, known);
  const bool all_made = static_cast<std::int64_t>(known.trials.size()) >= most_jobs(job.body);
  const std::string hopeless = hopeless_reason(known.trials, all_made);
  const auto deadline = deadline_of(job);
  if (!hopeless.empty()) {
    set_ending(job, "Failed", hopeless);
  } else if (deadline && parts_.clock.now() >= *deadline) {
    set_ending(job, "Completed", "");
  } else if (all_made && known.running() == 0) {
    set_ending(job, "Completed", "");
  } else {
    const SearchProgress& progress = known.progress;
    const json::value* most = at_path(tuning_config(job.body),
                                      "TuningJobCompletionCriteria.BestObjectiveNotImproving."
                                      "MaxNumberOfTrainingJobsNotImproving");
    const bool stuck = most != nullptr && progress.not_improving >= most->to_number<std::int64_t>();
    if (!progress.target_reached && !stuck && !progress.converged) return false;
    set_ending(job, "Completed", "");
  }
  return true;
}

void TuningController::show(const store::Document& job, Known& known) {
  const Timestamp now = parts_.clock.now();
  parts_.documents.update(job.key, [&](store::Document& stored) {
    json::object body = stored.body;
    put_trials(known.trials, body);
    json::object details;
    if (const json::object* before = find_object(body, "TuningJobCompletionDetails")) {
      details = *before;
    }
    details["NumberOfTrainingJobsObjectiveNotImproving"] = known.progress.not_improving;
    if (known.progress.converged) details.emplace("ConvergenceDetectedTime", epoch_seconds(now));
    body["TuningJobCompletionDetails"] = std::move(details);
    const json::object* best = find_object(body, "BestTrainingJob");
    if (known.best_of_parents) {
      const auto own = best_trial(known.trials);
      const bool better =
          own != nullptr && (own->target.maximize ? *own->objective > *known.best_value
                                                  : *own->objective < *known.best_value);
      json::object overall = better ? *best : *known.best_of_parents;
      overall.emplace("TuningJobName", job.key.name);
      body["OverallBestTrainingJob"] = std::move(overall);
    }
    if (body == stored.body) return false;
    stored.body = std::move(body);
    return true;
  });
}

void TuningController::publish_importance(const store::Document& job, Known& known, bool last) {
  const std::size_t ended = known.ended();
  const std::size_t step = ended > kEachImportance && !last ? kImportanceStep : 1;
  if (ended < known.published + step) return;
  known.published = ended;
  const auto shares = hyperparameter_importance(job.body, seed_of(job), known.trials);
  if (!shares.empty()) parts_.publish(job.key, shares);
}

void TuningController::finish(const store::Document& job, Known& known, std::string_view status,
                              const std::string& reason) {
  const Timestamp now = parts_.clock.now();
  look_at_progress(job, known);
  show(job, known);
  publish_importance(job, known, true);  // before anybody sees that this is the end
  parts_.documents.update(job.key, [&](store::Document& stored) {
    if (is_final_job_status(stored.status)) return false;
    stored.status = status;
    stored.body[kTuningStatus] = stored.status;
    stored.body["HyperParameterTuningEndTime"] = epoch_seconds(now);
    const auto seconds =
        std::chrono::duration_cast<std::chrono::seconds>(now - stored.created).count();
    stored.body["ConsumedResources"] = {{"RuntimeInSeconds", seconds}};
    if (!reason.empty()) stored.body["FailureReason"] = reason.substr(0, 1024);
    return true;
  });
  forget(job.key);
}

// The definition with the fewest jobs is next: they share the tuning job's equally.
TuningController::Launch TuningController::launch_next(const store::Document& job, Known& known,
                                                       std::string& refused) {
  std::vector<TuningDefinition> definitions = tuning_definitions(job.body);
  std::map<std::string, std::ptrdiff_t> jobs;
  for (const Trial& trial : known.trials) ++jobs[trial.definition];
  std::ranges::sort(definitions, {}, [&](const TuningDefinition& definition) {
    return std::pair(jobs[definition.name], definition.body);  // of equals the first in the request
  });
  for (const TuningDefinition& definition : definitions) {
    const auto chosen = suggest_hyperparameters({.body = job.body,
                                                 .definition = definition,
                                                 .seed = seed_of(job),
                                                 .trials = known.trials,
                                                 .priors = known.priors,
                                                 .curves = known.curves});
    if (chosen) return launch(job, known, definition, *chosen, refused);
  }
  return Launch::kExhausted;
}

TuningController::Launch TuningController::launch(const store::Document& job, Known& known,
                                                  const TuningDefinition& definition,
                                                  const std::map<std::string, std::string>& chosen,
                                                  std::string& refused) {
  const std::int64_t index = known.trials.empty() ? 1 : known.trials.back().index + 1;
  const std::string name = trial_name(job, index);
  json::array tags;
  for (const auto& [key, value] : parts_.documents.tags(job.arn)) {
    tags.push_back({{"Key", key}, {"Value", value}});
  }
  const identity::Principal caller = caller_from(job.internal.at(kTuningCaller).as_object());
  for (const json::object& resources : tuning_resources(*definition.body)) {
    json::object request = training_request(definition, resources, name, chosen);
    if (!tags.empty()) request["Tags"] = tags;
    try {
      parts_.create(job.key, caller, request, [&](store::Document& training_job) {
        training_job.parent = known.id;
        training_job.body["TuningJobArn"] = job.arn;
        training_job.internal[kTuningTrial] =
            trial_internal(job.key.name, index, definition, chosen);
      });
    } catch (const wire::ApiError& error) {
      // A quota is no error of the job's: other instances may be free, or these later.
      if (error.code() == "ResourceLimitExceeded") continue;
      refused = "ClientError: " + std::string(error.what());
      return Launch::kRefused;
    }
    const auto made = parts_.documents.find_shared(training_key(job.key, name));
    if (auto trial = made == nullptr ? std::nullopt : trial_of(*made)) {
      known.trials.push_back(std::move(*trial));
    }
    return Launch::kMade;
  }
  return Launch::kNoRoom;
}

std::optional<milliseconds> TuningController::go_on(store::Document& job, Known& known) {
  read_curves(job, known);
  if (follows_curves(job.body)) {
    for (const TuningDefinition& definition : tuning_definitions(job.body)) {
      const auto stops = jobs_to_stop({.body = job.body,
                                       .definition = definition,
                                       .seed = 0,
                                       .trials = known.trials,
                                       .priors = known.priors,
                                       .curves = known.curves});
      for (const Trial& trial : known.trials) {
        if (std::ranges::find(stops, trial.name) != stops.end()) stop_one(job.key, trial);
      }
    }
  }
  std::optional<milliseconds> again;
  const auto sooner = [&](milliseconds delay) { again = again ? std::min(*again, delay) : delay; };
  const bool wanted = static_cast<std::int64_t>(known.trials.size()) < most_jobs(job.body);
  if (wanted && static_cast<std::int64_t>(known.running()) < tuning_limits(job.body).parallel) {
    std::string refused;
    switch (launch_next(job, known, refused)) {
      case Launch::kMade:
        sooner(milliseconds(0));  // perhaps another one
        break;
      case Launch::kNoRoom:
        sooner(kNoRoomPoll);
        break;
      case Launch::kRefused:
        spdlog::warn("tuning job {}: no more training jobs: {}", job.key.name, refused);
        set_ending(job, "Failed", refused);
        return milliseconds(0);
      case Launch::kExhausted:
        if (known.running() > 0) break;
        set_ending(job, "Completed", "");
        return milliseconds(0);
    }
  }
  show(job, known);
  // Not before all that can run does.
  if (again != milliseconds(0)) publish_importance(job, known, false);
  if (follows_curves(job.body) && known.running() > 0) sooner(kCurvePoll);
  if (const auto deadline = deadline_of(job)) {
    sooner(
        std::max(milliseconds(0), std::chrono::ceil<milliseconds>(*deadline - parts_.clock.now())));
  }
  return again;
}

std::optional<milliseconds> TuningController::reconcile(const store::DocumentKey& key) {
  std::optional<store::Document> job = parts_.documents.find(key);
  if (!job || is_final_job_status(job->status)) {
    forget(key);
    return std::nullopt;
  }
  const std::shared_ptr<Known> known = this->known(*job);
  refresh(key, *known);
  const bool stopping = job->status == "Stopping";
  if (!stopping && !decide_end(*job, *known)) return go_on(*job, *known);
  if (known->running() > 0) {
    stop_all(key, *known);
    show(*job, *known);
    return std::nullopt;  // until a training job ends
  }
  if (stopping) {
    finish(*job, *known, "Stopped", "");
  } else {
    const json::object& ending = job->internal.at(kTuningEnding).as_object();
    finish(*job, *known, string_or(ending, "status"), string_or(ending, "reason"));
  }
  return std::nullopt;
}

}  // namespace clary::api::sagemaker
