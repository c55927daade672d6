// The SageMaker service: its table of operations.
#pragma once

#include <functional>
#include <memory>

#include "api/call.h"
#include "api/sagemaker/job_keys.h"
#include "api/sagemaker/job_limits.h"
#include "api/sagemaker/notebook_instances.h"
#include "api/sagemaker/role_sessions.h"
#include "api/sagemaker/s3_uri.h"
#include "store/documents.h"

namespace clary::api::sagemaker {

// What the service works with; all outlive it.
struct Parts {
  store::Documents& documents;
  RoleSessions& roles;
  S3Look& s3;
  // Tells the work queue that a document changed: engine::Controllers::enqueue.
  std::function<void(const store::DocumentKey&)> wake;
  // Nullptr: jobs cannot name keys.
  kms::KeyCheck* keys = nullptr;
  // What becomes of the files of jobs that name no key.
  VolumeEncryption volumes = VolumeEncryption::kAuto;
  Quotas* quotas = nullptr;  // nullptr: none
  Waiting waiting{};         // empty: Describe says what was so when the job was queued
  NotebookParts notebooks{};
};

// threads: operations run on the worker pool, many at once.
class SageMaker final : public Service {
 public:
  explicit SageMaker(const Parts& parts);
  ~SageMaker() override;
  std::string_view model_name() const override { return "sagemaker"; }
  std::vector<OperationEntry> operations() override;
  void add_resource_context(const std::string& resource_arn, const Call& call,
                            identity::Context& context) override;

  // For what makes training jobs by itself (tuning jobs): CreateTrainingJob as `principal` would
  // call it, validated and within the quotas. What the principal may do was asked when the maker
  // was created. `finish` completes the document before it is stored. Throws wire::ApiError.
  struct Maker {
    const wire::ServiceModel& model;
    const identity::Principal& principal;
    std::string_view account, region;
    Timestamp now;
  };
  void create_training_job(const Maker& maker, const json::object& input,
                           const std::function<void(store::Document&)>& finish);

 private:
  store::Documents& documents_;
  struct Families;
  std::unique_ptr<Families> families_;
};

}  // namespace clary::api::sagemaker
