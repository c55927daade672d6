#include "api/sagemaker/training_jobs.h"

#include "api/sagemaker/images.h"
#include "api/sagemaker/job_components.h"
#include "api/sagemaker/job_scheduling.h"

namespace clary::api::sagemaker {

json::object TrainingJobs::create(const json::object& input, Call& call) {
  const Kind& kind = kind_named("training-job");
  // The name first: a client that repeats a request learns that the job is there, whatever became
  // of its input meanwhile.
  const store::DocumentKey key = Resources::key_of(kind, string_or(input, "TrainingJobName"), call);
  const std::string arn = arn_of(kind, key.name, call.account, call.region);
  if (resources_.documents().find_by_arn(arn)) fail(kind.exists, key.name, arn);
  const JobKeys keys = job_keys(input, kTrainingKeys, call, keys_, volumes_);
  check_training_request(input, call, roles_, s3_);
  check_experiment_config(input, resources_, call);
  json::object output = resources_.create(kind, input, call, [&](store::Document& job) {
    complete_training_document(job, call.now, s3_);
    keep_job_keys(keys, job);
    keep_scheduling(input, call, job);
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
  return output;
}

json::object TrainingJobs::stop(const json::object& input, Call& call) {
  const Kind& kind = kind_named("training-job");
  const store::DocumentKey key = resources_.find_named(kind, input, call)->key;
  std::string refused;
  resources_.documents().update(key, [&](store::Document& job) {
    if (is_final_job_status(job.status)) {
      refused = job.status;
      return false;
    }
    if (job.status == "Stopping") return false;
    job.status = "Stopping";
    job.body["TrainingJobStatus"] = "Stopping";
    job.body["SecondaryStatus"] = "Stopping";
    json::array& transitions = job.body.at("SecondaryStatusTransitions").as_array();
    transitions.back().as_object()["EndTime"] = epoch_seconds(call.now);
    transitions.push_back({{"Status", "Stopping"},
                           {"StartTime", epoch_seconds(call.now)},
                           {"StatusMessage", "Stopping the training job"}});
    job.internal[kStopTime] = epoch_seconds(call.now);
    return true;
  });
  if (!refused.empty()) {
    fail_validation("The request was rejected because the training job is in status " + refused +
                    ".");
  }
  wake_(key);
  return {};
}

json::object TrainingJobs::update(const json::object& input, Call& call) {
  const Kind& kind = kind_named("training-job");
  const std::string status = resources_.find_named(kind, input, call)->status;
  const json::object* resources = find_object(input, "ResourceConfig");
  if (resources == nullptr && is_final_job_status(status)) {
    fail_validation("The request was rejected because the training job is in status " + status +
                    ".");
  }
  if (input.contains("ProfilerRuleConfigurations") || input.contains("RemoteDebugConfig")) {
    fail_validation(
        "ProfilerRuleConfigurations and RemoteDebugConfig cannot be changed on this server.");
  }
  const store::DocumentKey key = resources_.find_named(kind, input, call)->key;
  resources_.documents().update(key, [&](store::Document& job) {
    for (auto member : {"ResourceConfig", "ProfilerConfig"}) {
      const json::object* changes = find_object(input, member);
      if (changes == nullptr) continue;
      json::value& target = job.body[member];
      if (!target.is_object()) target = json::object();
      for (const auto& [name, value] : *changes) target.get_object()[name] = value;
    }
    return true;
  });
  return {{"TrainingJobArn", arn_of(kind, key.name, call.account, call.region)}};
}

json::object TrainingJobs::remove(const json::object& input, Call& call) {
  const Kind& kind = kind_named("training-job");
  check_job_ended(*resources_.find_named(kind, input, call), "training job");
  return resources_.remove(kind, input, call);
}

std::vector<store::DocumentKey> TrainingController::pending() {
  std::vector<store::DocumentKey> keys;
  for (const store::Document& job : documents_.with_status(kind(), {"InProgress", "Stopping"})) {
    keys.push_back(job.key);
  }
  return keys;
}

std::optional<std::chrono::milliseconds> TrainingController::reconcile(
    const store::DocumentKey& key) {
  std::optional<store::Document> job = documents_.find(key);
  if (!job) return std::nullopt;
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
  if (job->status == "Stopping" && !run->outcome && !run->stop_requested) {
    workloads_.request_stop(run_id);
    run = workloads_.find(run_id);
    if (!run) return std::nullopt;
  }
  if (may_retry(*run, *job)) {
    documents_.update(key, [&](store::Document& stored) {
      // Only once for this run, whatever is repeated.
      if (string_or(stored.internal, kRunId) != run_id || !may_retry(*run, stored)) return false;
      retry_training_job(stored);
      return true;
    });
    workloads_.forget(run_id);
    return std::chrono::milliseconds(0);
  }
  const Model model = model_of(*run, *job);
  job = documents_.update(key,
                          [&](store::Document& stored) { return apply_run(*run, model, stored); });
  if (!run->outcome) return std::nullopt;
  if (job) record_component(documents_, *job);
  workloads_.forget(run_id);
  return std::nullopt;
}

Model TrainingController::model_of(const engine::Run& run, const store::Document& job) {
  using Kind = engine::RunOutcome::Kind;
  const bool cut_short =
      run.outcome && (run.outcome->kind == Kind::kStopped || run.outcome->kind == Kind::kTimedOut);
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
  const engine::JobSpec spec = training_spec(job, *way);
  const std::string role = string_or(job.body, "RoleArn");
  // Long enough to fetch, train and upload, however late the job gets its place.
  const auto lifetime = spec.limits.max_runtime + std::chrono::hours(24);
  const std::optional<engine::AgentAccess> access = roles_.open(role, job.key.account, lifetime);
  if (!access) return fail_job("ClientError: " + role_refused(role));
  workloads_.submit(spec, *access);
}

}  // namespace clary::api::sagemaker
