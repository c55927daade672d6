// Hyperparameter tuning jobs: the operations. tuning_controller.h brings each job to its end.
#pragma once

#include "api/sagemaker/resources.h"
#include "api/sagemaker/role_sessions.h"
#include "api/sagemaker/s3_uri.h"
#include "api/sagemaker/tuning_config.h"
#include "api/sagemaker/wake.h"

namespace clary::api::sagemaker {

// Throws what CreateHyperParameterTuningJob answers to a request that is well-formed but cannot be.
// The request is one that complete_tuning_request has completed.
void check_tuning_request(const json::object& input);
// Fills in what Autotune chooses, and what Describe shows of every job. Throws ValidationException
// when Autotune cannot choose.
void complete_tuning_request(json::object& input);
// Holds the request against the tuning jobs that it starts from. Throws ValidationException.
struct WarmStartParent {
  std::string name, id;
};
std::vector<WarmStartParent> check_warm_start(const json::object& input, Resources& resources,
                                              const Call& call);

// threads: any. blocks: on the store.
class TuningJobs {
 public:
  TuningJobs(Resources& resources, RoleSessions& roles, S3Look& s3, Wake wake)
      : resources_(resources), roles_(roles), s3_(s3), wake_(std::move(wake)) {}
  json::object create(const json::object& input, Call& call);
  json::object describe(const json::object& input, Call& call);
  json::object stop(const json::object& input, Call& call);
  json::object remove(const json::object& input, Call& call);
  json::object list_training_jobs(const json::object& input, Call& call);

 private:
  void check_definitions(const json::object& input, Call& call);
  void check_concurrent(const Call& call);

  Resources& resources_;
  RoleSessions& roles_;
  S3Look& s3_;
  Wake wake_;
};

}  // namespace clary::api::sagemaker
