// The controllers of SageMaker's resources and the work queues that they run in: the part of the
// composition root that brings jobs, endpoints and notebook instances to their goals.
#pragma once

#include "api/sagemaker/endpoint_controller.h"
#include "api/sagemaker/images.h"
#include "api/sagemaker/notebook_controller.h"
#include "api/sagemaker/object_look.h"
#include "api/sagemaker/processing_jobs.h"
#include "api/sagemaker/role_sessions.h"
#include "api/sagemaker/service.h"
#include "api/sagemaker/training_jobs.h"
#include "api/sagemaker/transform_jobs.h"
#include "api/sagemaker/tuning_controller.h"
#include "api/sagemaker/workloads.h"
#include "engine/controllers.h"
#include "engine/endpoint_routes.h"
#include "engine/runs.h"
#include "store/metric_points.h"
#include "wire/model.h"

namespace clary::server {

// threads: wake from any; the rest from one. order: stop before any of the parts.
class SageMakerControllers {
 public:
  struct Parts {  // all outlive it
    const wire::Models& models;
    store::Database& database;
    store::Documents& documents;
    store::MetricPoints& metric_points;
    const Clock& clock;
    api::sagemaker::SageMaker& sagemaker;
    api::sagemaker::Workloads& workloads;
    api::sagemaker::RoleSessions& roles;
    api::sagemaker::S3Look& objects;
    const api::sagemaker::Images& images;
    engine::EndpointRoutes& routes;
    // Of notebook instances.
    api::sagemaker::ImageSource& environments;
    api::sagemaker::VolumeKeys& volume_keys;
    api::sagemaker::NotebookStorage& notebook_storage;
    engine::NotebookRoutes& notebook_routes;
    const api::sagemaker::NotebookAccess& notebook_access;
  };
  explicit SageMakerControllers(const Parts& parts);

  // Another service's controller in the same queue. Before start.
  void add(engine::Controller& controller) { controllers_.add(controller); }
  // Called before a deleted endpoint is gone. Before start.
  void before_endpoint_removal(std::function<void(const store::DocumentKey&)> work) {
    endpoints_.before_removal(std::move(work));
  }
  void start();
  void stop();

  // A document changed.
  void wake(const store::DocumentKey& key);
  // A run changed.
  void wake(const engine::JobSpec& spec, engine::Runs::Change change);

 private:
  api::sagemaker::TuningController::Parts tuning_parts();
  void publish_importance(const store::DocumentKey& job,
                          const std::map<std::string, double>& shares);

  const Parts parts_;
  api::sagemaker::TrainingController training_;
  api::sagemaker::TuningController tuning_;
  api::sagemaker::ProcessingController processing_;
  api::sagemaker::TransformController transform_;
  api::sagemaker::EndpointController endpoints_;
  api::sagemaker::NotebookController notebooks_;
  engine::Controllers controllers_;
  engine::Controllers searches_;  // tuning jobs
};

}  // namespace clary::server
