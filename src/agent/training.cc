#include "agent/training.h"

#include <poll.h>
#include <sys/eventfd.h>

#include <array>
#include <exception>
#include <optional>
#include <thread>

#include "agent/continuous_upload.h"
#include "agent/failure_reason.h"
#include "agent/hosts.h"
#include "agent/instances.h"
#include "agent/log_shipper.h"
#include "agent/network/private_network.h"
#include "agent/opt_ml.h"
#include "agent/pipe_channels.h"
#include "agent/resource_sampler.h"
#include "agent/shell_server.h"
#include "agent/stage_in.h"
#include "agent/stage_out.h"
#include "agent/staging.h"
#include "agent/volume.h"
#include "agent/workload.h"
#include "base/log.h"

namespace clary::agent {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using SteadyTime = std::chrono::steady_clock::time_point;

// One run, step by step; everything on the main thread but the staging.
class Training {
 public:
  Training(const RunFile& run, Reporter& reporter, StopRequest& stop, const Clock& clock)
      : run_(run),
        reporter_(reporter),
        stop_(stop),
        clock_(clock),
        opt_ml_(run.opt_ml),
        s3_{.server = run.server, .region = run.spec.region, .credentials = run.credentials},
        shipper_(reporter, clock) {}

  json::object run() {
    try {
      volume_.emplace(run_, s3_, clock_);
      lay_out_opt_ml(run_.spec, opt_ml_);
      // The sandbox is set up while the inputs come.
      staging_.emplace(run_.spec, opt_ml_, s3_, clock_);
      reporter_.phase("downloading");
      progress_at_ = clock_.steady_now() + kProgressEvery;
      if (PrivateNetwork::is_for(run_.spec)) network_.emplace(run_, clock_);
      workload_ = make_workload(
          {.run = run_, .opt_ml = opt_ml_, .network = network_ ? &*network_ : nullptr});
    } catch (const std::exception& error) {
      spdlog::error("{}", error.what());
      return outcome_report("failed", 0, reason_of(std::current_exception(), "Starting the job"));
    }
    watch();
    return conclude();
  }

 private:
  enum class Asked { kNothing, kStop, kTimeOut };

  void watch();
  void look_for_late_stop();
  void staged();
  void tell_progress(SteadyTime now);
  void begin();
  void look_at_network();
  void start(const std::vector<Peer>& peers);
  void ask(Asked what);
  milliseconds until_next() const;
  void report_metrics(json::array metrics) {
    if (!metrics.empty()) reporter_.report({{"metrics", std::move(metrics)}});
  }
  bool pump(int file, void (LogShipper::*take)(std::string_view));
  json::object conclude();
  json::object upload(std::string_view kind, Keep keep, std::string reason);
  std::string lost_network() const {
    return "InternalServerError: the network between the job's instances: " + network_error_ +
           ". Please check that the machines reach each other on any TCP port and start the job "
           "again.";
  }

  const RunFile& run_;
  Reporter& reporter_;
  StopRequest& stop_;
  const Clock& clock_;
  const fs::path opt_ml_;
  const S3Options s3_;
  LogShipper shipper_;
  std::optional<Volume> volume_;           // under all that the run has in opt_ml_
  std::optional<PrivateNetwork> network_;  // around the workload
  bool meeting_ = false;                   // the instances' networks are being connected
  std::string network_error_;
  std::unique_ptr<Workload> workload_;
  std::optional<Staging> staging_;              // set while inputs come; goes before what it uses
  std::optional<ContinuousUpload> continuous_;  // while the workload runs
  SteadyTime progress_at_;                      // when people are told of the staging next
  std::string told_;
  std::exception_ptr staging_error_, launch_error_;
  int go_ = -1;  // readable when the other instances are there too; -1: not waited for
  std::optional<ResourceSampler> sampler_;  // while the workload runs
  std::vector<PipePlan> plans_;             // of the channels to stream, once all is there
  std::exception_ptr pipe_error_;           // of a channel that broke while it was read
  std::unique_ptr<PipeChannels> pipes_;     // ends before the workload's folder is packed
  std::optional<ShellServer> shells_;       // while it runs
  bool running_ = false;
  Asked asked_ = Asked::kNothing;
  std::optional<SteadyTime> time_out_at_, kill_at_;
  std::optional<process::Exit> exit_;
};

// Reads what is there, but not without end: a flood must not hide a stop. False at the end of the
// stream.
bool Training::pump(int file, void (LogShipper::*take)(std::string_view)) {
  std::array<char, 64 * 1024> buffer;
  for (int round = 0; round < 16; ++round) {
    const ssize_t size = read(file, buffer.data(), buffer.size());
    if (size <= 0) return size < 0;  // EAGAIN: not the end
    (shipper_.*take)({buffer.data(), static_cast<std::size_t>(size)});
    if (static_cast<std::size_t>(size) < buffer.size()) return true;
  }
  return true;
}

milliseconds Training::until_next() const {
  milliseconds wait = std::chrono::hours(1);
  const SteadyTime now = clock_.steady_now();
  if (const auto flush = shipper_.wait()) wait = std::min(wait, *flush);
  for (const auto& deadline : {time_out_at_, kill_at_}) {
    if (deadline) wait = std::min(wait, std::chrono::ceil<milliseconds>(*deadline - now));
  }
  if (staging_) wait = std::min(wait, std::chrono::ceil<milliseconds>(progress_at_ - now));
  if (sampler_) wait = std::min(wait, std::chrono::ceil<milliseconds>(sampler_->next() - now));
  return std::max(wait, milliseconds(0));
}

void Training::ask(Asked what) {
  if (asked_ != Asked::kNothing) return;
  asked_ = what;
  time_out_at_.reset();
  if (staging_) staging_->cancel();
  if (!running_) return workload_->kill();
  workload_->terminate();
  kill_at_ = clock_.steady_now() + run_.spec.limits.term_grace;
}

void Training::tell_progress(SteadyTime now) {
  progress_at_ = now + kProgressEvery;
  std::string text = staging_->progress().text();
  if (text.empty() || text == told_) return;
  reporter_.progress(text);
  told_ = std::move(text);
}

void Training::staged() {
  staging_error_ = staging_->result();
  if (!told_.empty()) tell_progress(clock_.steady_now());  // where it ended
  plans_ = staging_->take_pipes();
  staging_.reset();
  if (staging_error_ || asked_ != Asked::kNothing) return workload_->kill();
  if (run_.spec.instance_count == 1) return begin();
  json::object report{{"staged", true}};
  if (network_) {
    report["address"] = network_->mesh().endpoint();
  } else if (run_.spec.peers.empty()) {
    report["address"] = own_address(run_.server);
  }
  reporter_.report(std::move(report));
  go_ = reporter_.await_go();
}

void Training::begin() {
  go_ = -1;
  if (asked_ != Asked::kNothing) return;
  std::vector<Peer> peers;
  for (const json::value& peer : reporter_.peers()) {
    peers.push_back({string_or(peer.as_object(), "host"), string_or(peer.as_object(), "address")});
  }
  if (!network_) return start(peers);
  std::vector<std::string> endpoints;
  for (const Peer& peer : peers) endpoints.push_back(peer.address);
  meeting_ = true;
  network_->mesh().meet(std::move(endpoints));
}

void Training::look_at_network() {
  eventfd_t count = 0;
  eventfd_read(network_->mesh().event(), &count);
  network_error_ = network_->mesh().failure();
  if (!network_error_.empty()) return workload_->kill();
  if (!network_->mesh().met() || !std::exchange(meeting_, false)) return;
  if (asked_ == Asked::kNothing) start(network_->peers());
}

void Training::start(const std::vector<Peer>& peers) {
  const auto own = static_cast<std::size_t>(run_.spec.instance_index);
  try {
    if (own < peers.size()) {
      write_hosts(run_.folder, run_.spec, peers);
      name_interface(run_.spec, opt_ml_,
                     network_ ? PrivateNetwork::kInterface : interface_of(peers[own].address));
    }
    if (!plans_.empty()) {
      pipes_ = std::make_unique<PipeChannels>(std::move(plans_), run_.spec, opt_ml_, s3_, clock_);
    }
    continuous_.emplace(run_.spec, opt_ml_, s3_, clock_);
  } catch (...) {
    staging_error_ = std::current_exception();
    return workload_->kill();
  }
  try {
    workload_->go();
  } catch (const std::exception&) {
    launch_error_ = std::current_exception();
    return workload_->kill();
  }
  running_ = true;
  time_out_at_ = clock_.steady_now() + run_.spec.limits.max_runtime;
  const std::int64_t now = report_time(clock_);
  reporter_.report({{"phase", {{"phase", "running"}, {"time", now}, {"message", ""}}},
                    {"workload_started", now}});
  shipper_.scrape(run_.spec.metrics);
  sampler_.emplace(workload_->resources(),
                   ResourceLimits{.memory_bytes = run_.spec.limits.memory_bytes,
                                  .volume_bytes = run_.spec.limits.volume_bytes,
                                  .folder = opt_ml_},
                   clock_);
  try {
    shells_.emplace(run_.folder / "shell.sock", environment_of({.run = run_, .opt_ml = opt_ml_}));
  } catch (const std::exception& error) {
    spdlog::warn("no shells: {}", error.what());  // the job does not need them
  }
}

void Training::watch() {
  bool output_open = true, error_open = true;
  while (!exit_) {
    std::array<pollfd, 10> files{{{stop_.signals(), POLLIN, 0},
                                  {stop_.asked(), POLLIN, 0},
                                  {workload_->exit_event(), POLLIN, 0},
                                  {output_open ? workload_->output() : -1, POLLIN, 0},
                                  {error_open ? workload_->error() : -1, POLLIN, 0},
                                  {staging_ ? staging_->done() : -1, POLLIN, 0},
                                  {go_, POLLIN, 0},
                                  {pipes_ && !pipe_error_ ? pipes_->failed() : -1, POLLIN, 0},
                                  {shells_ ? shells_->listening() : -1, POLLIN, 0},
                                  {network_ ? network_->mesh().event() : -1, POLLIN, 0}}};
    poll(files.data(), files.size(), static_cast<int>(until_next().count()));
    if (files[0].revents != 0 || files[1].revents != 0) {
      stop_.drain();
      ask(Asked::kStop);
    }
    if (files[5].revents != 0) staged();
    if (files[6].revents != 0) begin();
    if (files[7].revents != 0) {
      pipe_error_ = pipes_->error();
      workload_->kill();
    }
    if (files[8].revents != 0) shells_->accept(*workload_);
    if (files[9].revents != 0) look_at_network();
    if (files[2].revents != 0) exit_ = workload_->poll();
    // Also after the end: what it wrote last is still in the pipes.
    if (output_open) output_open = pump(workload_->output(), &LogShipper::output);
    if (error_open) error_open = pump(workload_->error(), &LogShipper::error);
    shipper_.flush_if_due();
    const SteadyTime now = clock_.steady_now();
    if (staging_ && now >= progress_at_) tell_progress(now);
    if (sampler_ && now >= sampler_->next()) report_metrics(sampler_->sample());
    if (time_out_at_ && now >= *time_out_at_) ask(Asked::kTimeOut);
    if (kill_at_ && now >= *kill_at_) {
      workload_->kill();
      kill_at_.reset();
    }
  }
  while (output_open && pump(workload_->output(), &LogShipper::output)) {
    pollfd rest{workload_->output(), POLLIN, 0};
    if (poll(&rest, 1, 0) <= 0) break;
  }
  while (error_open && pump(workload_->error(), &LogShipper::error)) {
    pollfd rest{workload_->error(), POLLIN, 0};
    if (poll(&rest, 1, 0) <= 0) break;
  }
  shipper_.finish();
  look_for_late_stop();
}

// A cluster that ends a job signals all its processes, and the workload may be gone before the
// agent has its own signal. Only the agent's tells that the program did not end by itself.
void Training::look_for_late_stop() {
  constexpr int kLate = 1000;  // milliseconds
  if (asked_ != Asked::kNothing || process::shell_code(*exit_) != 128 + SIGTERM) return;
  std::array<pollfd, 2> files{{{stop_.signals(), POLLIN, 0}, {stop_.asked(), POLLIN, 0}}};
  if (poll(files.data(), files.size(), kLate) <= 0) return;
  stop_.drain();
  asked_ = Asked::kStop;
}

json::object Training::conclude() {
  if (staging_) {  // the sandbox ended before its inputs were there
    staging_->cancel();
    staging_error_ = staging_->result();
    staging_.reset();
  }
  const std::int64_t now = report_time(clock_);
  if (!running_) {
    if (asked_ != Asked::kNothing) return outcome_report("stopped", 0, "");
    if (staging_error_) {
      return outcome_report("failed", 0, reason_of(staging_error_, "Data download failed"));
    }
    if (launch_error_) {
      return outcome_report("failed", 0, reason_of(launch_error_, "Starting the job"));
    }
    if (!network_error_.empty()) return outcome_report("failed", 0, lost_network());
    return outcome_report("failed", process::shell_code(*exit_),
                          "InternalServerError: the sandbox ended before the program started: " +
                              shipper_.last_error() +
                              ". Please check that bubblewrap works on this machine (bwrap "
                              "--ro-bind / / true) and start the job again.");
  }
  reporter_.report({{"workload_ended", now}});
  if (sampler_) report_metrics(sampler_->only_sample());
  sampler_.reset();
  // Also one that the workload did not live to wait for.
  if (pipes_ && !pipe_error_) pipe_error_ = pipes_->error();
  pipes_.reset();
  shells_.reset();
  if (pipe_error_) {
    return upload("failed", Keep::kWithoutModel, reason_of(pipe_error_, "Data download failed"));
  }
  if (asked_ == Asked::kStop) return upload("stopped", Keep::kWhatIsThere, "");
  if (asked_ == Asked::kTimeOut) return upload("timed-out", Keep::kWhatIsThere, "");
  if (!network_error_.empty()) return upload("failed", Keep::kWithoutModel, lost_network());
  if (const std::string lost = workload_->lost(); !lost.empty()) {
    return upload("failed", Keep::kWithoutModel, "InternalServerError: " + lost);
  }
  if (process::shell_code(*exit_) == 0) return upload("succeeded", Keep::kAll, "");
  EndedWorkload ended;
  ended.exit = *exit_;
  ended.failure = read_failure(opt_ml_, kLongestReason);
  ended.last_error = shipper_.last_error();
  ended.out_of_memory = workload_->out_of_memory();
  ended.memory_limit = run_.spec.limits.memory_bytes;
  ended.volume_bytes = run_.spec.limits.volume_bytes;
  ended.instance_type = instance_type_of(run_.spec);
  return upload("failed", Keep::kWithoutModel, reason_of(ended));
}

json::object Training::upload(std::string_view kind, Keep keep, std::string reason) {
  reporter_.phase("uploading");
  const int code = process::shell_code(*exit_);
  workload_.reset();  // no process of the sandbox is left that could change what is packed
  const std::atomic<bool> never{false};
  UploadProgress progress(
      clock_, [this] { return bytes_to_stage_out(run_.spec, opt_ml_); },
      [this](const std::string& text) { reporter_.progress(text); });
  const bool first = run_.spec.instance_index == 0;
  std::vector<fs::path> others;
  if (!first) mark_workload_ended(run_.folder);
  if (first && run_.spec.instance_count > 1 && kind != "failed") {
    Others ended = wait_for_others(run_, stop_, clock_, asked_ != Asked::kNothing);
    others = std::move(ended.folders);
    if (ended.stopped && kind == "succeeded") {
      kind = "stopped";
      keep = Keep::kWhatIsThere;
    }
  }
  try {
    volume_->check();
    stage_out(run_.spec,
              {.keep = keep,
               .uploaded = continuous_->finish(),
               .progress = &progress,
               .archives = first ? StageOut::Archives::kPack : StageOut::Archives::kSkip,
               .others = others},
              opt_ml_, s3_, clock_, never);
    volume_->check();  // what was missing may have looked as if it had never been
  } catch (const std::exception& error) {
    spdlog::error("{}", error.what());
    // A failure before is the better reason.
    if (reason.empty()) reason = reason_of(std::current_exception(), "Artifact upload failed");
    kind = "failed";
  }
  std::string message;
  if (run_.spec.exit_message) {
    try {
      message = read_exit_message(opt_ml_);
    } catch (const InputError& bad) {
      if (reason.empty()) reason = std::string("ClientError: ") + bad.what();
      kind = "failed";
    }
  }
  json::object report = outcome_report(kind, code, reason);
  if (!message.empty()) report.at("outcome").as_object()["message"] = message;
  return report;
}

}  // namespace

json::object outcome_report(std::string_view kind, int exit_code, const std::string& reason) {
  return {{"outcome", {{"kind", kind}, {"exit_code", exit_code}, {"reason", reason}}}};
}

json::object run_to_end(const RunFile& run, Reporter& reporter, StopRequest& stop,
                        const Clock& clock) {
  return Training(run, reporter, stop, clock).run();
}

}  // namespace clary::agent
