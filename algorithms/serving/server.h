// The model server: GET /ping, POST /invocations, GET /execution-parameters.
#pragma once

#include <string>

#include "algorithms/serving/service.h"

namespace clary::algorithms {

struct ModelServerOptions {
  // CLARY_SERVE_SOCKET; wins over the port.
  std::string unix_path;
  unsigned short port = 8080;  // SAGEMAKER_BIND_TO_PORT
  unsigned threads = 1;
  std::size_t max_payload_bytes = 6 * 1024 * 1024;

  static ModelServerOptions from_environment();
};

// Serves until SIGTERM or SIGINT, then lets requests under way finish. blocks. Throws
// std::system_error when the address is taken.
void run_model_server(const InferenceService& service, const ModelServerOptions& options);

}  // namespace clary::algorithms
