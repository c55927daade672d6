#include "api/sagemaker/job_status.h"

#include "base/random.h"

namespace clary::api::sagemaker {
namespace {

using engine::RunOutcome;
using engine::RunPhase;

constexpr std::size_t kLongestText = 1024;

std::string_view status_of(RunOutcome::Kind kind) {
  switch (kind) {
    case RunOutcome::Kind::kSucceeded:
      return "Completed";
    case RunOutcome::Kind::kStopped:
    case RunOutcome::Kind::kTimedOut:
    case RunOutcome::Kind::kInterrupted:
      return "Stopped";
    case RunOutcome::Kind::kFailed:
    case RunOutcome::Kind::kAgentLost:
      break;
  }
  return "Failed";
}

// Cut at the start of a character.
std::string shortened(std::string text) {
  if (text.size() <= kLongestText) return text;
  std::size_t end = kLongestText;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80) --end;
  text.resize(end);
  return text;
}

void put_message(const RunOutcome& outcome, const JobWords& words, json::object& body) {
  if (words.message_member.empty()) return;
  if (!outcome.message.empty()) {
    body[words.message_member] = shortened(outcome.message);
  } else if (outcome.kind == RunOutcome::Kind::kTimedOut) {
    body[words.message_member] = "The " + std::string(words.noun) +
                                 " was stopped: it ran longer than the MaxRuntimeInSeconds of its "
                                 "StoppingCondition.";
  }
}

}  // namespace

bool is_final_job_status(std::string_view status) {
  return status == "Completed" || status == "Failed" || status == "Stopped";
}

std::string new_run_id(const store::DocumentKey& key) {
  return key.kind + "-" + key.name + "-" + random_hex(4);
}

std::string failure_reason_of(const RunOutcome& outcome, std::string_view noun) {
  std::string reason = outcome.reason;
  if (reason.empty() && outcome.kind == RunOutcome::Kind::kAgentLost) {
    reason = "InternalServerError: The process that watched the " + std::string(noun) +
             " ended without a report. Please try again.";
  }
  if (reason.empty()) {
    reason = "AlgorithmError: , exit code: " + std::to_string(outcome.exit_code);
  }
  return shortened(std::move(reason));
}

std::optional<Timestamp> start_of(const engine::Run& run) {
  for (const engine::PhaseChange& change : run.phases) {
    const bool on_instance =
        change.phase == RunPhase::kDownloading || change.phase == RunPhase::kRunning;
    if (on_instance) return change.time;
  }
  return std::nullopt;
}

std::optional<Timestamp> end_of(const engine::Run& run) {
  for (const engine::PhaseChange& change : run.phases) {
    if (change.phase == RunPhase::kEnded) return change.time;
  }
  return std::nullopt;
}

bool apply_plain_run(const engine::Run& run, const JobWords& words, store::Document& job) {
  if (is_final_job_status(job.status)) return false;
  json::object body = job.body;
  std::string status = job.status;
  if (const auto started = start_of(run)) body[words.start_member] = epoch_seconds(*started);
  const std::optional<Timestamp> ended = end_of(run);
  if (ended && run.outcome) {
    body[words.end_member] = epoch_seconds(*ended);
    status = status_of(run.outcome->kind);
    put_message(*run.outcome, words, body);
    if (status == "Failed") body["FailureReason"] = failure_reason_of(*run.outcome, words.noun);
  }
  body[words.status_member] = status;
  if (body == job.body) return false;
  job.body = std::move(body);
  job.status = std::move(status);
  return true;
}

void fail_plain_job(store::Document& job, const JobWords& words, const std::string& reason,
                    Timestamp now) {
  job.status = "Failed";
  job.body[words.status_member] = job.status;
  job.body["FailureReason"] = shortened(reason);
  job.body[words.end_member] = epoch_seconds(now);
}

store::DocumentKey stop_plain_job(const JobWords& words, Resources& resources,
                                  const json::object& input, const Call& call) {
  const store::DocumentKey key = resources.find_named(kind_named(words.kind), input, call)->key;
  std::string refused;
  resources.documents().update(key, [&](store::Document& job) {
    if (is_final_job_status(job.status)) {
      refused = job.status;
      return false;
    }
    if (job.status == "Stopping") return false;
    job.status = "Stopping";
    job.body[words.status_member] = job.status;
    job.internal[kStopTime] = epoch_seconds(call.now);
    return true;
  });
  if (!refused.empty()) {
    fail_validation("The request was rejected because the " + std::string(words.noun) +
                    " is in status " + refused + ".");
  }
  return key;
}

void check_job_ended(const store::Document& job, std::string_view noun) {
  if (is_final_job_status(job.status)) return;
  throw wire::ApiError("ResourceInUse", "The " + std::string(noun) + " " + job.arn +
                                            " cannot be deleted while it is in status " +
                                            job.status + ". Stop it first.");
}

void check_experiment_config(const json::object& input, Resources& resources, const Call& call) {
  const json::object* experiment = find_object(input, "ExperimentConfig");
  if (experiment == nullptr) return;
  if (auto name = find_string(*experiment, "ExperimentName")) {
    resources.find(kind_named("experiment"), *name, call);
  }
  if (auto name = find_string(*experiment, "TrialName")) {
    resources.find(kind_named("experiment-trial"), *name, call);
  }
}

}  // namespace clary::api::sagemaker
