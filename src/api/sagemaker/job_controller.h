// The controller of jobs whose document shows a run and nothing more: processing and transform
// jobs.
#pragma once

#include "api/sagemaker/images.h"
#include "api/sagemaker/job_status.h"
#include "api/sagemaker/role_sessions.h"
#include "api/sagemaker/workloads.h"
#include "engine/controllers.h"

namespace clary::api::sagemaker {

// Level-triggered: document without a run -> submit; document with one -> bring up to date; ended
// -> forget the run. Every step may be repeated, so the server may die between any two.
class JobController : public engine::Controller {
 public:
  // All outlive it.
  struct Parts {
    store::Documents& documents;
    Workloads& workloads;
    RoleSessions& roles;
    const Images& images;
    const Clock& clock;
  };

  std::string_view kind() const override { return words_.kind; }
  std::vector<store::DocumentKey> pending() override;
  std::optional<std::chrono::milliseconds> reconcile(const store::DocumentKey& key) override;

 protected:
  JobController(const JobWords& words, const Parts& parts) : words_(words), parts_(parts) {}

  struct Plan {
    std::vector<engine::JobSpec> instances;  // one each; the first's id is the run's
    std::string role;
    std::string problem;  // why the job cannot be run here; the job fails with it
  };
  virtual Plan plan(const store::Document& job) = 0;
  const Images& images() const { return parts_.images; }

 private:
  void submit(const store::Document& job);

  const JobWords words_;
  const Parts parts_;
};

}  // namespace clary::api::sagemaker
