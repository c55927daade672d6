// DataCaptureConfig of an endpoint configuration: checked when it is made, told by the endpoint,
// handed to the data plane. Who writes the files: server/data_capture.h.
#pragma once

#include <memory>

#include "api/sagemaker/fleet.h"
#include "engine/capture_plan.h"

namespace clary::api::sagemaker {

// What the model of the service does not check of a CreateEndpointConfig; the key is checked with
// the configuration's other one. Throws ValidationException.
void check_data_capture(const json::object& input);

// DataCaptureConfigSummary of DescribeEndpoint.
json::object capture_summary(const Fleet& fleet);

// Nullptr when nothing of the variant's invocations is kept.
std::shared_ptr<const engine::CapturePlan> capture_plan(const store::DocumentKey& endpoint,
                                                        const Fleet& fleet,
                                                        const FleetVariant& variant);

}  // namespace clary::api::sagemaker
