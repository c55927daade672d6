// Runs: one execution of a JobSpec by an agent, from the queue to its outcome. What controllers of
// jobs and endpoints work with; the scheduler and the compute backend are behind it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "engine/compute_backend.h"
#include "engine/job_spec.h"
#include "store/database.h"
#include "store/log_events.h"

namespace clary::engine {

enum class RunPhase {
  kQueued,       // waits for CPU and memory; `message` says for what
  kStarting,     // the agent is being started
  kDownloading,  // inputs on their way
  kRunning,      // the workload runs (training)
  kServing,      // mode kServe: /ping answered 200, requests may come
  kUploading,    // outputs on their way
  kEnded         // `outcome` is set
};

struct PhaseChange {
  RunPhase phase = RunPhase::kQueued;
  Timestamp time;
  std::string message;  // for people: progress, what is waited for
};

struct RunOutcome {
  enum class Kind {
    kSucceeded,
    kFailed,      // workload, staging or sandbox failed: `reason`
    kStopped,     // stop was asked for
    kTimedOut,    // max_runtime reached
    kAgentLost,   // the agent died without a report
    kInterrupted  // preempted: its place was wanted for something else
  } kind = Kind::kSucceeded;
  int exit_code = 0;
  // Ready for FailureReason: "ClientError: ...", "AlgorithmError: ..., exit code: 1".
  std::string reason;
  std::string message{};  // what the workload left in /opt/ml/output/message
};

struct FinalMetric {
  std::string name;
  double value = 0;
  Timestamp time;
  std::string unit{};     // of CloudWatch: "Percent"; "": none
  bool resource = false;  // CPU, memory, ... use: the instance's, no result of the job
};

struct Run {
  JobSpec spec;
  std::string handle;               // the backend's; "" while queued
  std::vector<PhaseChange> phases;  // in order, first kQueued
  std::optional<RunOutcome> outcome;
  std::vector<FinalMetric> metrics;  // last value of each scraped metric
  std::optional<Timestamp> workload_started, workload_ended;
  bool stop_requested = false;
  bool stop_passed_on = false;  // of a gang: that was since another instance had failed
  bool preempted = false;       // asked to make room
  bool staged = false;          // of a gang: waits for the others, or went on with them
  std::string address;          // where the other instances reach it; "": the backend knew before
  // kServe: where the model server listens, on this machine.
  std::string serving_socket;  // Unix-domain socket path
  int restarts = 0;            // of a crashed model server
  RunPhase phase() const { return phases.empty() ? RunPhase::kQueued : phases.back().phase; }
};

// Which runs have to make room for a more urgent one that waits.
enum class Preemption {
  kOff,
  kSpot,     // spot runs
  kPriority  // any of a lower priority, and spot runs
};

// Where log lines and metric values of runs go. Called inside the very transaction that marks their
// report as applied, so that neither a crash nor a report sent twice repeats or loses a line.
struct RunSinks {
  std::function<void(store::Connection&, const JobSpec&, std::vector<store::LogEvent>)> logs;
  std::function<void(store::Connection&, const JobSpec&, const std::vector<FinalMetric>&)> metrics;
  // How the keys and the token of a run (bound to its id) stand in the database; nullopt from
  // `open` is an error. Empty: as they are.
  std::function<std::string(std::string_view text, std::string_view id)> seal;
  std::function<std::optional<std::string>(std::string_view sealed, std::string_view id)> open;
};

// threads: any. blocks: shortly. errors: StorageError. All state is stored: a new Runs over the
// same database goes on where the last one was, and asks the backend which agents still live.
// order: start() after the callback is set; stop() before the backend is destroyed; destroyed
// before the backend and the database.
class Runs {
 public:
  // Training runs share `capacity`; model servers are counted but never wait, since an endpoint
  // that has to queue behind training is of no use.
  Runs(store::Database& database, ComputeBackend& backend, const Clock& clock,
       const Limits& capacity, RunSinks sinks);
  ~Runs();
  static std::span<const store::Migration> migrations();

  // The callback gets every change (any thread; must only enqueue).
  enum class Change { kGoesOn, kEnded };
  void on_change(std::function<void(const JobSpec& spec, Change change)> callback);
  void preempt_when_needed(Preemption whom);  // before start(); else none has to
  void start();
  void stop();  // the server goes away; agents stay

  // Idempotent by spec.id. Queued at once, started when it is next (run_queue.h) and capacity
  // allows.
  // `access` is stored only as long as the run is queued or alive.
  void submit(const JobSpec& spec, const AgentAccess& access);
  // Several instances that run together, each with an agent of its own: all are admitted or none,
  // their workloads start when every one has its inputs, and one that does not succeed ends the
  // others. gang[0].id names the whole in the functions below; the others' ids are made of it.
  void submit(std::vector<JobSpec> gang, const AgentAccess& access);
  // Of a gang: the phase that every instance has reached, and an outcome once all have ended (the
  // first that failed, if any).
  std::optional<Run> find(const std::string& spec_id);
  // What a queued run waits for, for people; nullopt for one that is not queued.
  std::optional<std::string> waiting_for(const std::string& spec_id) const;
  // kEnded/kStopped at once when still queued; else the agents are asked to.
  void request_stop(const std::string& spec_id);
  // Takes its place from a run: it ends as by request_stop, but with kInterrupted. No effect on
  // one that is queued.
  void preempt(const std::string& spec_id);
  // Forgets an ended run and its folder, and frees the place that it kept (JobSpec::keeps_place).
  void forget(const std::string& spec_id);

  // What an agent sends: {"reports": [...]}, each as agent/README.md says. Returns what the agent
  // should know: {"known": true, "stop": false, "applied": 17, "go": true}; {"known": false} for a
  // run that nobody waits for any more. "go": every instance has reported "staged"; "peers"
  // then has their addresses, unless the compute backend gave them before. Throws
  // std::invalid_argument on a bad token or body. Each report is applied once (sequence numbers),
  // so that agents may send again after an answer was lost.
  json::object apply_report(std::string_view spec_id, std::string_view token,
                            const json::object& body);

  // What waits and what runs, for people and metrics.
  struct Load {
    std::size_t queued = 0, running = 0;
    double cpus_used = 0, cpus = 0;
    std::uint64_t memory_used = 0, memory = 0;
  };
  Load load() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace clary::engine
