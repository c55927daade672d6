// Which way an image URI is run. Registry, account and region do not matter: repository and tag do.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/job_spec.h"

namespace clary::api::sagemaker {

struct ImageName {
  std::string registry, repository, tag;  // tag "latest" when the URI has none
};
std::optional<ImageName> parse_image(std::string_view uri);

// An algorithm of clary-algo that stands in for a published image.
struct NativeAlgorithm {
  std::string_view name;  // "xgboost"
  // Metrics the published algorithm defines by itself; Describe shows them.
  std::vector<engine::MetricPattern> metrics;
  json::array metric_definitions;  // the same, as MetricDefinitions
};
// Nullptr when no native algorithm answers for the image.
const NativeAlgorithm* native_algorithm(std::string_view image_uri);

// What to tell a user whose image nothing here can run.
std::string no_way_to_run(std::string_view image_uri);

}  // namespace clary::api::sagemaker
