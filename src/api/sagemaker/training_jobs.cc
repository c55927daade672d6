#include "api/sagemaker/training_jobs.h"

#include "api/sagemaker/algorithms.h"
#include "api/sagemaker/images.h"
#include "api/sagemaker/job_components.h"
#include "api/sagemaker/job_scheduling.h"
#include "api/sagemaker/training_instances.h"
#include "api/sagemaker/tuning_trials.h"
#include "api/sagemaker/warm_pools.h"

namespace clary::api::sagemaker {
namespace {

// SessionChainingConfig: the tags of the caller's own session, which the job's role gets too.
json::object chained_tags(const json::object& input, const Call& call, RoleSessions& roles) {
  const json::value* chain = at_path(input, "SessionChainingConfig.EnableSessionTagChaining");
  if (chain == nullptr || !chain->as_bool()) return {};
  const std::string role = string_or(input, "RoleArn");
  if (!roles.usable(role, call.account, call.principal.session_tags)) {
    fail_validation("Could not assume role " + role +
                    " with session tags. Please ensure that its trust policy also allows principal "
                    "'sagemaker.amazonaws.com' the action sts:TagSession.");
  }
  json::object tags;
  for (const auto& [key, value] : call.principal.session_tags) tags[key] = value;
  return tags;
}

SessionTags session_tags_of(const json::object& internal) {
  SessionTags tags;
  if (const json::object* stored = find_object(internal, kSessionTags)) {
    for (const auto& [key, value] : *stored) tags.emplace(key, value.as_string());
  }
  return tags;
}

}  // namespace

json::object TrainingJobs::create(const json::object& given, Call& call,
                                  const Resources::Edit& finish) {
  const Kind& kind = kind_named("training-job");
  // The name first: a client that repeats a request learns that the job is there, whatever became
  // of its input meanwhile.
  const store::DocumentKey key = Resources::key_of(kind, string_or(given, "TrainingJobName"), call);
  const std::string arn = arn_of(kind, key.name, call.account, call.region);
  if (resources_.documents().find_by_arn(arn)) fail(kind.exists, key.name, arn);
  const json::object input = with_algorithm(given, resources_, call);
  const JobKeys keys = job_keys(input, kTrainingKeys, call, keys_, volumes_);
  check_training_request(input, call, roles_, s3_);
  const json::object tags = chained_tags(input, call, roles_);
  check_experiment_config(input, resources_, call);
  json::object output = resources_.create(kind, input, call, [&](store::Document& job) {
    complete_training_document(job, call.now);
    keep_job_keys(keys, job);
    keep_scheduling(input, call, job);
    if (!tags.empty()) job.internal[kSessionTags] = tags;
    if (finish) finish(job);
  });
  wake_(key);
  return output;
}

json::object TrainingJobs::describe(const json::object& input, Call& call) {
  json::object output = resources_.describe(kind_named("training-job"), input, call);
  json::object& algorithm = output.at("AlgorithmSpecification").as_object();
  const NativeAlgorithm* native = script_of(output) == Images::Script::kNone
                                      ? native_algorithm(string_or(algorithm, "TrainingImage"))
                                      : nullptr;
  if (native != nullptr && !algorithm.contains("MetricDefinitions")) {
    algorithm["MetricDefinitions"] = native->metric_definitions;
  }
  hide_algorithm_image(algorithm);
  return output;
}

std::string stop_training_job(store::Documents& documents, const store::DocumentKey& key,
                              Timestamp now) {
  std::string ended;
  documents.update(key, [&](store::Document& job) {
    if (is_final_job_status(job.status)) {
      ended = job.status;
      return false;
    }
    if (job.status == "Stopping") return false;
    job.status = "Stopping";
    job.body["TrainingJobStatus"] = "Stopping";
    job.body["SecondaryStatus"] = "Stopping";
    json::array& transitions = job.body.at("SecondaryStatusTransitions").as_array();
    transitions.back().as_object()["EndTime"] = epoch_seconds(now);
    transitions.push_back({{"Status", "Stopping"},
                           {"StartTime", epoch_seconds(now)},
                           {"StatusMessage", "Stopping the training job"}});
    job.internal[kStopTime] = epoch_seconds(now);
    return true;
  });
  return ended;
}

json::object TrainingJobs::stop(const json::object& input, Call& call) {
  const Kind& kind = kind_named("training-job");
  const store::DocumentKey key = resources_.find_named(kind, input, call)->key;
  const std::string ended = stop_training_job(resources_.documents(), key, call.now);
  if (!ended.empty()) {
    fail_validation("The request was rejected because the training job is in status " + ended +
                    ".");
  }
  wake_(key);
  return {};
}

namespace {

// What UpdateTrainingJob refuses, by the state the job is in.
void check_update(const json::object& input, const store::Document& job) {
  if (input.contains("ProfilerRuleConfigurations")) {
    fail_validation("ProfilerRuleConfigurations cannot be changed on this server.");
  }
  const bool ended = is_final_job_status(job.status);
  if (ended && (input.contains("ProfilerConfig") || input.contains("RemoteDebugConfig"))) {
    fail_validation("The request was rejected because the training job is in status " + job.status +
                    ".");
  }
  const std::string secondary = string_or(job.body, "SecondaryStatus");
  if (input.contains("RemoteDebugConfig") && secondary != "Downloading" &&
      secondary != "Training") {
    fail_validation(
        "RemoteDebugConfig can be updated when the SecondaryStatus of the training job is "
        "Downloading or Training; it is " +
        secondary + ".");
  }
  if (!input.contains("ResourceConfig")) return;
  if (ended && !is_pool_open(job)) {
    fail_validation("The request was rejected because the training job " + job.key.name +
                    " has no warm pool that is Available.");
  }
  if (!ended && !wants_pool(job.body)) {
    fail_validation(
        "KeepAlivePeriodInSeconds can be updated only for a training job that was created with a "
        "warm pool.");
  }
}

void merge_members(const json::object& input, json::object& body) {
  for (auto member : {"ResourceConfig", "ProfilerConfig", "RemoteDebugConfig"}) {
    const json::object* changes = find_object(input, member);
    if (changes == nullptr) continue;
    json::value& target = body[member];
    if (!target.is_object()) target = json::object();
    for (const auto& [name, value] : *changes) target.get_object()[name] = value;
  }
}

}  // namespace

json::object TrainingJobs::update(const json::object& input, Call& call) {
  const Kind& kind = kind_named("training-job");
  const Resources::Found found = resources_.find_named(kind, input, call);
  check_update(input, *found);
  const store::DocumentKey key = found->key;
  resources_.documents().update(key, [&](store::Document& job) {
    merge_members(input, job.body);
    if (is_pool_open(job) && input.contains("ResourceConfig")) {
      // From now on, not from the end of the job.
      job.internal[kPoolUntil] =
          epoch_seconds(call.now) +
          at_path(job.body, "ResourceConfig.KeepAlivePeriodInSeconds")->to_number<double>();
    }
    return true;
  });
  wake_(key);
  return {{"TrainingJobArn", arn_of(kind, key.name, call.account, call.region)}};
}

namespace {

// What a tuning job has learned of its training jobs stands in their documents.
void check_tuning_ended(store::Documents& documents, const store::Document& job) {
  const auto owner = tuning_of(job);
  const auto tuning = owner ? documents.find_shared(*owner) : nullptr;
  if (tuning == nullptr || is_final_job_status(tuning->status)) return;
  if (string_or(tuning->internal, kTuningId) != job.parent) return;
  throw wire::ApiError("ResourceInUse", "The training job " + job.arn +
                                            " cannot be deleted while the hyperparameter tuning "
                                            "job " +
                                            tuning->arn + " is in status " + tuning->status + ".");
}

}  // namespace

json::object TrainingJobs::remove(const json::object& input, Call& call) {
  const Kind& kind = kind_named("training-job");
  const Resources::Found job = resources_.find_named(kind, input, call);
  check_job_ended(*job, "training job");
  if (is_pool_open(*job)) {
    throw wire::ApiError("ResourceInUse",
                         "The training job " + job->arn +
                             " cannot be deleted while its warm pool is Available. Set its "
                             "KeepAlivePeriodInSeconds to 0 first.");
  }
  check_tuning_ended(resources_.documents(), *job);
  return resources_.remove(kind, input, call);
}

std::vector<store::DocumentKey> TrainingController::pending() {
  std::vector<store::DocumentKey> keys;
  for (const store::Document& job : documents_.with_status(kind(), {"InProgress", "Stopping"})) {
    keys.push_back(job.key);
  }
  for (const store::Document& job :
       documents_.with_status(kind(), {"Completed", "Failed", "Stopped"})) {
    if (is_pool_open(job)) keys.push_back(job.key);
  }
  return keys;
}

std::optional<std::chrono::milliseconds> TrainingController::reconcile(
    const store::DocumentKey& key) {
  const auto again = step(key);
  if (const auto job = wake_owner_ ? documents_.find_shared(key) : nullptr) {
    if (const auto owner = tuning_of(*job)) wake_owner_(*owner);
  }
  return again;
}

std::optional<std::chrono::milliseconds> TrainingController::step(const store::DocumentKey& key) {
  std::optional<store::Document> job = documents_.find(key);
  if (!job) return std::nullopt;
  if (is_final_job_status(job->status) && is_pool_open(*job)) return watch_pool(*job);
  const std::string run_id = string_or(job->internal, kRunId);
  std::optional<engine::Run> run = workloads_.find(run_id);
  if (!run) {
    if (is_final_job_status(job->status)) return std::nullopt;
    submit(*job);
    // The job is on its way: what others look up about it follows.
    if (auto started = documents_.find(key)) record_component(documents_, *started);
    run = workloads_.find(run_id);
    if (!run) return std::nullopt;
  }
  const std::optional<Timestamp> deadline = wait_deadline(*job);
  if (deadline && clock_.now() >= *deadline && !job->internal.contains(kWaitExceeded)) {
    job = documents_.update(key, [&](store::Document& stored) {
      stored.internal[kWaitExceeded] = true;
      return true;
    });
    if (!job) return std::nullopt;
  }
  const bool ending = job->status == "Stopping" || job->internal.contains(kWaitExceeded);
  if (ending && !run->outcome && !run->stop_requested) {
    workloads_.request_stop(run_id);
    run = workloads_.find(run_id);
    if (!run) return std::nullopt;
  }
  if (follow_up(*run, *job, run_id)) return std::chrono::milliseconds(0);
  const Model model = model_of(*run, *job);
  job = documents_.update(key, [&](store::Document& stored) {
    if (!apply_run(*run, model, stored)) return false;
    if (wants_pool(stored.body)) {
      run->outcome ? open_pool(stored, clock_.now()) : mark_pool_in_use(stored);
    }
    return true;
  });
  if (!run->outcome) {
    if (!deadline || ending) return std::nullopt;
    return std::chrono::ceil<std::chrono::milliseconds>(*deadline - clock_.now());
  }
  if (job) record_component(documents_, *job);
  // The run of an open pool stays: its place is kept until it is forgotten.
  if (job && is_pool_open(*job)) return watch_pool(*job);
  workloads_.forget(run_id);
  return std::nullopt;
}

// Ends a pool whose time has come.
std::optional<std::chrono::milliseconds> TrainingController::watch_pool(
    const store::Document& job) {
  const Timestamp now = clock_.now();
  if (now < pool_end(job)) {
    return std::chrono::ceil<std::chrono::milliseconds>(pool_end(job) - now);
  }
  documents_.update(job.key, [&](store::Document& stored) {
    if (!is_pool_open(stored) || now < pool_end(stored)) return false;
    close_pool(stored, "", now);
    return true;
  });
  // Also after a crash in between: a job without an open pool forgets its run when it is looked at.
  return std::chrono::milliseconds(0);
}

// The place of a job whose warm pool fits: reserved for this one before the pool is closed, and
// the same again when this is repeated.
std::string TrainingController::take_pool(const store::Document& job) {
  const std::string taken = string_or(job.internal, kTakesPlaceOf);
  if (!taken.empty()) return taken;
  const std::optional<store::Document> pool = find_pool(documents_, job, clock_.now());
  if (!pool) return "";
  std::string run;
  documents_.update(pool->key, [&](store::Document& stored) {
    if (!is_pool_open(stored)) return false;  // another job was quicker
    run = string_or(stored.internal, kRunId);
    close_pool(stored, job.key.name, clock_.now());
    return true;
  });
  if (run.empty()) return "";
  documents_.update(job.key, [&](store::Document& stored) {
    stored.internal[kTakesPlaceOf] = run;
    return true;
  });
  return run;
}

// A run that was lost or interrupted may be followed by another.
bool TrainingController::follow_up(const engine::Run& run, const store::Document& job,
                                   const std::string& run_id) {
  if (!may_retry(run, job) && !goes_on(run, job)) return false;
  documents_.update(job.key, [&](store::Document& stored) {
    // Only once for this run, whatever is repeated.
    if (string_or(stored.internal, kRunId) != run_id) return false;
    if (goes_on(run, stored)) {
      continue_training_job(run, stored);
    } else if (may_retry(run, stored)) {
      retry_training_job(run, stored);
    } else {
      return false;
    }
    return true;
  });
  workloads_.forget(run_id);
  return true;
}

Model TrainingController::model_of(const engine::Run& run, const store::Document& job) {
  using Kind = engine::RunOutcome::Kind;
  const bool cut_short = run.outcome && (run.outcome->kind == Kind::kStopped ||
                                         run.outcome->kind == Kind::kInterrupted ||
                                         run.outcome->kind == Kind::kTimedOut);
  const json::value* uri = at_path(job.body, "ModelArtifacts.S3ModelArtifacts");
  if (!cut_short || uri == nullptr) return Model::kUploaded;
  return s3_.any_object(*parse_s3_uri(uri->as_string())) ? Model::kUploaded : Model::kNone;
}

void TrainingController::submit(const store::Document& job) {
  auto fail_job = [&](const std::string& reason) {
    documents_.update(job.key, [&](store::Document& stored) {
      fail_training_job(stored, reason, clock_.now());
      return true;
    });
  };
  const std::string image =
      string_or(job.body.at("AlgorithmSpecification").as_object(), "TrainingImage");
  const Images::Script script = script_of(job.body);
  const std::optional<ImageWay> way = images_.find(image, ImageUse::kTrain, script);
  if (!way) return fail_job("ClientError: " + images_.no_way(image, script));
  std::vector<engine::JobSpec> gang = training_specs(job, *way);
  const std::string role = string_or(job.body, "RoleArn");
  // Long enough to fetch, train and upload, however late the job gets its place.
  const auto lifetime = gang.at(0).limits.max_runtime + std::chrono::hours(24);
  const std::optional<engine::AgentAccess> access =
      roles_.open(role, job.key.account, lifetime, session_tags_of(job.internal));
  if (!access) return fail_job("ClientError: " + role_refused(role));
  const std::string before = take_pool(job);
  gang.front().takes_place_of = before;
  workloads_.submit(std::move(gang), *access);
  if (!before.empty()) workloads_.forget(before);
}

}  // namespace clary::api::sagemaker
