// The model servers behind an endpoint, as data: what an endpoint configuration comes to when it is
// deployed. A fleet is a snapshot: later changes of the configuration or the models do not reach
// it.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "api/sagemaker/images.h"
#include "api/sagemaker/resources.h"
#include "engine/job_spec.h"

namespace clary::api::sagemaker {

struct FleetInstance {
  std::string id;        // "i-0f3a...": the log stream's and the run's
  int attempts = 0;      // how many instances before it were lost in a row
  Timestamp not_before;  // a replacement waits until then
};

struct FleetVariant {
  std::string name, model, instance_type;
  double weight = 1.0;
  std::int64_t volume_gb = 30;  // of each instance; what SageMaker gives most types
  json::object shown;           // further members of ProductionVariantSummary (serverless, routing)
  // The container.
  std::string image, model_data, role;
  bool model_is_archive = true;  // model.tar.gz against a prefix of files
  json::object environment;
  bool isolated = false;  // EnableNetworkIsolation
  std::chrono::seconds startup_timeout{480};
  // Why the variant cannot be served here at all; "" when it can.
  std::string problem;
  std::vector<FleetInstance> instances;
  std::string volume_key;  // JobSpec::volume_key
};

struct Fleet {
  std::string config;  // endpoint configuration's name
  Timestamp since;     // when it was planned
  std::vector<FleetVariant> variants;
  json::object capture = {};     // DataCaptureConfig; empty: none
  std::string capture_key = {};  // ARN of its KmsKeyId
};

json::object to_json(const Fleet& fleet);
Fleet fleet_from_json(const json::object& object);

// The fleet that `config` (an endpoint configuration's document) describes, with fresh instances.
// Throws the not-found error of a model that is gone.
Fleet plan_fleet(const store::Document& config, Resources& resources, const Call& call);
// One variant, as a fleet has it, of ProductionVariants' form.
FleetVariant plan_variant(const json::object& production, Resources& resources, const Call& call);
void set_instance_count(FleetVariant& variant, std::int64_t count);

std::string run_id_of(const store::DocumentKey& endpoint, const FleetInstance& instance);
// Whether the model brings inference code of its own.
Images::Script script_of(const FleetVariant& variant);
engine::JobSpec serving_spec(const store::Document& endpoint, const FleetVariant& variant,
                             const FleetInstance& instance, const ImageWay& way);
// ProductionVariants of DescribeEndpoint, every instance counted as current.
json::array variant_summaries(const Fleet& fleet);

}  // namespace clary::api::sagemaker
