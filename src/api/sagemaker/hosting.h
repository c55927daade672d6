// Hosting's operations: models, endpoint configurations, endpoints. What brings endpoints up is in
// endpoint_controller.h.
#pragma once

#include <functional>

#include "api/sagemaker/fleet.h"
#include "api/sagemaker/job_keys.h"
#include "api/sagemaker/resources.h"
#include "api/sagemaker/role_sessions.h"
#include "api/sagemaker/s3_uri.h"

namespace clary::api::sagemaker {

// Members of an endpoint's Document::internal. Each of the first two is a Fleet.
inline constexpr std::string_view kCurrentFleet = "current";            // what serves
inline constexpr std::string_view kNextFleet = "next";                  // what is being brought up
inline constexpr std::string_view kRetiredRuns = "retired";             // runs to stop and forget
inline constexpr std::string_view kNextDeployment = "next_deployment";  // DeploymentConfig

// threads: any. blocks: on the store.
class Hosting {
 public:
  Hosting(Resources& resources, RoleSessions& roles, S3Look& s3,
          std::function<void(const store::DocumentKey&)> wake, kms::KeyCheck* keys,
          VolumeEncryption volumes)
      : resources_(resources),
        roles_(roles),
        s3_(s3),
        wake_(std::move(wake)),
        keys_(keys),
        volumes_(volumes) {}
  json::object create_model(const json::object& input, Call& call);
  json::object create_endpoint_config(const json::object& input, Call& call);
  json::object create_endpoint(const json::object& input, Call& call);
  json::object update_endpoint(const json::object& input, Call& call);
  json::object update_weights_and_capacities(const json::object& input, Call& call);
  json::object delete_endpoint(const json::object& input, Call& call);

 private:
  void check_model_data(const json::object& container, const std::string& role, const Call& call);
  // Sets status Updating and the next fleet, when the endpoint is in a state to be updated.
  void start_update(const store::Document& endpoint, const Fleet& next,
                    const json::object* deployment);

  Resources& resources_;
  RoleSessions& roles_;
  S3Look& s3_;
  std::function<void(const store::DocumentKey&)> wake_;
  kms::KeyCheck* const keys_;
  const VolumeEncryption volumes_;
};

}  // namespace clary::api::sagemaker
