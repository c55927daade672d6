// Processing jobs: the operations, and the controller that brings each job to its end.
#pragma once

#include "api/sagemaker/job_controller.h"
#include "api/sagemaker/plain_jobs.h"

namespace clary::api::sagemaker {

extern const JobWords kProcessingWords;

// threads: any. blocks: on the store.
class ProcessingJobs : public PlainJobs {
 public:
  ProcessingJobs(Resources& resources, RoleSessions& roles, Wake wake, kms::KeyCheck* keys,
                 VolumeEncryption volumes)
      : PlainJobs(kProcessingWords, resources, roles, std::move(wake), keys, volumes) {}
  json::object create(const json::object& input, Call& call);
  json::object remove(const json::object& input, Call& call);
};

class ProcessingController final : public JobController {
 public:
  explicit ProcessingController(const Parts& parts) : JobController(kProcessingWords, parts) {}

 protected:
  Plan plan(const store::Document& job) override;
};

// Throws what CreateProcessingJob answers to a request that is well-formed but cannot be.
void check_processing_request(const json::object& input);
// Everything the agents need, one specification for each instance. The document is one that passed
// the checks above.
std::vector<engine::JobSpec> processing_specs(const store::Document& job, const ImageWay& way);

}  // namespace clary::api::sagemaker
