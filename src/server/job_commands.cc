#include "server/job_commands.h"

#include <stdexcept>

#include "api/sagemaker/resources.h"
#include "api/sagemaker/training_document.h"
#include "api/sagemaker/training_instances.h"
#include "base/log.h"

namespace clary::server {

namespace sagemaker = api::sagemaker;

std::optional<json::object> JobCommands::run(const json::object& command) {
  const std::string what = string_or(command, "do");
  if (what != "job-preempt" && what != "job-shell") return std::nullopt;
  spdlog::info("the owner's command {} for {}", what, string_or(command, "job"));
  return what == "job-preempt" ? preempt(command) : shell(command);
}

store::Document JobCommands::job_of(const json::object& command) {
  const std::string name = string_or(command, "job");
  const store::DocumentKey key{"training-job", string_or(command, "account", settings_.account_id),
                               string_or(command, "region", settings_.region), name};
  std::optional<store::Document> job = documents_.find(key);
  if (!job) {
    throw std::invalid_argument("there is no training job " + name + " in account " + key.account +
                                ", region " + key.region);
  }
  if (job->status != "InProgress") {
    throw std::invalid_argument("the training job " + name + " is " + job->status);
  }
  return *std::move(job);
}

json::object JobCommands::preempt(const json::object& command) {
  const store::Document job = job_of(command);
  if (!find_bool(job.body, "EnableManagedSpotTraining").value_or(false)) {
    throw std::invalid_argument("the training job " + job.key.name +
                                " is no managed spot training: it keeps its place until it ends "
                                "(aws sagemaker stop-training-job)");
  }
  const std::string run = string_or(job.internal, sagemaker::kRunId);
  const std::optional<engine::Run> found = runs_.find(run);
  if (!found || found->outcome || found->phase() == engine::RunPhase::kQueued) {
    throw std::invalid_argument("the training job " + job.key.name + " has no place yet");
  }
  runs_.preempt(run);
  return {{"run", run}};
}

json::object JobCommands::shell(const json::object& command) {
  const store::Document job = job_of(command);
  const json::value* const enabled =
      sagemaker::at_path(job.body, "RemoteDebugConfig.EnableRemoteDebug");
  if (enabled == nullptr || !enabled->as_bool()) {
    throw std::invalid_argument(
        "remote debugging is not enabled for the training job " + job.key.name +
        "; create it with RemoteDebugConfig {EnableRemoteDebug: true}, or use "
        "`aws sagemaker update-training-job --training-job-name " +
        job.key.name + " --remote-debug-config EnableRemoteDebug=true`");
  }
  const std::string host = string_or(command, "host", "algo-1");
  std::string run = string_or(job.internal, sagemaker::kRunId);
  const std::vector<sagemaker::Instance> instances = sagemaker::instances_of(job.body);
  std::size_t index = 0;
  while (index < instances.size() && instances[index].host != host) ++index;
  if (index == instances.size()) {
    throw std::invalid_argument("the training job " + job.key.name + " has no instance " + host);
  }
  if (index > 0) run += "-" + std::to_string(index + 1);
  const auto socket = std::filesystem::absolute(settings_.data_dir) / "runs" / run / "shell.sock";
  std::error_code error;
  if (!std::filesystem::exists(socket, error)) {
    throw std::invalid_argument("the training job " + job.key.name + " does not train now: it is " +
                                string_or(job.body, "SecondaryStatus"));
  }
  return {{"socket", socket.string()}};
}

}  // namespace clary::server
