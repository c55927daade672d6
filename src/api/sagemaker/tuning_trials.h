// The training jobs of a tuning job. A training job's document is the evaluation: the index, the
// hyperparameters that were chosen and the job are stored in one step, so that a server that dies
// at any moment neither loses an evaluation nor makes one twice.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "api/sagemaker/tuning_config.h"
#include "store/documents.h"

namespace clary::api::sagemaker {

// Member of a training job's Document::internal: {"job", "index", "definition", "tuned"}.
inline constexpr std::string_view kTuningTrial = "tuning";

struct Trial {
  std::string name, arn;
  std::int64_t index = 0;  // from 1, each once
  std::string definition;
  std::map<std::string, std::string> tuned;
  std::string status;  // of the training job
  std::string failure;
  std::optional<double> objective;  // the last value so far
  TuningObjective target;
  Timestamp created;
  std::optional<Timestamp> started, ended;

  bool final() const { return status == "Completed" || status == "Failed" || status == "Stopped"; }
  // Whether its value counts: ObjectiveStatus Succeeded.
  bool counts() const { return final() && status != "Failed" && objective.has_value(); }
  std::string objective_status() const;
  // Of a failure of the platform, not of the training.
  bool retryable() const;
};

// Nullopt for a training job that no tuning job made.
std::optional<Trial> trial_of(const store::Document& training_job);
// What the document of a new training job keeps.
json::object trial_internal(const std::string& tuning_job, std::int64_t index,
                            const TuningDefinition& definition,
                            const std::map<std::string, std::string>& tuned);
// <tuning job>-NNN-<8 hex>: the same for the same tuning job and index, whenever it is asked.
std::string trial_name(const store::Document& tuning_job, std::int64_t index);
// The tuning job that made this training job; nullopt for others.
std::optional<store::DocumentKey> tuning_of(const store::Document& training_job);

// Every training job of the tuning job with this id, by index. blocks: on the store.
std::vector<Trial> load_trials(store::Documents& documents, const store::DocumentKey& tuning_job,
                               const std::string& tuning_id);

// One entry of ListTrainingJobsForHyperParameterTuningJob. `several`: with its definition's name.
json::object trial_summary(const Trial& trial, bool several);
// Counters, best job and times of the document, from its training jobs.
void put_trials(const std::vector<Trial>& trials, json::object& body);
// Of those that count; nullptr when none does. By the first one's direction.
const Trial* best_trial(const std::vector<Trial>& trials);

}  // namespace clary::api::sagemaker
