#include "algorithms/xgboost/serving.h"

#include <cstdio>
#include <exception>

#include "algorithms/serving/server.h"
#include "algorithms/xgboost/inference.h"

namespace clary::algorithms::xgboost {

int serve(const ContainerPaths& paths) {
  try {
    const InferenceSettings settings = InferenceSettings::from_environment();
    const XgboostService service(load_models(paths.model(), settings.ensemble), settings);
    ModelServerOptions options = ModelServerOptions::from_environment();
    options.threads = settings.workers;
    options.max_payload_bytes = settings.max_payload_bytes;
    run_model_server(service, options);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "Unable to load model: %s\n", error.what());
    return 1;
  }
}

}  // namespace clary::algorithms::xgboost
