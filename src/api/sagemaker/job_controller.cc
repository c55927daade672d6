#include "api/sagemaker/job_controller.h"

#include "api/sagemaker/job_components.h"

namespace clary::api::sagemaker {

std::vector<store::DocumentKey> JobController::pending() {
  std::vector<store::DocumentKey> keys;
  for (const store::Document& job :
       parts_.documents.with_status(kind(), {"InProgress", "Stopping"})) {
    keys.push_back(job.key);
  }
  return keys;
}

std::optional<std::chrono::milliseconds> JobController::reconcile(const store::DocumentKey& key) {
  std::optional<store::Document> job = parts_.documents.find(key);
  if (!job) return std::nullopt;
  const std::string run_id = string_or(job->internal, kRunId);
  std::optional<engine::Run> run = parts_.workloads.find(run_id);
  if (!run) {
    if (is_final_job_status(job->status)) return std::nullopt;
    submit(*job);
    if (auto started = parts_.documents.find(key)) record_component(parts_.documents, *started);
    run = parts_.workloads.find(run_id);
    if (!run) return std::nullopt;
  }
  if (job->status == "Stopping" && !run->outcome && !run->stop_requested) {
    parts_.workloads.request_stop(run_id);
    run = parts_.workloads.find(run_id);
    if (!run) return std::nullopt;
  }
  if (run->outcome && run->outcome->kind == engine::RunOutcome::Kind::kInterrupted &&
      job->status == "InProgress") {
    // Its place was wanted: it starts over in a new run, once, whatever is repeated.
    parts_.documents.update(key, [&](store::Document& stored) {
      if (string_or(stored.internal, kRunId) != run_id) return false;
      stored.internal[kRunId] = new_run_id(key);
      return true;
    });
    parts_.workloads.forget(run_id);
    return std::chrono::milliseconds(0);
  }
  job = parts_.documents.update(
      key, [&](store::Document& stored) { return apply_plain_run(*run, words_, stored); });
  if (!run->outcome) return std::nullopt;
  if (job) record_component(parts_.documents, *job);
  parts_.workloads.forget(run_id);
  return std::nullopt;
}

void JobController::submit(const store::Document& job) {
  Plan planned = plan(job);
  std::optional<engine::AgentAccess> access;
  if (planned.problem.empty()) {
    // Long enough to fetch, run and upload, however late the job gets its place.
    const auto lifetime = planned.instances.front().limits.max_runtime + std::chrono::hours(24);
    access = parts_.roles.open(planned.role, job.key.account, lifetime);
    if (!access) planned.problem = role_refused(planned.role);
  }
  if (access) return parts_.workloads.submit(std::move(planned.instances), *access);
  parts_.documents.update(job.key, [&](store::Document& stored) {
    fail_plain_job(stored, words_, "ClientError: " + planned.problem, parts_.clock.now());
    return true;
  });
}

}  // namespace clary::api::sagemaker
