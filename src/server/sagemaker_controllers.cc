#include "server/sagemaker_controllers.h"

#include "store/database.h"

namespace clary::server {
namespace {

using store::DocumentKey;

constexpr std::chrono::milliseconds kPhasesTogether{15};
constexpr unsigned kControllerThreads = 4;
constexpr unsigned kSearchThreads = 2;  // suggestions of tuning jobs take up to half a second each

}  // namespace

SageMakerControllers::SageMakerControllers(const Parts& parts)
    : parts_(parts),
      training_(parts.documents, parts.workloads, parts.roles, parts.objects, parts.images,
                parts.clock, [this](const DocumentKey& key) { wake(key); }),
      tuning_(tuning_parts()),
      processing_({parts.documents, parts.workloads, parts.roles, parts.images, parts.clock}),
      transform_({parts.documents, parts.workloads, parts.roles, parts.images, parts.clock}),
      endpoints_(parts.documents, parts.workloads, parts.roles, parts.images, parts.routes,
                 parts.clock),
      notebooks_({.documents = parts.documents,
                  .workloads = parts.workloads,
                  .roles = parts.roles,
                  .environments = parts.environments,
                  .keys = parts.volume_keys,
                  .storage = parts.notebook_storage,
                  .routes = parts.notebook_routes,
                  .access = parts.notebook_access,
                  .clock = parts.clock}),
      controllers_(parts.clock, kControllerThreads),
      searches_(parts.clock, kSearchThreads) {
  controllers_.add(training_);
  searches_.add(tuning_);
  controllers_.add(processing_);
  controllers_.add(transform_);
  controllers_.add(endpoints_);
  controllers_.add(notebooks_);
}

void SageMakerControllers::start() {
  controllers_.start();
  searches_.start();
}

void SageMakerControllers::stop() {
  searches_.stop();
  controllers_.stop();
}

void SageMakerControllers::wake(const DocumentKey& key) {
  (key.kind == api::sagemaker::kTuningKind ? searches_ : controllers_).enqueue(key);
}

void SageMakerControllers::wake(const engine::JobSpec& spec, engine::Runs::Change change) {
  // Phases of a job that goes on often follow each other at once: they are looked at together.
  const bool waits =
      change == engine::Runs::Change::kGoesOn && spec.mode == engine::JobSpec::Mode::kRunToEnd;
  controllers_.enqueue(
      {.kind = spec.kind, .account = spec.account, .region = spec.region, .name = spec.name},
      waits ? kPhasesTogether : std::chrono::milliseconds(0));
}

api::sagemaker::TuningController::Parts SageMakerControllers::tuning_parts() {
  return {
      .documents = parts_.documents,
      .clock = parts_.clock,
      .create =
          [this](const DocumentKey& owner, const identity::Principal& principal,
                 const json::object& input, const std::function<void(store::Document&)>& finish) {
            parts_.sagemaker.create_training_job({.model = parts_.models.get("sagemaker"),
                                                  .principal = principal,
                                                  .account = owner.account,
                                                  .region = owner.region,
                                                  .now = parts_.clock.now()},
                                                 input, finish);
          },
      .values =
          [this](const DocumentKey& job, const std::string& metric) {
            return parts_.metric_points.values({.account = job.account,
                                                .region = job.region,
                                                .metric_namespace = "/aws/sagemaker/TrainingJobs",
                                                .name = metric,
                                                .dimensions = {{"TrainingJobName", job.name}}});
          },
      .publish =
          [this](const DocumentKey& job, const std::map<std::string, double>& shares) {
            publish_importance(job, shares);
          },
      .wake = [this](const DocumentKey& key) { wake(key); }};
}

// As the metrics of a training job, for `clary tune watch`, the console and any other client.
void SageMakerControllers::publish_importance(const DocumentKey& job,
                                              const std::map<std::string, double>& shares) {
  const Timestamp now = parts_.clock.now();
  parts_.database.write([&](store::Connection& connection) {
    for (const auto& [name, share] : shares) {
      const std::array points{
          store::MetricPoint{.time = now, .sum = share, .minimum = share, .maximum = share}};
      parts_.metric_points.append_within(
          connection,
          {.account = job.account,
           .region = job.region,
           .metric_namespace = "/aws/sagemaker/HyperParameterTuningJobs",
           .name = "Importance",
           .dimensions = {{"HyperParameterName", name}, {"TuningJobName", job.name}}},
          points);
    }
  });
}

}  // namespace clary::server
