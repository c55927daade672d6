// What the agent is told: run.json in its run's folder, written by the engine (mode 0600).
#pragma once

#include <filesystem>
#include <string>

#include "base/job_spec.h"
#include "http/client.h"
#include "wire/sigv4.h"

namespace clary::agent {

struct RunFile {
  JobSpec spec;
  std::string server_url;
  http::Address server;
  std::string report_token;
  wire::SigningCredentials credentials;  // of the job's role
  std::filesystem::path folder;          // the run's own
  std::filesystem::path data_folder;     // the server's
  std::filesystem::path cgroup_root;
  std::filesystem::path opt_ml;            // the folder behind /opt/ml
  bool on_encrypted_disk = false;          // that is where opt_ml is
  std::filesystem::path container_socket;  // of the container runtime; "": looked for
};

// Throws std::invalid_argument or std::runtime_error when it is missing or damaged.
RunFile read_run_file(const std::filesystem::path& folder);

// http://HOST:PORT, as the server is reached from this machine. Throws std::invalid_argument.
http::Address parse_server_url(const std::string& url);

}  // namespace clary::agent
