// What all kinds of jobs share: a run chosen when the job is created, the statuses that end one,
// and, for the kinds that show nothing else of a run (processing, transform), the way from run to
// document.
#pragma once

#include "api/sagemaker/resources.h"
#include "engine/runs.h"
#include "store/documents.h"

namespace clary::api::sagemaker {

// Members of Document::internal. The id of the job's run, chosen when the job is created.
inline constexpr std::string_view kRunId = "run_id";
// Seconds since the epoch when its Stop operation was accepted.
inline constexpr std::string_view kStopTime = "stop_time";

// One kind of job in the words of its API.
struct JobWords {
  std::string_view kind;           // "processing-job"
  std::string_view noun;           // "processing job", in sentences
  std::string_view status_member;  // "ProcessingJobStatus"
  std::string_view start_member, end_member;
  // Where the first kilobyte of /opt/ml/output/message goes; "" when the kind has no such member.
  std::string_view message_member = "";
};

bool is_final_job_status(std::string_view status);
std::string new_run_id(const store::DocumentKey& key);
// FailureReason of a run that failed or was lost.
std::string failure_reason_of(const engine::RunOutcome& outcome, std::string_view noun);
// When the run came to its instance, and when it ended.
std::optional<Timestamp> start_of(const engine::Run& run);
std::optional<Timestamp> end_of(const engine::Run& run);

// Brings status, times, message and reason up to the run. False when nothing changed.
bool apply_plain_run(const engine::Run& run, const JobWords& words, store::Document& job);
// Ends the job without a run.
void fail_plain_job(store::Document& job, const JobWords& words, const std::string& reason,
                    Timestamp now);

// The Stop operation up to its document; throws for a job that has ended. Returns what to wake.
store::DocumentKey stop_plain_job(const JobWords& words, Resources& resources,
                                  const json::object& input, const Call& call);
// Throws ResourceInUse for a job that has not ended.
void check_job_ended(const store::Document& job, std::string_view noun);
// Throws when ExperimentConfig names an experiment or a trial that is not there.
void check_experiment_config(const json::object& input, Resources& resources, const Call& call);

}  // namespace clary::api::sagemaker
