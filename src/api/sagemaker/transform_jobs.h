// Batch transform jobs: the operations, and the controller that brings each job to its end.
#pragma once

#include "api/sagemaker/fleet.h"
#include "api/sagemaker/job_controller.h"
#include "api/sagemaker/plain_jobs.h"

namespace clary::api::sagemaker {

extern const JobWords kTransformWords;

// Member of Document::internal: the model as it was when the job was created, a Fleet of one
// variant.
inline constexpr std::string_view kTransformModel = "model";

// ARN of the key of what is captured.
inline constexpr std::string_view kCaptureKey = "capture_key";

// threads: any. blocks: on the store.
class TransformJobs : public PlainJobs {
 public:
  TransformJobs(Resources& resources, RoleSessions& roles, Wake wake, kms::KeyCheck* keys,
                VolumeEncryption volumes)
      : PlainJobs(kTransformWords, resources, roles, std::move(wake), keys, volumes) {}
  json::object create(const json::object& input, Call& call);
};

class TransformController final : public JobController {
 public:
  explicit TransformController(const Parts& parts) : JobController(kTransformWords, parts) {}

 protected:
  Plan plan(const store::Document& job) override;
};

// Throws what CreateTransformJob answers to a request that is well-formed but cannot be.
void check_transform_request(const json::object& input);
// Everything the agents need, one specification for each instance. The document is one that passed
// the checks above.
std::vector<engine::JobSpec> transform_specs(const store::Document& job,
                                             const FleetVariant& variant, const ImageWay& way);

}  // namespace clary::api::sagemaker
