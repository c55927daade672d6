#include "cli/client_flags.h"

#include <CLI/CLI.hpp>
#include <cstdlib>

namespace clary::cli {

ClientFlags::ClientFlags(CLI::App& app) : app_(&app), settings_(app, {"data_dir"}) {}

Endpoint ClientFlags::endpoint() const {
  const char* url = std::getenv("AWS_ENDPOINT_URL");
  const bool named = app_->count("--data-dir") > 0 || app_->count("--config") > 0;
  if (!named && url != nullptr && *url != '\0') return endpoint_of_environment();
  return endpoint_of_folder(settings_.load().data_dir);
}

}  // namespace clary::cli
