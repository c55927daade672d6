// A run that serves: stages the model, keeps its server up, tells where it listens.
#pragma once

#include <filesystem>

#include "agent/reporter.h"
#include "agent/run_file.h"
#include "agent/signals.h"
#include "base/clock.h"
#include "base/json.h"

namespace clary::agent {

// blocks until a stop is asked for, or the server could not be brought up; returns the last report.
json::object serve(const RunFile& run, Reporter& reporter, StopRequest& stop, const Clock& clock);

// A folder for the model server's socket whose path is short enough for one (a socket's path has at
// most 107 bytes): DATA/s/<12 letters>, or below /tmp when the data folder's own path is long.
std::filesystem::path socket_folder(const std::filesystem::path& data_folder,
                                    const std::string& run_id);

}  // namespace clary::agent
