// Training jobs: the operations, and the controller that brings each job to its end.
#pragma once

#include "api/sagemaker/job_keys.h"
#include "api/sagemaker/resources.h"
#include "api/sagemaker/training_document.h"
#include "api/sagemaker/wake.h"
#include "api/sagemaker/workloads.h"
#include "engine/controllers.h"

namespace clary::api::sagemaker {

// Asks for the end of a training job: the document says so from now on, and the controller sees to
// it once it is woken. The status of a job that had ended before; "" otherwise. blocks: on the
// store.
std::string stop_training_job(store::Documents& documents, const store::DocumentKey& key,
                              Timestamp now);

// threads: any. blocks: on the store.
class TrainingJobs {
 public:
  TrainingJobs(Resources& resources, RoleSessions& roles, S3Look& s3, Wake wake,
               kms::KeyCheck* keys, VolumeEncryption volumes)
      : resources_(resources),
        roles_(roles),
        s3_(s3),
        wake_(std::move(wake)),
        keys_(keys),
        volumes_(volumes) {}
  // `finish`: what the maker of the job, if that is no user, adds to its document.
  json::object create(const json::object& input, Call& call, const Resources::Edit& finish);
  json::object create(const json::object& input, Call& call) { return create(input, call, {}); }
  // With the metrics that a built-in algorithm defines by itself: the same for all its jobs, so
  // they are not in every job's document.
  json::object describe(const json::object& input, Call& call);
  json::object stop(const json::object& input, Call& call);
  json::object update(const json::object& input, Call& call);
  json::object remove(const json::object& input, Call& call);

 private:
  Resources& resources_;
  RoleSessions& roles_;
  S3Look& s3_;
  Wake wake_;
  kms::KeyCheck* const keys_;
  const VolumeEncryption volumes_;
};

// Level-triggered: document without a run -> submit; document with one -> bring up to date; ended
// -> forget the run. Every step may be repeated, so the server may die between any two.
class TrainingController final : public engine::Controller {
 public:
  TrainingController(store::Documents& documents, Workloads& workloads, RoleSessions& roles,
                     S3Look& s3, const Images& images, const Clock& clock, Wake wake_owner = {})
      : documents_(documents),
        workloads_(workloads),
        roles_(roles),
        s3_(s3),
        images_(images),
        clock_(clock),
        wake_owner_(std::move(wake_owner)) {}
  std::string_view kind() const override { return "training-job"; }
  std::vector<store::DocumentKey> pending() override;
  std::optional<std::chrono::milliseconds> reconcile(const store::DocumentKey& key) override;

 private:
  std::optional<std::chrono::milliseconds> step(const store::DocumentKey& key);
  void submit(const store::Document& job);
  std::optional<std::chrono::milliseconds> watch_pool(const store::Document& job);
  std::string take_pool(const store::Document& job);
  bool follow_up(const engine::Run& run, const store::Document& job, const std::string& run_id);
  Model model_of(const engine::Run& run, const store::Document& job);

  store::Documents& documents_;
  Workloads& workloads_;
  RoleSessions& roles_;
  S3Look& s3_;
  const Images& images_;
  const Clock& clock_;
  const Wake wake_owner_;  // a tuning job follows its training jobs
};

}  // namespace clary::api::sagemaker
