// Which server a command for people talks to, and as whom.
#pragma once

#include "cli/aws_client.h"
#include "cli/setting_flags.h"

namespace clary::cli {

// Declares --data-dir. With it, or without AWS_ENDPOINT_URL, the owner of that folder's server;
// else whoever the environment says.
class ClientFlags {
 public:
  explicit ClientFlags(CLI::App& app);
  Endpoint endpoint() const;

 private:
  CLI::App* app_;
  SettingFlags settings_;
};

}  // namespace clary::cli
