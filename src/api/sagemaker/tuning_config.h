// A tuning job's request and document as its search and its controller read them: which training
// jobs are to be made, what is searched for, how far. Plain functions over JSON.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "identity/credentials.h"
#include "store/documents.h"

namespace clary::api::sagemaker {

inline constexpr std::string_view kTuningKind = "hyper-parameter-tuning-job";
inline constexpr std::string_view kTuningStatus = "HyperParameterTuningJobStatus";
// The hyperparameter that tells every training job what it is judged by.
inline constexpr std::string_view kObjectiveParameter = "_tuning_objective_metric";

// Members of a tuning job's Document::internal.
// `parent` of its training jobs: a name may be used again once its tuning job is deleted, this not.
inline constexpr std::string_view kTuningId = "tuning_id";
inline constexpr std::string_view kTuningSeed = "seed";
// For whom its training jobs are made: who created it.
inline constexpr std::string_view kTuningCaller = "caller";
// Of a warm start: [{"name", "id"}], in the request's order.
inline constexpr std::string_view kTuningParents = "parents";
// How it is going to end once its training jobs have: {"status", "reason"}.
inline constexpr std::string_view kTuningEnding = "ending";

struct TuningObjective {
  bool maximize = false;
  std::string metric;
};

// One training job definition; the JSON belongs to the document.
struct TuningDefinition {
  std::string name;  // "" for the only one of a job without names
  const json::object* body = nullptr;
  const json::object* ranges = nullptr;  // nullptr: none given
  const json::object* objective = nullptr;
  TuningObjective target() const;
};

// The definitions of a request or document: TrainingJobDefinition or TrainingJobDefinitions.
std::vector<TuningDefinition> tuning_definitions(const json::object& body);
const json::object& tuning_config(const json::object& body);
std::string tuning_strategy(const json::object& body);

// What a tuning job may use, as its document says.
struct TuningLimits {
  std::int64_t jobs = 0;  // 0: as many as the service allows
  std::int64_t parallel = 1;
  std::optional<std::chrono::seconds> runtime;
};
TuningLimits tuning_limits(const json::object& body);
// The most training jobs that the service gives a tuning job of this strategy.
std::int64_t most_training_jobs(std::string_view strategy);

// Every range of a ParameterRanges, whatever its kind, as JSON.
std::vector<const json::object*> numeric_ranges(const json::object& ranges);
std::vector<const json::object*> categorical_ranges(const json::object& ranges);
std::vector<std::string> range_names(const json::object* ranges);

// The instances that a definition's jobs may have, the preferred ones first: each a ResourceConfig.
std::vector<json::object> tuning_resources(const json::object& definition);

// CreateTrainingJob's input for one evaluation. `chosen`: the hyperparameters that were searched.
json::object training_request(const TuningDefinition& definition, const json::object& resources,
                              const std::string& name,
                              const std::map<std::string, std::string>& chosen);

// The caller as the document keeps it: who the training jobs count for.
json::object stored_caller(const identity::Principal& principal);
identity::Principal caller_from(const json::object& stored);

}  // namespace clary::api::sagemaker
