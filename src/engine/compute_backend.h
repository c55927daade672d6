// Where agents run: this machine, a Slurm cluster; docs/decisions/compute-backends.md. A backend
// starts one agent per instance and knows whether it still lives; everything else the agent reports
// itself.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/job_spec.h"

namespace clary::engine {

// What the agent needs beside the spec: how to reach the server and who it is.
struct AgentAccess {
  std::string server_url;                                       // http://127.0.0.1:7700
  std::string report_token;                                     // bearer of this run's reports
  std::string access_key_id, secret_access_key, session_token;  // the job role's session
};

// One agent to start.
struct AgentStart {
  JobSpec spec;
  AgentAccess access;
};

enum class RunState { kUnknown, kAlive, kGone };

// threads: any. blocks: shortly.
class ComputeBackend {
 public:
  virtual ~ComputeBackend() = default;
  // Starts the agent of `spec` and returns a handle text to store ("pid:starttime"). Idempotent by
  // spec.id: a run that was started already returns its handle. The agent outlives the server.
  virtual std::string start(const JobSpec& spec, const AgentAccess& access) = 0;
  // Starts the agents of instances that run together, and tells them of each other
  // (JobSpec::peers); the handles in the same order. All or none.
  virtual std::vector<std::string> start_gang(const std::vector<AgentStart>& gang) = 0;
  // Takes over a run that an earlier server started: on_exit comes for it too, at once when it has
  // ended.
  virtual void adopt(const std::string& spec_id, std::string_view handle) = 0;
  virtual RunState state(std::string_view handle) = 0;
  // Asks the agent to end the workload (SIGTERM, grace, SIGKILL) and report.
  virtual void stop(std::string_view handle) = 0;
  virtual void kill(std::string_view handle) = 0;
  // What an agent that is gone had still to report: its spooled reports above `after`, in order.
  virtual std::vector<json::object> unsent_reports(const std::string& spec_id,
                                                   std::uint64_t after) = 0;
  // What a run that was started waits for, for people: the cluster's own queue. "": nothing.
  virtual std::string note(const std::string&) { return {}; }
  // Why a run has ended without a report, for FailureReason; "" when only that is known.
  virtual std::string end_reason(const std::string&) { return {}; }
  // Removes the run's folder once nothing needs it.
  virtual void forget(const std::string& spec_id) = 0;
  // Called (from any thread) when a run ends, so that nobody polls.
  virtual void on_exit(std::function<void(const std::string& spec_id)> callback) = 0;
};

}  // namespace clary::engine
