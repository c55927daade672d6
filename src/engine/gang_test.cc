// Instances that run together: admission, the barrier, failure of one, restart of the server.
#include "engine/gang.h"

#include "engine/test_runs.h"

namespace clary::engine {
namespace {

using Kind = RunOutcome::Kind;

json::object staged(int seq) {
  return {{"seq", seq}, {"staged", true}};
}

class GangTest : public RunsTest {
 protected:
  void submit(const std::string& id, int count, double cpus = 1) {
    runs_->submit(std::vector<JobSpec>(static_cast<std::size_t>(count), spec_of(id, cpus)),
                  access_);
  }
  json::object tell(const std::string& id, std::initializer_list<json::object> reports) {
    return runs_->apply_report(id, backend_->tokens.at(id), body_of(reports));
  }
};

TEST_F(GangTest, StartsAnAgentForEachWithATokenOfItsOwn) {
  submit("g", 2);
  submit("g", 2);
  EXPECT_EQ(backend_->started, (std::vector<std::string>{"g", "g-2"}));
  EXPECT_NE(backend_->tokens.at("g"), backend_->tokens.at("g-2"));
  EXPECT_THROW(runs_->apply_report("g-2", "token", body_of({})), std::invalid_argument);
  EXPECT_EQ(run("g").spec.instance_count, 2);
  EXPECT_FALSE(runs_->find("g-2").has_value()) << "a gang has one name";
  EXPECT_EQ(runs_->load().running, 1U);
}

TEST_F(GangTest, AdmitsAllOrNone) {
  submit("a", 1, 1);
  submit("g", 2, 1);
  submit("h", 2, 1);
  EXPECT_EQ(backend_->started, std::vector<std::string>{"a"}) << "one of g would have fitted";
  EXPECT_EQ(run("g").phase(), RunPhase::kQueued);
  runs_->apply_report("a", "token", body_of({outcome_of(1, "succeeded")}));
  EXPECT_EQ(backend_->started, (std::vector<std::string>{"a", "g", "g-2"}));
  tell("g", {outcome_of(1, "succeeded")});
  EXPECT_EQ(run("h").phase(), RunPhase::kQueued) << "g-2 still has its place";
  tell("g-2", {outcome_of(1, "succeeded")});
  EXPECT_EQ(backend_->started.size(), 5U);
  EXPECT_EQ(run("g").outcome->kind, Kind::kSucceeded);
}

TEST_F(GangTest, AGangLargerThanTheMachineGetsAllOfIt) {
  submit("g", 5, 1);
  EXPECT_EQ(backend_->started.size(), 5U);
  EXPECT_EQ(runs_->load().cpus_used, 2);
}

TEST_F(GangTest, GoesOnWhenAllAreStaged) {
  submit("g", 2);
  EXPECT_FALSE(tell("g", {report_of(1, "downloading")}).contains("go"));
  EXPECT_EQ(tell("g", {staged(2)}).at("go"), false);
  EXPECT_EQ(run("g").phase(), RunPhase::kStarting) << "g-2 has not begun to download";
  open();
  EXPECT_EQ(backend_->adopted.size(), 2U);
  EXPECT_EQ(runs_->apply_report("g", "token", body_of({})).at("go"), false);
}

TEST_F(GangTest, TheBarrierOutlivesTheServer) {
  submit("g", 2);
  const std::string second = backend_->tokens.at("g-2");
  tell("g", {staged(1)});
  open();
  EXPECT_EQ(runs_->apply_report("g-2", second, body_of({staged(1)})).at("go"), true);
  EXPECT_EQ(runs_->apply_report("g", "token", body_of({})).at("go"), true);
}

TEST_F(GangTest, OneThatFailsEndsTheOthersAndIsTheReason) {
  submit("g", 3);
  for (const auto* id : {"g", "g-2", "g-3"}) tell(id, {report_of(1, "running")});
  EXPECT_EQ(run("g").phase(), RunPhase::kRunning);
  tell("g-2", {{{"seq", 2}, {"outcome", {{"kind", "failed"}, {"exit_code", 7}, {"reason", "x"}}}}});
  EXPECT_EQ(backend_->stopped, (std::vector<std::string>{"handle-g", "handle-g-3"}));
  EXPECT_EQ(tell("g", {}).at("stop"), true);
  EXPECT_FALSE(run("g").outcome.has_value()) << "the others still end";
  EXPECT_EQ(run("g").phase(), RunPhase::kRunning);
  clock_.advance(milliseconds(10));
  tell("g", {outcome_of(2, "stopped")});
  tell("g-3", {outcome_of(2, "failed")});
  ASSERT_TRUE(run("g").outcome.has_value());
  EXPECT_EQ(run("g").outcome->kind, Kind::kFailed);
  EXPECT_EQ(run("g").outcome->exit_code, 7);
  runs_->forget("g");
  EXPECT_EQ(backend_->forgotten.size(), 3U);
  EXPECT_EQ(tell("g-3", {}).at("known"), false);
}

TEST_F(GangTest, ATransformThatFailsLeavesTheOthersTheirObjects) {
  JobSpec spec = spec_of("g");
  spec.mode = JobSpec::Mode::kTransform;
  runs_->submit({spec, spec}, access_);
  for (const auto* id : {"g", "g-2"}) tell(id, {report_of(1, "running")});
  tell("g-2", {{{"seq", 2}, {"outcome", {{"kind", "failed"}, {"exit_code", 0}, {"reason", "x"}}}}});
  EXPECT_TRUE(backend_->stopped.empty());
  EXPECT_FALSE(run("g").outcome.has_value());
  clock_.advance(milliseconds(10));
  tell("g", {outcome_of(2, "succeeded")});
  EXPECT_EQ(run("g").outcome->kind, Kind::kFailed);
  EXPECT_EQ(run("g").outcome->reason, "x");
}

TEST_F(GangTest, ALostMemberEndsTheOthers) {
  submit("g", 2);
  backend_->exited("g-2");
  EXPECT_EQ(backend_->stopped, std::vector<std::string>{"handle-g"});
  backend_->exited("g");
  EXPECT_EQ(run("g").outcome->kind, Kind::kAgentLost);
  EXPECT_NE(run("g").outcome->reason.find("instance algo-2"), std::string::npos)
      << run("g").outcome->reason;
}

TEST_F(GangTest, AFailureIsPassedOnByTheNextServer) {
  submit("g", 2);
  // As if the server had died between the report and the others' stop.
  database_->write([](store::Connection& connection) {
    static constexpr char kBreak[] =
        "UPDATE runs SET state=json_set(state,'$.outcome',json('{\"kind\":\"failed\"}')) "
        "WHERE id='g-2'";
    connection.statement(kBreak).run();
  });
  open();
  EXPECT_EQ(backend_->stopped, std::vector<std::string>{"handle-g"});
}

TEST_F(GangTest, StopsAllQueuedOrRunning) {
  submit("g", 2);
  submit("h", 2);
  runs_->request_stop("h");
  EXPECT_EQ(run("h").outcome->kind, Kind::kStopped);
  runs_->request_stop("g");
  EXPECT_EQ(backend_->stopped, (std::vector<std::string>{"handle-g", "handle-g-2"}));
  EXPECT_TRUE(run("g").stop_requested);
  tell("g", {outcome_of(1, "succeeded")});
  tell("g-2", {outcome_of(1, "stopped")});
  EXPECT_EQ(run("g").outcome->kind, Kind::kStopped);
}

TEST_F(GangTest, AStartThatFailsFailsTheWhole) {
  backend_->refuse = true;
  submit("g", 2, 2);
  EXPECT_TRUE(run("g").outcome->reason.starts_with("InternalServerError: no such program. "));
  EXPECT_EQ(runs_->load().running, 0U);
  EXPECT_EQ(runs_->load().cpus_used, 0);
}

TEST_F(GangTest, WhatWaitsIsRestoredAsAWhole) {
  submit("g", 2);
  submit("h", 3);
  open();
  EXPECT_EQ(runs_->load().queued, 1U);
  EXPECT_EQ(runs_->load().running, 1U);
  EXPECT_EQ(run("h").spec.instance_count, 3);
}

TEST_F(GangTest, PreemptionInterrupts) {
  submit("a", 1);
  submit("g", 2);
  runs_->preempt("g");
  EXPECT_EQ(run("g").phase(), RunPhase::kQueued);
  runs_->preempt("a");
  EXPECT_EQ(backend_->stopped, std::vector<std::string>{"handle-a"});
  const json::object answer =
      runs_->apply_report("a", "token", body_of({report_of(1, "uploading")}));
  EXPECT_EQ(answer.at("stop"), true);
  runs_->apply_report("a", "token", body_of({outcome_of(2, "stopped")}));
  EXPECT_EQ(run("a").outcome->kind, Kind::kInterrupted);
  runs_->preempt("g");
  backend_->exited("g");
  tell("g-2", {outcome_of(1, "stopped")});
  EXPECT_EQ(run("g").outcome->kind, Kind::kInterrupted);
}

TEST(MergedRun, TellsWhatAllHaveReached) {
  const auto at = [](int time) { return Timestamp(milliseconds(time)); };
  engine::Run a, b;
  a.phases = {{RunPhase::kQueued, at(0), ""},
              {RunPhase::kStarting, at(1), ""},
              {RunPhase::kDownloading, at(2), "1 of 2"},
              {RunPhase::kRunning, at(9), ""}};
  b.phases = {{RunPhase::kQueued, at(0), ""},
              {RunPhase::kStarting, at(1), ""},
              {RunPhase::kDownloading, at(3), "2 of 3"}};
  a.metrics = {{"loss", 1, at(5)}, {"auc", 2, at(5)}};
  b.metrics = {{"loss", 3, at(6)}};
  const engine::Run* both[] = {&a, &b};
  const engine::Run whole = merged_run(both);
  ASSERT_EQ(whole.phases.size(), 3U);
  EXPECT_EQ(whole.phases[2].time, at(3));
  EXPECT_EQ(whole.phases[2].message, "2 of 3");
  ASSERT_EQ(whole.metrics.size(), 2U);
  EXPECT_EQ(whole.metrics[0].value, 3);
}

}  // namespace
}  // namespace clary::engine
