// What the owner of the data folder may do with jobs beside the AWS API: take a job's place away,
// enter its sandbox. Commands and answers are JSON, as those of owner_commands.h.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/json.h"
#include "base/settings.h"
#include "engine/runs.h"
#include "store/documents.h"

namespace clary::server {

// threads: any. blocks: on the store. errors: std::invalid_argument says to people what is wrong.
class JobCommands {
 public:
  JobCommands(store::Documents& documents, engine::Runs& runs, const Settings& settings)
      : documents_(documents), runs_(runs), settings_(settings) {}

  // {"do": "job-preempt" | "job-shell", "job": NAME, "account": ..., "region": ..., "host": ...};
  // account and region are the server's own when they are missing. Nullopt: not one of its
  // commands.
  std::optional<json::object> run(const json::object& command);

 private:
  store::Document job_of(const json::object& command);
  json::object preempt(const json::object& command);
  json::object shell(const json::object& command);

  store::Documents& documents_;
  engine::Runs& runs_;
  const Settings& settings_;
};

}  // namespace clary::server
