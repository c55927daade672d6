#include <atomic>
#include <thread>

#include "engine/test_runs.h"

namespace clary::engine {
namespace {

TEST_F(RunsTest, StartsOnceAndFollowsTheReports) {
  runs_->submit(spec_of("a"), access_);
  runs_->submit(spec_of("a"), access_);
  EXPECT_EQ(backend_->started, std::vector<std::string>{"a"});
  EXPECT_EQ(run("a").phase(), RunPhase::kStarting);
  EXPECT_EQ(run("a").handle, "handle-a");
  const json::object answer = runs_->apply_report(
      "a", "token", body_of({report_of(1, "downloading"), report_of(2, "running")}));
  EXPECT_EQ(answer.at("applied"), 2);
  EXPECT_EQ(answer.at("stop"), false);
  EXPECT_EQ(run("a").phase(), RunPhase::kRunning);
  runs_->apply_report("a", "token", body_of({outcome_of(3, "succeeded")}));
  EXPECT_EQ(run("a").outcome->kind, RunOutcome::Kind::kSucceeded);
  EXPECT_EQ(run("a").phase(), RunPhase::kEnded);
  EXPECT_EQ(runs_->load().running, 0U);
  EXPECT_EQ(changes_, (std::vector<std::string>{"a", "a"}));
  backend_->exited("a");
  EXPECT_EQ(run("a").outcome->kind, RunOutcome::Kind::kSucceeded);
}

TEST_F(RunsTest, AppliesEachReportOnce) {
  runs_->submit(spec_of("a"), access_);
  const json::object lines{
      {"seq", 1},
      {"logs", json::array{{{"t", 5}, {"m", "one"}}, {{"t", 6}, {"m", "two"}}}},
      {"metrics", json::array{{{"name", "auc"}, {"value", 0.5}, {"time", 5}},
                              {{"name", "auc"}, {"value", 0.75}, {"time", 6}}}}};
  runs_->apply_report("a", "token", body_of({lines}));
  const json::object again = runs_->apply_report("a", "token", body_of({lines}));
  EXPECT_EQ(again.at("applied"), 1);
  EXPECT_EQ(lines_, (std::vector<std::string>{"one", "two"}));
  EXPECT_EQ(points_, 2U);
  ASSERT_EQ(run("a").metrics.size(), 1U);
  EXPECT_EQ(run("a").metrics[0].value, 0.75);
  // A gap is not jumped over.
  EXPECT_EQ(runs_->apply_report("a", "token", body_of({report_of(3, "running")})).at("applied"), 1);
  EXPECT_EQ(run("a").phase(), RunPhase::kStarting);
  // Nor after a restart of the server.
  open();
  EXPECT_EQ(runs_->apply_report("a", "token", body_of({lines})).at("applied"), 1);
  EXPECT_EQ(lines_.size(), 2U);
}

TEST_F(RunsTest, RefusesWrongTokensAndShapes) {
  runs_->submit(spec_of("a"), access_);
  EXPECT_THROW(runs_->apply_report("a", "wrong", body_of({})), std::invalid_argument);
  EXPECT_THROW(runs_->apply_report("a", "", body_of({})), std::invalid_argument);
  EXPECT_THROW(runs_->apply_report("a", "token", {}), std::invalid_argument);
  EXPECT_THROW(runs_->apply_report("a", "token", body_of({report_of(1, "dancing")})),
               std::invalid_argument);
  EXPECT_EQ(runs_->apply_report("b", "token", body_of({})).at("known"), false);
}

TEST_F(RunsTest, QueuesFirstComeFirstServed) {
  runs_->submit(spec_of("a", 2), access_);
  runs_->submit(spec_of("b", 2), access_);
  runs_->submit(spec_of("c", 1), access_);
  EXPECT_EQ(backend_->started, std::vector<std::string>{"a"});
  EXPECT_EQ(run("b").phase(), RunPhase::kQueued);
  EXPECT_EQ(run("b").phases.back().message,
            "Waiting for capacity: needs 2 CPUs and 1.0 GiB; 2 of 2 CPUs and 1.0 of 4.0 GiB are in "
            "use");
  EXPECT_NE(run("c").phases.back().message.find("1 of the same user ahead in the queue"),
            std::string::npos);
  EXPECT_EQ(runs_->load().queued, 2U);
  open();  // the queue survives
  EXPECT_EQ(backend_->adopted.at("a"), "handle-a");
  EXPECT_EQ(runs_->load().queued, 2U);
  runs_->apply_report("a", "token", body_of({outcome_of(1, "failed")}));
  EXPECT_EQ(backend_->started, std::vector<std::string>{"b"});
  runs_->apply_report("b", "token", body_of({outcome_of(1, "succeeded")}));
  EXPECT_EQ(backend_->started, (std::vector<std::string>{"b", "c"}));
}

TEST_F(RunsTest, StopsQueuedRunsAtOnceAndOthersThroughTheirAgent) {
  runs_->submit(spec_of("a", 64), access_);  // more than there is: gets all
  runs_->submit(spec_of("b"), access_);
  runs_->request_stop("b");
  EXPECT_EQ(run("b").outcome->kind, RunOutcome::Kind::kStopped);
  runs_->request_stop("a");
  EXPECT_EQ(backend_->stopped, std::vector<std::string>{"handle-a"});
  EXPECT_FALSE(run("a").outcome.has_value());
  EXPECT_EQ(runs_->apply_report("a", "token", body_of({report_of(1, "running")})).at("stop"), true);
  runs_->apply_report("a", "token", body_of({outcome_of(2, "stopped")}));
  runs_->forget("a");
  EXPECT_FALSE(runs_->find("a").has_value());
  EXPECT_EQ(backend_->forgotten, std::vector<std::string>{"a"});
}

TEST_F(RunsTest, ModelServersDoNotWait) {
  runs_->submit(spec_of("a", 2), access_);
  JobSpec server = spec_of("s", 4);
  server.mode = JobSpec::Mode::kServe;
  runs_->submit(server, access_);
  EXPECT_EQ(run("s").phase(), RunPhase::kStarting);
}

TEST_F(RunsTest, ModelServersDoNotWaitBehindJobs) {
  runs_->submit(spec_of("a", 2), access_);
  runs_->submit(spec_of("b", 2), access_);
  JobSpec server = spec_of("s", 4);
  server.mode = JobSpec::Mode::kServe;
  runs_->submit(server, access_);
  EXPECT_EQ(run("s").phase(), RunPhase::kStarting);
  EXPECT_EQ(run("b").phase(), RunPhase::kQueued);
}

TEST_F(RunsTest, UsersTakeTurns) {
  for (const auto* id : {"a1", "a2", "a3", "b1"}) {
    JobSpec spec = spec_of(id, 2);
    spec.user = std::string(id).substr(0, 1);
    runs_->submit(spec, access_);
  }
  EXPECT_NE(run("a3").phases.back().message.find("1 of the same user ahead"), std::string::npos);
  open();
  runs_->apply_report("a1", "token", body_of({outcome_of(1, "succeeded")}));
  EXPECT_EQ(backend_->started, std::vector<std::string>{"a2"}) << "nobody has anything: it waited";
  runs_->apply_report("a2", "token", body_of({outcome_of(1, "succeeded")}));
  runs_->apply_report(backend_->started.back(), "token", body_of({outcome_of(1, "succeeded")}));
  EXPECT_EQ(backend_->started.size(), 3U);
}

TEST_F(RunsTest, AWaitingRunTakesThePlaceOfSpotRuns) {
  open(Preemption::kSpot);
  JobSpec spot = spec_of("s", 1);
  spot.spot = true;
  runs_->submit(spot, access_);
  runs_->submit(spec_of("a", 1), access_);
  EXPECT_TRUE(backend_->stopped.empty());
  runs_->submit(spec_of("b", 1), access_);
  EXPECT_EQ(backend_->stopped, std::vector<std::string>{"handle-s"});
  runs_->submit(spec_of("c", 2), access_);
  EXPECT_EQ(backend_->stopped.size(), 1U) << "asked once";
  runs_->apply_report("s", "token", body_of({outcome_of(1, "stopped")}));
  EXPECT_EQ(run("s").outcome->kind, RunOutcome::Kind::kInterrupted);
  EXPECT_EQ(backend_->started, (std::vector<std::string>{"s", "a", "b"}));
}

TEST_F(RunsTest, OnlyWhatMakesEnoughRoomIsPreempted) {
  open(Preemption::kPriority);
  runs_->submit(spec_of("a", 1), access_);
  JobSpec important = spec_of("b", 1);
  important.priority = 9;
  runs_->submit(important, access_);
  JobSpec next = spec_of("c", 2);
  next.priority = 5;
  runs_->submit(next, access_);
  EXPECT_TRUE(backend_->stopped.empty()) << "a's place alone would not do";
  next = spec_of("d", 1);
  next.priority = 6;
  runs_->submit(next, access_);
  EXPECT_EQ(backend_->stopped, std::vector<std::string>{"handle-a"});
}

TEST_F(RunsTest, TellsWhenAnAgentIsLost) {
  runs_->submit(spec_of("a"), access_);
  backend_->exited("a");
  EXPECT_EQ(run("a").outcome->kind, RunOutcome::Kind::kAgentLost);
  EXPECT_NE(run("a").outcome->reason.find("without a report"), std::string::npos);
  EXPECT_EQ(changes_, std::vector<std::string>{"a"});
}

TEST_F(RunsTest, ReadsTheSpoolOfADeadAgent) {
  runs_->submit(spec_of("a"), access_);
  runs_->apply_report("a", "token", body_of({report_of(1, "running")}));
  backend_->spool = {report_of(1, "running"), report_of(2, "uploading"),
                     outcome_of(3, "succeeded")};
  backend_->exited("a");
  EXPECT_EQ(run("a").outcome->kind, RunOutcome::Kind::kSucceeded);
  EXPECT_EQ(run("a").phases.size(), 5U);  // queued, starting, running, uploading, ended
}

TEST_F(RunsTest, FailsWhatCannotBeStarted) {
  backend_->refuse = true;
  runs_->submit(spec_of("a", 2), access_);
  EXPECT_TRUE(run("a").outcome->reason.starts_with("InternalServerError: no such program. "));
  backend_->refuse = false;
  runs_->submit(spec_of("b", 2), access_);
  EXPECT_EQ(backend_->started, std::vector<std::string>{"b"});
}

// The agent of a run just admitted may report before the change was told. The two threads meet
// without an order between them, so that ThreadSanitizer sees what they share.
TEST_F(RunsTest, TellsOfAChangeWhileAReportIsApplied) {
  constexpr auto kRelaxed = std::memory_order_relaxed;
  enum Step { kBefore, kTold, kReported };
  std::atomic<Step> step{kBefore};
  std::string told;
  runs_->on_change([&](const JobSpec& spec, Runs::Change) {
    if (spec.id != "b" || step.load(kRelaxed) != kBefore) return;
    step.store(kTold, kRelaxed);
    while (step.load(kRelaxed) != kReported) std::this_thread::yield();
    told = spec.id;
  });
  runs_->submit(spec_of("a", 2), access_);
  runs_->submit(spec_of("b", 2), access_);
  std::thread agent([&] {
    while (step.load(kRelaxed) != kTold) std::this_thread::yield();
    runs_->apply_report("b", "token", body_of({report_of(1, "running")}));
    step.store(kReported, kRelaxed);
  });
  runs_->apply_report("a", "token", body_of({outcome_of(1, "succeeded")}));
  agent.join();
  EXPECT_EQ(told, "b");
  EXPECT_EQ(run("b").phase(), RunPhase::kRunning);
}

TEST_F(RunsTest, KeepsNoKeysOfEndedRuns) {
  runs_->submit(spec_of("a"), access_);
  runs_->apply_report("a", "token", body_of({outcome_of(1, "succeeded")}));
  database_->read([&](store::Connection& connection) {
    static constexpr char kAccess[] = "SELECT access FROM runs";
    store::Statement& rows = connection.statement(kAccess);
    ASSERT_TRUE(rows.step());
    EXPECT_EQ(rows.text(0).find("secret\""), std::string_view::npos) << rows.text(0);
    EXPECT_EQ(rows.text(0).find("AKIA"), std::string_view::npos);
  });
}

}  // namespace
}  // namespace clary::engine
