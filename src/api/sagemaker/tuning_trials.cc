#include "api/sagemaker/tuning_trials.h"

#include <cmath>

#include "api/sagemaker/memory_list.h"
#include "api/sagemaker/resources.h"
#include "wire/sha256.h"

namespace clary::api::sagemaker {
namespace {

constexpr std::size_t kPage = 500;

std::optional<Timestamp> time_at(const json::object& body, std::string_view member) {
  const auto seconds = find_double(body, member);
  return seconds ? std::optional(from_epoch_seconds(*seconds)) : std::nullopt;
}

std::optional<double> last_value(const json::object& body, std::string_view metric) {
  const json::array* metrics = find_array(body, "FinalMetricDataList");
  if (metrics == nullptr) return std::nullopt;
  for (const json::value& entry : *metrics) {
    if (string_or(entry.as_object(), "MetricName") != metric) continue;
    const auto value = find_double(entry.as_object(), "Value");
    if (value && std::isfinite(*value)) return value;
  }
  return std::nullopt;
}

}  // namespace

std::string Trial::objective_status() const {
  if (!final()) return "Pending";
  return counts() ? "Succeeded" : "Failed";
}

bool Trial::retryable() const {
  return status == "Failed" && failure.starts_with("InternalServerError");
}

std::optional<Trial> trial_of(const store::Document& job) {
  const json::object* stored = find_object(job.internal, kTuningTrial);
  if (stored == nullptr) return std::nullopt;
  Trial trial;
  trial.name = job.key.name;
  trial.arn = job.arn;
  trial.index = find_int(*stored, "index").value_or(0);
  trial.definition = string_or(*stored, "definition");
  if (const json::object* tuned = find_object(*stored, "tuned")) {
    for (const auto& [name, value] : *tuned) trial.tuned[name] = value.as_string();
  }
  trial.target = {.maximize = find_bool(*stored, "maximize").value_or(false),
                  .metric = string_or(*stored, "metric")};
  trial.status = job.status;
  trial.failure = string_or(job.body, "FailureReason");
  trial.objective = last_value(job.body, trial.target.metric);
  trial.created = job.created;
  trial.started = time_at(job.body, "TrainingStartTime");
  trial.ended = time_at(job.body, "TrainingEndTime");
  return trial;
}

json::object trial_internal(const std::string& tuning_job, std::int64_t index,
                            const TuningDefinition& definition,
                            const std::map<std::string, std::string>& tuned) {
  json::object values;
  for (const auto& [name, value] : tuned) values[name] = value;
  const TuningObjective target = definition.target();
  return {{"job", tuning_job},          {"index", index},          {"definition", definition.name},
          {"tuned", std::move(values)}, {"metric", target.metric}, {"maximize", target.maximize}};
}

std::string trial_name(const store::Document& tuning_job, std::int64_t index) {
  std::string number = std::to_string(index);
  if (number.size() < 3) number.insert(0, 3 - number.size(), '0');
  const std::string seed = string_or(tuning_job.internal, kTuningId) + "/" + number;
  return tuning_job.key.name + "-" + number + "-" +
         std::string(wire::hex_digest(wire::sha256(seed)).view().substr(0, 8));
}

std::optional<store::DocumentKey> tuning_of(const store::Document& job) {
  const json::object* stored = find_object(job.internal, kTuningTrial);
  if (stored == nullptr) return std::nullopt;
  return store::DocumentKey{std::string(kTuningKind), job.key.account, job.key.region,
                            string_or(*stored, "job")};
}

std::vector<Trial> load_trials(store::Documents& documents, const store::DocumentKey& tuning_job,
                               const std::string& tuning_id) {
  store::DocumentQuery query;
  query.kind = "training-job";
  query.account = tuning_job.account;
  query.region = tuning_job.region;
  query.parent = tuning_id;
  query.descending = false;
  query.limit = kPage;
  std::vector<Trial> trials;
  for_each_document(documents, query, [&](const store::Document& job) {
    if (auto trial = trial_of(job)) trials.push_back(std::move(*trial));
  });
  std::ranges::sort(trials, {}, &Trial::index);
  return trials;
}

json::object trial_summary(const Trial& trial, bool several) {
  json::object tuned;
  for (const auto& [name, value] : trial.tuned) tuned[name] = value;
  json::object summary = {{"TrainingJobName", trial.name},
                          {"TrainingJobArn", trial.arn},
                          {"CreationTime", epoch_seconds(trial.created)},
                          {"TrainingJobStatus", trial.status},
                          {"TunedHyperParameters", std::move(tuned)},
                          {"ObjectiveStatus", trial.objective_status()}};
  if (several) summary["TrainingJobDefinitionName"] = trial.definition;
  if (trial.started) summary["TrainingStartTime"] = epoch_seconds(*trial.started);
  if (trial.ended) summary["TrainingEndTime"] = epoch_seconds(*trial.ended);
  if (!trial.failure.empty()) summary["FailureReason"] = trial.failure;
  if (trial.counts()) {
    json::object metric = {{"MetricName", trial.target.metric}, {"Value", *trial.objective}};
    if (several) metric["Type"] = trial.target.maximize ? "Maximize" : "Minimize";
    summary["FinalHyperParameterTuningJobObjectiveMetric"] = std::move(metric);
  }
  return summary;
}

const Trial* best_trial(const std::vector<Trial>& trials) {
  const Trial* best = nullptr;
  for (const Trial& trial : trials) {
    if (!trial.counts()) continue;
    const bool better =
        best == nullptr || (best->target.maximize ? *trial.objective > *best->objective
                                                  : *trial.objective < *best->objective);
    if (better) best = &trial;
  }
  return best;
}

void put_trials(const std::vector<Trial>& trials, json::object& body) {
  std::int64_t completed = 0, running = 0, retryable = 0, failed = 0, stopped = 0;
  std::int64_t succeeded = 0, pending = 0, without = 0;
  for (const Trial& trial : trials) {
    if (!trial.final()) {
      ++running, ++pending;
      continue;
    }
    ++(trial.counts() ? succeeded : without);
    if (trial.status == "Completed") ++completed;
    if (trial.status == "Stopped") ++stopped;
    if (trial.status == "Failed") ++(trial.retryable() ? retryable : failed);
  }
  body["TrainingJobStatusCounters"] = {{"Completed", completed},
                                       {"InProgress", running},
                                       {"RetryableError", retryable},
                                       {"NonRetryableError", failed},
                                       {"Stopped", stopped}};
  body["ObjectiveStatusCounters"] = {
      {"Succeeded", succeeded}, {"Pending", pending}, {"Failed", without}};
  if (const Trial* best = best_trial(trials)) {
    body["BestTrainingJob"] = trial_summary(*best, body.contains("TrainingJobDefinitions"));
  }
}

}  // namespace clary::api::sagemaker
