#include "agent/serving.h"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <optional>

#include "agent/failure_reason.h"
#include "agent/log_shipper.h"
#include "agent/model_server.h"
#include "agent/opt_ml.h"
#include "agent/pinger.h"
#include "agent/resource_sampler.h"
#include "agent/staging.h"
#include "agent/training.h"
#include "agent/volume.h"
#include "agent/workload.h"
#include "base/log.h"

namespace clary::agent {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::seconds;
using SteadyTime = std::chrono::steady_clock::time_point;

constexpr milliseconds kFirstPause{100};
constexpr milliseconds kLongestPause{10000};
constexpr seconds kSteady{60};  // up for that long: the next crash counts as the first
constexpr seconds kStartupTime{480};
constexpr seconds kSampleEvery{60};  // of CPU and memory use: SageMaker's own period
constexpr seconds kLongestStartupTime{3600};

class Serving {
 public:
  Serving(const RunFile& run, Reporter& reporter, StopRequest& stop, const Clock& clock)
      : run_(run),
        reporter_(reporter),
        stop_(stop),
        clock_(clock),
        opt_ml_(run.opt_ml),
        s3_{.server = run.server, .region = run.spec.region, .credentials = run.credentials},
        shipper_(reporter, clock) {}

  json::object run();

 private:
  seconds startup_time() const {
    const seconds asked = run_.spec.limits.max_runtime;
    return asked <= kLongestStartupTime ? asked : kStartupTime;
  }
  void prepare();
  void renew_workload();
  void start_serving();
  void step();
  void look_at_health();
  void ended();
  void restart_later(const std::string& why);
  void ask_to_stop();
  void look_at_deadlines();
  milliseconds until_next() const;
  void pump();
  void fail(std::string reason) { result_ = outcome_report("failed", 0, reason); }

  const RunFile& run_;
  Reporter& reporter_;
  StopRequest& stop_;
  const Clock& clock_;
  const fs::path opt_ml_;
  const S3Options s3_;
  LogShipper shipper_;
  std::optional<Volume> volume_;  // under all that the run has in opt_ml_
  std::optional<SocketFolder> socket_folder_;
  std::unique_ptr<Workload> workload_;  // goes before its folder
  std::optional<Staging> staging_;
  std::optional<Pinger> pinger_;
  std::optional<ResourceSampler> sampler_;  // of the workload that runs
  std::optional<SteadyTime> ready_by_, restart_at_, kill_at_;
  SteadyTime serving_since_;
  bool serving_ = false, ever_ready_ = false, stopping_ = false;
  int crashes_ = 0, restarts_ = 0;  // in a row; since the run began
  std::optional<json::object> result_;
};

void Serving::prepare() {
  volume_.emplace(run_, s3_, clock_);
  lay_out_opt_ml(run_.spec, opt_ml_);
  socket_folder_.emplace(run_);
}

void Serving::renew_workload() {
  workload_.reset();
  workload_ = make_model_server(run_, opt_ml_, *socket_folder_);
}

void Serving::start_serving() {
  workload_->go();
  sampler_.emplace(workload_->resources(),
                   ResourceLimits{.memory_bytes = run_.spec.limits.memory_bytes,
                                  .volume_bytes = run_.spec.limits.volume_bytes,
                                  .folder = opt_ml_,
                                  .every = kSampleEvery},
                   clock_);
  pinger_.emplace(socket_folder_->socket(), run_.spec.health_path, PingTimes{});
  ready_by_ = clock_.steady_now() + startup_time();
}

void Serving::pump() {
  if (!workload_) return;
  std::array<char, 64 * 1024> buffer;
  for (int round = 0; round < 16; ++round) {  // a flood must not hide a stop
    const ssize_t output = read(workload_->output(), buffer.data(), buffer.size());
    if (output > 0) shipper_.output({buffer.data(), static_cast<std::size_t>(output)});
    const ssize_t error = read(workload_->error(), buffer.data(), buffer.size());
    if (error > 0) shipper_.error({buffer.data(), static_cast<std::size_t>(error)});
    if (output <= 0 && error <= 0) return;
  }
}

void Serving::ask_to_stop() {
  if (std::exchange(stopping_, true)) return;
  if (staging_) staging_->cancel();
  if (!workload_ || !pinger_) {  // nothing runs that could end in order
    result_ = outcome_report("stopped", 0, "");
    return;
  }
  pinger_.reset();
  ready_by_.reset();
  workload_->terminate();
  kill_at_ = clock_.steady_now() + run_.spec.limits.term_grace;
}

void Serving::restart_later(const std::string& why) {
  const SteadyTime now = clock_.steady_now();
  if (serving_ && now - serving_since_ > kSteady) crashes_ = 0;
  serving_ = false;
  pinger_.reset();
  ready_by_.reset();
  sampler_.reset();
  workload_.reset();
  const milliseconds pause = std::min(kLongestPause, kFirstPause * (1 << std::min(crashes_, 10)));
  ++crashes_;
  restart_at_ = now + pause;
  ++restarts_;
  reporter_.report(
      {{"phase",
        {{"phase", "starting"}, {"time", report_time(clock_)}, {"message", "Restarting: " + why}}},
       {"restarts", restarts_}});
}

void Serving::ended() {
  const auto exit = workload_->poll();
  if (!exit) return;
  pump();
  const bool out_of_memory = workload_->out_of_memory();
  const int code = process::shell_code(*exit);
  if (stopping_) {
    result_ = outcome_report("stopped", code, "");
    return;
  }
  EndedWorkload workload;
  workload.exit = *exit;
  workload.failure = read_failure(opt_ml_, kLongestReason);
  workload.last_error = shipper_.last_error();
  workload.out_of_memory = out_of_memory;
  workload.memory_limit = run_.spec.limits.memory_bytes;
  workload.volume_bytes = run_.spec.limits.volume_bytes;
  workload.instance_type = instance_type_of(run_.spec);
  const std::string lost = workload_->lost();
  const std::string reason = lost.empty() ? reason_of(workload) : "InternalServerError: " + lost;
  if (!ever_ready_ && crashes_ + 1 >= run_.spec.start_attempts) return fail(reason);
  restart_later(reason);
}

void Serving::look_at_health() {
  pinger_->drain();
  if (pinger_->ready() && !serving_) {
    serving_ = ever_ready_ = true;
    serving_since_ = clock_.steady_now();
    ready_by_.reset();
    reporter_.report(
        {{"phase", {{"phase", "serving"}, {"time", report_time(clock_)}, {"message", ""}}},
         {"serving_socket", socket_folder_->socket().string()}});
    return;
  }
  const JobSpec& spec = run_.spec;
  if (!serving_ || spec.unhealthy_pings == 0) return;
  if (pinger_->failures_in_a_row() < spec.unhealthy_pings) return;
  shipper_.say("The server no longer answers " + spec.health_path + " and is restarted");
  workload_->kill();
  restart_later("it no longer answered " + spec.health_path);
}

void Serving::look_at_deadlines() {
  const SteadyTime now = clock_.steady_now();
  if (sampler_ && now >= sampler_->next()) {
    if (json::array metrics = sampler_->sample(); !metrics.empty()) {
      reporter_.report({{"metrics", std::move(metrics)}});
    }
  }
  if (kill_at_ && now >= *kill_at_) {
    workload_->kill();
    kill_at_.reset();
  }
  if (ready_by_ && now >= *ready_by_) {
    fail("The container did not pass the ping health check within " +
         std::to_string(startup_time().count()) +
         " seconds. Please check CloudWatch logs for this endpoint.");
  }
  if (restart_at_ && now >= *restart_at_ && !stopping_) {
    restart_at_.reset();
    renew_workload();
    start_serving();
  }
}

milliseconds Serving::until_next() const {
  milliseconds wait = std::chrono::hours(1);
  const SteadyTime now = clock_.steady_now();
  if (const auto flush = shipper_.wait()) wait = std::min(wait, *flush);
  for (const auto& deadline : {ready_by_, restart_at_, kill_at_}) {
    if (deadline) wait = std::min(wait, std::chrono::ceil<milliseconds>(*deadline - now));
  }
  if (sampler_) wait = std::min(wait, std::chrono::ceil<milliseconds>(sampler_->next() - now));
  return std::max(wait, milliseconds(0));
}

void Serving::step() {
  std::array<pollfd, 7> files{{{stop_.signals(), POLLIN, 0},
                               {stop_.asked(), POLLIN, 0},
                               {workload_ ? workload_->exit_event() : -1, POLLIN, 0},
                               {workload_ ? workload_->output() : -1, POLLIN, 0},
                               {workload_ ? workload_->error() : -1, POLLIN, 0},
                               {staging_ ? staging_->done() : -1, POLLIN, 0},
                               {pinger_ ? pinger_->changed() : -1, POLLIN, 0}}};
  // A server that closed its output, but lives, must not make this loop spin.
  for (std::size_t i : {3U, 4U}) {
    pollfd probe{files[i].fd, POLLIN, 0};
    if (files[i].fd >= 0 && poll(&probe, 1, 0) > 0 && (probe.revents & POLLIN) == 0) {
      files[i].fd = -1;
    }
  }
  poll(files.data(), files.size(), static_cast<int>(until_next().count()));
  pump();
  if (files[0].revents != 0 || files[1].revents != 0) {
    stop_.drain();
    ask_to_stop();
  }
  if (!result_ && files[5].revents != 0 && staging_) {
    const std::exception_ptr error = staging_->result();
    staging_.reset();
    if (error) return fail(reason_of(error, "Model data download failed"));
    start_serving();
  }
  if (!result_ && files[6].revents != 0 && pinger_) look_at_health();
  if (!result_ && files[2].revents != 0 && workload_) ended();
  if (!result_) look_at_deadlines();
  shipper_.flush_if_due();
}

json::object Serving::run() {
  try {
    prepare();
    staging_.emplace(run_.spec, opt_ml_, s3_, clock_);
    reporter_.phase("downloading");
    renew_workload();
    while (!result_) step();
  } catch (const std::exception& error) {
    spdlog::error("{}", error.what());
    fail(reason_of(std::current_exception(), "Starting the model server"));
  }
  pump();
  shipper_.finish();
  return std::move(*result_);
}

}  // namespace

json::object serve(const RunFile& run, Reporter& reporter, StopRequest& stop, const Clock& clock) {
  return Serving(run, reporter, stop, clock).run();
}

}  // namespace clary::agent
