#include "agent/transform/transform.h"

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
#include "agent/transform/pipeline_thread.h"
#include "agent/volume.h"
#include "base/errors.h"
#include "base/log.h"

namespace clary::agent {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using SteadyTime = std::chrono::steady_clock::time_point;

// How long SageMaker waits for the first good /ping of a transform job.
constexpr std::chrono::minutes kStartupTime{30};

class Transforming {
 public:
  Transforming(const RunFile& run, Reporter& reporter, StopRequest& stop, const Clock& clock)
      : run_(run),
        reporter_(reporter),
        stop_(stop),
        clock_(clock),
        opt_ml_(run.opt_ml / "opt"),
        scratch_(run.opt_ml / "objects"),
        s3_{.server = run.server, .region = run.spec.region, .credentials = run.credentials},
        shipper_(reporter, clock) {}
  json::object run();

 private:
  void prepare();
  void staged();
  void look_at_health();
  void look_at_pipeline();
  void ended();
  void ask_to_stop();
  void look_at_deadlines();
  milliseconds until_next() const;
  void step();
  void pump();
  void report_metrics(json::array metrics) {
    if (!metrics.empty()) reporter_.report({{"metrics", std::move(metrics)}});
  }
  void conclude(json::object outcome);
  void fail(const std::string& reason) { conclude(outcome_report("failed", 0, reason)); }

  const RunFile& run_;
  Reporter& reporter_;
  StopRequest& stop_;
  const Clock& clock_;
  // Beside each other in the run's volume: the model server sees the first only.
  const fs::path opt_ml_, scratch_;
  const S3Options s3_;
  LogShipper shipper_;
  std::optional<Volume> volume_;  // under all that the run has on the disk
  std::optional<SocketFolder> socket_folder_;
  std::unique_ptr<Workload> server_;  // goes before its folder
  std::optional<Staging> staging_;
  std::optional<Pinger> pinger_;
  std::optional<PipelineThread> pipeline_;
  std::optional<ResourceSampler> sampler_;  // while the server runs
  std::optional<SteadyTime> ready_by_, time_out_at_, kill_at_;
  std::optional<json::object> result_;  // known; the run ends once the server has
  bool terminated_ = false;             // the server was asked to end
};

void Transforming::prepare() {
  volume_.emplace(run_, s3_, clock_);
  lay_out_opt_ml(run_.spec, opt_ml_);
  std::error_code error;
  fs::create_directories(scratch_, error);
  if (error) throw StorageError("create " + scratch_.string() + ": " + error.message());
  staging_.emplace(run_.spec, opt_ml_, s3_, clock_);
  reporter_.phase("downloading");
  socket_folder_.emplace(run_);
  server_ = make_model_server(run_, opt_ml_, *socket_folder_);
}

// The outcome is known; what is left is the server, which gets its grace.
void Transforming::conclude(json::object outcome) {
  if (result_) return;
  result_ = std::move(outcome);
  pinger_.reset();
  ready_by_.reset();
  time_out_at_.reset();
  if (staging_) staging_->cancel();
  if (pipeline_) pipeline_->cancel();
  if (!std::exchange(terminated_, true)) {
    server_->terminate();
    kill_at_ = clock_.steady_now() + run_.spec.limits.term_grace;
  }
}

void Transforming::staged() {
  const std::exception_ptr error = staging_->result();
  staging_.reset();
  if (result_) return;
  if (error) return fail(reason_of(error, "Model data download failed"));
  server_->go();
  const std::int64_t now = report_time(clock_);
  reporter_.report({{"phase", {{"phase", "running"}, {"time", now}, {"message", ""}}},
                    {"workload_started", now}});
  sampler_.emplace(server_->resources(),
                   ResourceLimits{.memory_bytes = run_.spec.limits.memory_bytes,
                                  .volume_bytes = run_.spec.limits.volume_bytes,
                                  .folder = opt_ml_},
                   clock_);
  pinger_.emplace(socket_folder_->socket(), run_.spec.health_path, PingTimes{});
  ready_by_ = clock_.steady_now() + kStartupTime;
  time_out_at_ = clock_.steady_now() + run_.spec.limits.max_runtime;
}

void Transforming::look_at_health() {
  pinger_->drain();
  if (!pinger_->ready() || pipeline_) return;
  ready_by_.reset();
  // A server that is busy with requests need not answer pings as well: that it lives is enough.
  pinger_.reset();
  pipeline_.emplace(run_.spec, s3_, clock_, socket_folder_->socket(), scratch_);
}

void Transforming::look_at_pipeline() {
  for (const std::string& line : pipeline_->take_lines()) shipper_.say(line);
  if (!pipeline_->over() || result_) return;
  for (const std::string& line : pipeline_->take_lines()) shipper_.say(line);
  try {
    const TransformResult result = pipeline_->result();
    if (result.failed > 0) return fail(result.reason);
    conclude(outcome_report("succeeded", 0, ""));
  } catch (const std::exception& error) {
    spdlog::error("{}", error.what());
    fail(reason_of(std::current_exception(), "Batch transform"));
  }
}

void Transforming::ended() {
  const auto exit = server_->poll();
  if (!exit) return;
  pump();
  if (result_) return;
  terminated_ = true;
  EndedWorkload ended;
  ended.exit = *exit;
  ended.failure = read_failure(opt_ml_, kLongestReason);
  ended.last_error = shipper_.last_error();
  ended.out_of_memory = server_->out_of_memory();
  ended.memory_limit = run_.spec.limits.memory_bytes;
  ended.volume_bytes = run_.spec.limits.volume_bytes;
  ended.instance_type = instance_type_of(run_.spec);
  fail(reason_of(ended));
}

void Transforming::ask_to_stop() {
  conclude(outcome_report("stopped", 0, ""));
}

void Transforming::look_at_deadlines() {
  const SteadyTime now = clock_.steady_now();
  if (sampler_ && now >= sampler_->next()) report_metrics(sampler_->sample());
  if (kill_at_ && now >= *kill_at_) {
    server_->kill();
    kill_at_.reset();
  }
  if (ready_by_ && now >= *ready_by_) {
    fail("AlgorithmError: the model server did not answer /ping with 200 within " +
         std::to_string(std::chrono::minutes(kStartupTime).count()) +
         " minutes. See job logs for more information");
  }
  if (time_out_at_ && now >= *time_out_at_) conclude(outcome_report("timed-out", 0, ""));
}

milliseconds Transforming::until_next() const {
  milliseconds wait = std::chrono::hours(1);
  const SteadyTime now = clock_.steady_now();
  if (const auto flush = shipper_.wait()) wait = std::min(wait, *flush);
  for (const auto& deadline : {ready_by_, time_out_at_, kill_at_}) {
    if (deadline) wait = std::min(wait, std::chrono::ceil<milliseconds>(*deadline - now));
  }
  if (sampler_) wait = std::min(wait, std::chrono::ceil<milliseconds>(sampler_->next() - now));
  return std::max(wait, milliseconds(0));
}

void Transforming::pump() {
  std::array<char, 64 * 1024> buffer;
  for (int round = 0; round < 16; ++round) {  // a flood must not hide a stop
    const ssize_t output = read(server_->output(), buffer.data(), buffer.size());
    if (output > 0) shipper_.output({buffer.data(), static_cast<std::size_t>(output)});
    const ssize_t error = read(server_->error(), buffer.data(), buffer.size());
    if (error > 0) shipper_.error({buffer.data(), static_cast<std::size_t>(error)});
    if (output <= 0 && error <= 0) return;
  }
}

void Transforming::step() {
  std::array<pollfd, 7> files{{{stop_.signals(), POLLIN, 0},
                               {stop_.asked(), POLLIN, 0},
                               {server_->exit_event(), POLLIN, 0},
                               {server_->output(), POLLIN, 0},
                               {server_->error(), POLLIN, 0},
                               {staging_ ? staging_->done() : -1, POLLIN, 0},
                               {pinger_     ? pinger_->changed()
                                : pipeline_ ? pipeline_->changed()
                                            : -1,
                                POLLIN, 0}}};
  // A server that closed its output, but lives, must not make this loop spin.
  for (std::size_t i : {3U, 4U}) {
    pollfd probe{files[i].fd, POLLIN, 0};
    if (::poll(&probe, 1, 0) > 0 && (probe.revents & POLLIN) == 0) files[i].fd = -1;
  }
  ::poll(files.data(), files.size(), static_cast<int>(until_next().count()));
  pump();
  if (files[0].revents != 0 || files[1].revents != 0) {
    stop_.drain();
    ask_to_stop();
  }
  if (files[2].revents != 0) ended();  // before what its end does to requests
  if (files[5].revents != 0 && staging_) staged();
  if (files[6].revents != 0 && pinger_) {
    look_at_health();
  } else if (files[6].revents != 0 && pipeline_) {
    look_at_pipeline();
  }
  look_at_deadlines();
  shipper_.flush_if_due();
}

json::object Transforming::run() {
  try {
    prepare();
    while (!result_ || !server_->poll()) step();
  } catch (const std::exception& error) {
    spdlog::error("{}", error.what());
    if (!result_) {
      result_ = outcome_report("failed", 0,
                               reason_of(std::current_exception(), "Starting the model server"));
    }
  }
  if (pipeline_) {
    pipeline_->cancel();
    for (const std::string& line : pipeline_->take_lines()) shipper_.say(line);
  }
  if (server_) pump();
  shipper_.finish();
  reporter_.report({{"workload_ended", report_time(clock_)}});
  if (sampler_) report_metrics(sampler_->only_sample());
  server_.reset();  // what asks it ends with it
  pipeline_.reset();
  return std::move(*result_);
}

}  // namespace

json::object transform(const RunFile& run, Reporter& reporter, StopRequest& stop,
                       const Clock& clock) {
  return Transforming(run, reporter, stop, clock).run();
}

}  // namespace clary::agent
