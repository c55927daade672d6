// A training job's document: the request checked and completed, lowered to a run, and brought up to
// date from that run. Plain functions; the controller and the operations are in training_jobs.h.
#pragma once

#include "api/call.h"
#include "api/sagemaker/images.h"
#include "api/sagemaker/job_status.h"
#include "api/sagemaker/role_sessions.h"
#include "api/sagemaker/s3_uri.h"
#include "engine/runs.h"
#include "store/documents.h"

namespace clary::api::sagemaker {

// Members of Document::internal, beside those of job_status.h.
// Transitions of runs that were lost and tried again, and how many there were.
inline constexpr std::string_view kEarlierTransitions = "earlier_transitions";
inline constexpr std::string_view kRetries = "retries";

// Seconds on instances of the runs before this one, which were interrupted.
inline constexpr std::string_view kEarlierSeconds = "earlier_seconds";
// There once MaxWaitTimeInSeconds has passed: the job is being stopped for that.
inline constexpr std::string_view kWaitExceeded = "wait_exceeded";

// Tags of the sessions of the job's role: SessionChainingConfig.
inline constexpr std::string_view kSessionTags = "session_tags";

// Throws what CreateTrainingJob answers to a request that is well-formed but cannot be: roles,
// images, channels, S3 locations, and what this server does not do.
void check_training_request(const json::object& input, const Call& call, RoleSessions& roles,
                            S3Look& s3);
// The members Describe shows that the request left to SageMaker.
void complete_training_document(store::Document& job, Timestamp now);

// Whether the user brings an entry point of their own.
Images::Script script_of(const json::object& body);
// Everything the agents need, one specification for each instance. The document is one that passed
// the checks above.
std::vector<engine::JobSpec> training_specs(const store::Document& job, const ImageWay& way);

// Brings status, transitions, times, metrics and reasons up to the run. False when nothing changed.
// `model`: whether the run left an artifact, which a stopped one may not have.
enum class Model { kUploaded, kNone };
bool apply_run(const engine::Run& run, Model model, store::Document& job);
// Whether RetryStrategy gives a job whose run was lost by the platform another one.
bool may_retry(const engine::Run& run, const store::Document& job);
// Gives the job a new run, keeping what became of the last one among the transitions.
void retry_training_job(const engine::Run& run, store::Document& job);
// Whether a run whose place was taken is to be followed by another: managed spot training, or a job
// that made room for one of higher priority.
bool goes_on(const engine::Run& run, const store::Document& job);
// Gives it the new run.
void continue_training_job(const engine::Run& run, store::Document& job);
// When MaxWaitTimeInSeconds has passed, of a spot job.
std::optional<Timestamp> wait_deadline(const store::Document& job);
// Ends the job without a run.
void fail_training_job(store::Document& job, const std::string& reason, Timestamp now);

}  // namespace clary::api::sagemaker
