// Runs over a database of the test's own and a backend that starts nothing.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <stdexcept>

#include "engine/runs.h"
#include "store/test_folder.h"

namespace clary::engine {

using std::chrono::milliseconds;

// Starts nothing; the test says what agents do.
class FakeBackend final : public ComputeBackend {
 public:
  std::string start(const JobSpec& spec, const AgentAccess& access) override {
    if (refuse) throw std::runtime_error("no such program");
    tokens[spec.id] = access.report_token;
    started.push_back(spec.id);
    return "handle-" + spec.id;
  }
  std::vector<std::string> start_gang(const std::vector<AgentStart>& gang) override {
    std::vector<std::string> handles;
    for (const AgentStart& one : gang) handles.push_back(start(one.spec, one.access));
    return handles;
  }
  void adopt(const std::string& id, std::string_view handle) override { adopted[id] = handle; }
  RunState state(std::string_view) override { return RunState::kAlive; }
  void stop(std::string_view handle) override { stopped.emplace_back(handle); }
  void kill(std::string_view) override {}
  std::vector<json::object> unsent_reports(const std::string&, std::uint64_t after) override {
    std::vector<json::object> reports;
    for (const json::object& report : spool) {
      if (report.at("seq").to_number<std::uint64_t>() > after) reports.push_back(report);
    }
    return reports;
  }
  void forget(const std::string& id) override { forgotten.push_back(id); }
  void on_exit(std::function<void(const std::string&)> callback) override { exited = callback; }

  bool refuse = false;
  std::vector<std::string> started, stopped, forgotten;
  std::map<std::string, std::string> adopted, tokens;
  std::vector<json::object> spool;
  std::function<void(const std::string&)> exited;
};

inline JobSpec spec_of(const std::string& id, double cpus = 1) {
  JobSpec spec;
  spec.id = id;
  spec.limits.cpus = cpus;
  spec.limits.memory_bytes = 1 << 30;
  return spec;
}

inline json::object body_of(std::initializer_list<json::object> reports) {
  return {{"reports", json::array(reports.begin(), reports.end())}};
}

inline json::object report_of(int seq, std::string_view phase) {
  return {{"seq", seq}, {"phase", {{"phase", phase}, {"time", 5000}, {"message", ""}}}};
}

inline json::object outcome_of(int seq, std::string_view kind) {
  return {{"seq", seq}, {"outcome", {{"kind", kind}, {"exit_code", 0}, {"reason", ""}}}};
}

class RunsTest : public ::testing::Test {
 protected:
  RunsTest() { open(); }
  // As a server that comes up again over the same folder.
  void open(Preemption preemption = Preemption::kOff) {
    runs_.reset();
    backend_ = std::make_unique<FakeBackend>();
    database_.reset();
    database_ = std::make_unique<store::Database>(
        folder_ / "runs.db", std::vector<std::span<const store::Migration>>{Runs::migrations()});
    Limits capacity;
    capacity.cpus = 2;
    capacity.memory_bytes = 4ULL << 30;
    RunSinks sinks;
    sinks.logs = [this](store::Connection&, const JobSpec&, std::vector<store::LogEvent> lines) {
      for (const store::LogEvent& line : lines) lines_.push_back(line.message);
    };
    sinks.metrics = [this](store::Connection&, const JobSpec&,
                           const std::vector<FinalMetric>& metrics) { points_ += metrics.size(); };
    runs_ = std::make_unique<Runs>(*database_, *backend_, clock_, capacity, sinks);
    runs_->on_change([this](const JobSpec& spec, Runs::Change) { changes_.push_back(spec.id); });
    runs_->preempt_when_needed(preemption);
    runs_->start();
  }
  engine::Run run(const std::string& id) { return runs_->find(id).value(); }

  store::TestFolder folder_;
  ManualClock clock_{Timestamp(milliseconds(1000))};
  std::vector<std::string> lines_, changes_;
  std::size_t points_ = 0;
  std::unique_ptr<store::Database> database_;
  std::unique_ptr<FakeBackend> backend_;
  std::unique_ptr<Runs> runs_;
  const AgentAccess access_{"http://x", "token", "AKIA", "secret", "session"};
};

}  // namespace clary::engine
