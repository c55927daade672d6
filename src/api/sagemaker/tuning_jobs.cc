#include "api/sagemaker/tuning_jobs.h"

#include <algorithm>

#include "api/sagemaker/images.h"
#include "api/sagemaker/job_status.h"
#include "api/sagemaker/memory_list.h"
#include "api/sagemaker/training_document.h"
#include "api/sagemaker/tuning_trials.h"
#include "base/random.h"
#include "wire/validate.h"

namespace clary::api::sagemaker {
namespace {

constexpr std::size_t kMostConcurrent = 100;  // AWS's quota

const Kind& tuning_kind() {
  return kind_named(kTuningKind);
}

// The number of seeds is what RandomSeed, an integer of the API, can be.
std::int64_t seed_of(const json::object& input) {
  if (const auto seed = find_int(tuning_config(input), "RandomSeed")) return *seed;
  std::int64_t seed = 0;
  fill_random(std::as_writable_bytes(std::span(&seed, 1)));
  return seed & 0x7fffffff;
}

// The first point of every range: enough to see whether the training jobs could be created.
std::map<std::string, std::string> sample_of(const TuningDefinition& definition) {
  std::map<std::string, std::string> sample;
  for (const json::object* range : numeric_ranges(*definition.ranges)) {
    sample[string_or(*range, "Name")] = string_or(*range, "MinValue");
  }
  for (const json::object* range : categorical_ranges(*definition.ranges)) {
    sample[string_or(*range, "Name")] = find_array(*range, "Values")->at(0).as_string();
  }
  return sample;
}

json::array parents_array(const std::vector<WarmStartParent>& parents) {
  json::array list;
  for (const WarmStartParent& parent : parents) {
    list.push_back({{"name", parent.name}, {"id", parent.id}});
  }
  return list;
}

// What is the same for every job of an algorithm of ours is added when it is shown.
void show_definition(json::object& definition) {
  const auto resources = tuning_resources(definition);
  if (!definition.contains("ResourceConfig") && !resources.empty()) {
    definition["ResourceConfig"] = resources.front();
  }
  json::object& algorithm = definition.at("AlgorithmSpecification").as_object();
  const bool script = at_path(definition, "StaticHyperParameters.sagemaker_program") != nullptr;
  const NativeAlgorithm* native =
      script ? nullptr : native_algorithm(string_or(algorithm, "TrainingImage"));
  if (native != nullptr && !algorithm.contains("MetricDefinitions")) {
    algorithm["MetricDefinitions"] = native->metric_definitions;
  }
}

// RuntimeInSeconds goes on while the job does.
void show_runtime(const store::Document& job, Timestamp now, json::object& output) {
  if (is_final_job_status(job.status)) return;
  const auto passed = std::chrono::duration_cast<std::chrono::seconds>(now - job.created).count();
  output["ConsumedResources"] = {{"RuntimeInSeconds", std::max<std::int64_t>(0, passed)}};
}

}  // namespace

void TuningJobs::check_concurrent(const Call& call) {
  const std::size_t now = resources_.documents().count(kTuningKind, call.account, call.region,
                                                       {"InProgress", "Stopping"});
  if (now < kMostConcurrent) return;
  throw wire::ApiError("ResourceLimitExceeded",
                       "The account-level service limit 'Number of concurrent hyperparameter "
                       "tuning jobs' is " +
                           std::to_string(kMostConcurrent) + ", with current utilization of " +
                           std::to_string(now) + " and a request delta of 1.");
}

// A job that could not be created later is refused now.
void TuningJobs::check_definitions(const json::object& input, Call& call) {
  const wire::Operation& create = *call.model.find_operation("CreateTrainingJob");
  for (const TuningDefinition& definition : tuning_definitions(input)) {
    const std::string role = string_or(*definition.body, "RoleArn");
    if (!roles_.usable(role, call.account)) fail_validation(role_refused(role));
    for (const json::object& resources : tuning_resources(*definition.body)) {
      const json::object request =
          training_request(definition, resources, "a", sample_of(definition));
      wire::validate(call.model, create, request);
      check_training_request(request, call, roles_, s3_);
    }
  }
}

json::object TuningJobs::create(const json::object& input, Call& call) {
  const Kind& kind = tuning_kind();
  const store::DocumentKey key =
      Resources::key_of(kind, string_or(input, "HyperParameterTuningJobName"), call);
  // The name first: a client that repeats a request learns that the job is there.
  const std::string arn = arn_of(kind, key.name, call.account, call.region);
  if (resources_.documents().find_by_arn(arn)) fail(kind.exists, key.name, arn);
  json::object request = input;
  complete_tuning_request(request);
  check_tuning_request(request);
  const auto parents = check_warm_start(request, resources_, call);
  check_definitions(request, call);
  check_concurrent(call);
  json::object output = resources_.create(kind, request, call, [&](store::Document& job) {
    put_trials({}, job.body);
    job.internal[kTuningId] = std::string(kTuningKind) + "/" + key.name + "/" + random_hex(8);
    job.internal[kTuningSeed] = seed_of(request);
    job.internal[kTuningCaller] = stored_caller(call.principal);
    if (!parents.empty()) job.internal[kTuningParents] = parents_array(parents);
  });
  wake_(key);
  return output;
}

json::object TuningJobs::describe(const json::object& input, Call& call) {
  const Resources::Found job = resources_.find_named(tuning_kind(), input, call);
  json::object output = shown(*job, *call.operation.output);
  if (json::value* one = output.if_contains("TrainingJobDefinition")) {
    show_definition(one->as_object());
  }
  if (json::value* several = output.if_contains("TrainingJobDefinitions")) {
    for (json::value& definition : several->as_array()) show_definition(definition.as_object());
  }
  show_runtime(*job, call.now, output);
  return output;
}

json::object TuningJobs::stop(const json::object& input, Call& call) {
  const store::DocumentKey key = resources_.find_named(tuning_kind(), input, call)->key;
  std::string refused;
  resources_.documents().update(key, [&](store::Document& job) {
    if (is_final_job_status(job.status)) {
      refused = job.status;
      return false;
    }
    if (job.status == "Stopping") return false;
    job.status = "Stopping";
    job.body[kTuningStatus] = job.status;
    return true;
  });
  if (!refused.empty()) {
    fail_validation("The request was rejected because the hyperparameter tuning job is in status " +
                    refused + ".");
  }
  wake_(key);
  return {};
}

json::object TuningJobs::remove(const json::object& input, Call& call) {
  const Resources::Found job = resources_.find_named(tuning_kind(), input, call);
  check_job_ended(*job, "hyperparameter tuning job");
  return resources_.remove(tuning_kind(), input, call);
}

json::object TuningJobs::list_training_jobs(const json::object& input, Call& call) {
  const Resources::Found job = resources_.find_named(tuning_kind(), input, call);
  std::vector<Trial> trials =
      load_trials(resources_.documents(), job->key, string_or(job->internal, kTuningId));
  const std::string status = string_or(input, "StatusEquals");
  const std::string by = string_or(input, "SortBy", "Name");
  const bool by_value = by == "FinalObjectiveMetricValue";
  std::erase_if(trials, [&](const Trial& trial) {
    return (!status.empty() && trial.status != status) || (by_value && !trial.counts());
  });
  const auto less = [&](const Trial& a, const Trial& b) {
    if (by_value && a.objective != b.objective) return *a.objective < *b.objective;
    if (by == "CreationTime" && a.created != b.created) return a.created < b.created;
    if (by == "Status" && a.status != b.status) return a.status < b.status;
    return a.index < b.index;  // of a name's number
  };
  std::ranges::sort(trials, [&](const Trial& a, const Trial& b) {
    return string_or(input, "SortOrder") == "Descending" ? less(b, a) : less(a, b);
  });
  const std::size_t begin = std::min(offset_of(input), trials.size());
  const auto limit = static_cast<std::size_t>(find_int(input, "MaxResults").value_or(10));
  const std::size_t end = std::min(begin + limit, trials.size());
  json::array summaries;
  const bool several = job->body.contains("TrainingJobDefinitions");
  for (std::size_t i = begin; i < end; ++i) {
    summaries.emplace_back(trial_summary(trials[i], several));
  }
  json::object output = {{"TrainingJobSummaries", std::move(summaries)}};
  if (end < trials.size()) output["NextToken"] = token_at(end);
  return output;
}

}  // namespace clary::api::sagemaker
