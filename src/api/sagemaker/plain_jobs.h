// What the operations of processing and transform jobs share: jobs whose document shows a run and
// nothing more. Their controller is in job_controller.h.
#pragma once

#include <functional>

#include "api/sagemaker/job_keys.h"
#include "api/sagemaker/job_status.h"
#include "api/sagemaker/role_sessions.h"
#include "api/sagemaker/wake.h"

namespace clary::api::sagemaker {

// threads: any. blocks: on the store.
class PlainJobs {
 public:
  json::object stop(const json::object& input, Call& call);

 protected:
  // All outlive it; `keys` may be nullptr.
  PlainJobs(const JobWords& words, Resources& resources, RoleSessions& roles, Wake wake,
            kms::KeyCheck* keys, VolumeEncryption volumes)
      : words_(words),
        resources_(resources),
        roles_(roles),
        wake_(std::move(wake)),
        keys_(keys),
        volumes_(volumes) {}

  // Throws when there is a job of that name: before all else, so that a client that repeats a
  // request learns that the job is there.
  void check_name(const json::object& input, const Call& call) const;
  JobKeys keys_of(const json::object& input, const JobKeyPaths& paths, const Call& call) const;
  // Checks the role and the experiment, and creates the job, which `prepare` completes.
  json::object create_job(const json::object& input, Call& call, const JobKeys& keys,
                          const std::string& role,
                          const std::function<void(store::Document&)>& prepare);
  Resources& resources() const { return resources_; }
  kms::KeyCheck* key_check() const { return keys_; }

 private:
  const JobWords words_;
  Resources& resources_;
  RoleSessions& roles_;
  const Wake wake_;
  kms::KeyCheck* const keys_;
  const VolumeEncryption volumes_;
};

// Puts a member that the request left to SageMaker; keeps what is there.
void put_default(json::object& object, std::string_view member, const json::value& value);

}  // namespace clary::api::sagemaker
