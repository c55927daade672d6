// Against commands of the test's own in place of Slurm's; tests/conformance/test_slurm.py has the
// real ones.
#include "engine/slurm_backend.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <algorithm>
#include <condition_variable>
#include <fstream>
#include <iterator>
#include <mutex>
#include <set>
#include <thread>

#include "store/test_folder.h"

namespace clary::engine {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

class SlurmBackendTest : public ::testing::Test {
 protected:
  SlurmBackendTest() {
    fs::create_directories(folder_ / "bin");
    const std::string root = folder_.path().string();
    // Each appends its arguments to a file of its name and prints what the test has put beside it.
    for (const auto* name : {"sbatch", "squeue", "scancel", "sinfo"}) {
      const fs::path file = folder_ / ("bin/" + std::string(name));
      std::ofstream(file) << "#!/bin/sh\necho \"$@\" >> " << root << "/" << name << ".log\n"
                          << "cat " << root << "/" << name << ".out 2>/dev/null\n"
                          << "[ -e " << root << "/" << name << ".err ] || exit 0\n"
                          << "cat " << root << "/" << name << ".err >&2; exit 1\n";
      chmod(file.c_str(), 0755);
    }
    put("sbatch.out", "7\n");
    put("sinfo.out", "2|4000\n");
    path_ = getenv("PATH");
    setenv("PATH", (root + "/bin:" + path_).c_str(), 1);
  }
  ~SlurmBackendTest() override { setenv("PATH", path_.c_str(), 1); }

  std::unique_ptr<SlurmBackend> make() {
    auto backend = std::make_unique<SlurmBackend>(
        SlurmOptions{.folder = folder_ / "shared", .agent_command = {"/clary", "agent"}},
        SlurmTiming{.every = milliseconds(10), .unseen_for = milliseconds(30)});
    backend->on_exit([this](const std::string& id) {
      const std::lock_guard lock(mutex_);
      ended_.insert(id);
      changed_.notify_all();
    });
    return backend;
  }
  std::vector<AgentStart> gang(int count) {
    std::vector<AgentStart> starts(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) {
      AgentStart& one = starts[static_cast<std::size_t>(i)];
      one.spec.id = i == 0 ? "g" : "g-" + std::to_string(i + 1);
      if (count > 1) one.spec.gang = "g";
      one.spec.instance_index = i;
      one.spec.instance_count = count;
      one.access.report_token = "token" + std::to_string(i);
    }
    return starts;
  }
  void put(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / (name + ".new")) << text;
    fs::rename(folder_ / (name + ".new"), folder_ / name);
  }
  std::string log(const std::string& name) {
    std::ifstream in(folder_ / (name + ".log"));
    return {std::istreambuf_iterator<char>(in), {}};
  }
  int submissions() {
    const std::string text = log("sbatch");
    return static_cast<int>(std::ranges::count(text, '\n'));
  }
  bool wait_ended(const std::set<std::string>& ids) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20), [&] { return ended_ == ids; });
  }
  template <class Done>
  bool wait_until(Done done) {
    for (int i = 0; i < 2000 && !done(); ++i) std::this_thread::sleep_for(milliseconds(10));
    return done();
  }

  store::TestFolder folder_;
  std::string path_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::set<std::string> ended_;
};

TEST_F(SlurmBackendTest, OneJobForAGangAndNoneTwice) {
  auto backend = make();
  put("squeue.out", "7|RUNNING|None|node[1-2]|clary-g\n");
  const auto handles = backend->start_gang(gang(2));
  EXPECT_EQ(handles, (std::vector<std::string>{"slurm:g", "slurm:g"}));
  EXPECT_NE(log("sbatch").find("--nodes=2"), std::string::npos) << log("sbatch");
  EXPECT_EQ(log("sbatch").find("token"), std::string::npos);
  struct stat status = {};
  ASSERT_EQ(stat((folder_ / "shared/runs/g-2/run.json").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  EXPECT_EQ(backend->start_gang(gang(2)), handles) << "a crash forgot the handles";
  EXPECT_EQ(submissions(), 1);
}

TEST_F(SlurmBackendTest, TellsOfTheEndWithSlurmsReason) {
  auto backend = make();
  put("squeue.out", "7|PENDING|Resources||clary-g\n");
  backend->start_gang(gang(2));
  EXPECT_TRUE(wait_until([&] {
    return backend->note("g-2") == "Waiting for Slurm: job 7 is PENDING (Resources)";
  })) << backend->note("g-2");
  put("squeue.out", "7|NODE_FAIL|NodeDown|node[1-2]|clary-g\n");
  EXPECT_TRUE(wait_ended({"g", "g-2"}));
  EXPECT_NE(backend->end_reason("g-2").find("NODE_FAIL (NodeDown)"), std::string::npos);
}

TEST_F(SlurmBackendTest, AJobOfAnotherNameIsNotOurs) {
  auto backend = make();
  put("squeue.out", "7|FAILED|None|node1|clary-stranger\n6|RUNNING|None|node1|clary-g\n");
  backend->start_gang(gang(1));
  std::this_thread::sleep_for(milliseconds(100));
  EXPECT_EQ(backend->state("slurm:g"), RunState::kAlive);
}

TEST_F(SlurmBackendTest, WhatTheControllerForgotIsSubmittedAgain) {
  auto backend = make();
  put("squeue.out", "");
  backend->start_gang(gang(1));
  EXPECT_TRUE(wait_until([&] { return submissions() == 2; }));
  put("squeue.out", "8|RUNNING|None|node1|clary-g\n");
  std::this_thread::sleep_for(milliseconds(100));
  const int before = submissions();
  std::this_thread::sleep_for(milliseconds(100));
  EXPECT_EQ(submissions(), before);
  EXPECT_EQ(backend->state("slurm:g"), RunState::kAlive);
}

TEST_F(SlurmBackendTest, GivesUpOnAJobThatIsLostAgainAndAgain) {
  auto backend = make();
  put("squeue.out", "");
  backend->start_gang(gang(1));
  EXPECT_TRUE(wait_ended({"g"}));
  EXPECT_NE(backend->end_reason("g").find("again and again"), std::string::npos);
}

TEST_F(SlurmBackendTest, WaitsForAControllerThatIsAway) {
  auto backend = make();
  put("sbatch.err", "sbatch: error: Unable to contact slurm controller (connect failure)\n");
  put("sbatch.out", "");
  put("squeue.err", "slurm_load_jobs error: Unable to contact slurm controller\n");
  backend->start_gang(gang(1));
  EXPECT_EQ(backend->note("g"), "Waiting for Slurm to take the job");
  fs::remove(folder_ / "sbatch.err");
  put("sbatch.out", "9\n");
  fs::remove(folder_ / "squeue.err");
  EXPECT_TRUE(wait_until([&] { return submissions() >= 2; }));
  EXPECT_TRUE(ended_.empty());
}

TEST_F(SlurmBackendTest, RefusalsAreTheStartersError) {
  auto backend = make();
  put("sbatch.err", "sbatch: error: invalid partition specified: x\n");
  put("sbatch.out", "");
  try {
    backend->start_gang(gang(1));
    FAIL() << "must throw";
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find("invalid partition"), std::string::npos);
  }
}

TEST_F(SlurmBackendTest, AnAgentThatLeftItsLockIsGone) {
  auto backend = make();
  put("squeue.out", "7|RUNNING|None|node[1-2]|clary-g\n");
  backend->start_gang(gang(2));
  std::ofstream(folder_ / "shared/runs/g-2/lock") << "";
  std::ofstream(folder_ / "shared/runs/g-2/spool.jsonl") << "{\"seq\":1}\n{\"se";
  EXPECT_TRUE(wait_ended({"g-2"}));
  EXPECT_EQ(backend->unsent_reports("g-2", 0).size(), 1U);
  EXPECT_NE(backend->end_reason("g-2").find("node[1-2]"), std::string::npos);
}

TEST_F(SlurmBackendTest, StopsThroughTheAgents) {
  auto backend = make();
  put("squeue.out", "7|RUNNING|None|node1|clary-g\n");
  backend->start_gang(gang(1));
  backend->stop("slurm:g");
  EXPECT_TRUE(wait_until([&] {
    return log("scancel").find("--signal=TERM --batch 7") != std::string::npos;
  })) << log("scancel");
  backend->kill("slurm:g");
  EXPECT_TRUE(wait_until([&] { return log("scancel").find("\n7\n") != std::string::npos; }));
}

TEST_F(SlurmBackendTest, TheNextServerFollowsWhatRuns) {
  put("squeue.out", "7|RUNNING|None|node[1-2]|clary-g\n");
  make()->start_gang(gang(2));
  auto backend = make();
  backend->adopt("g", "slurm:g");
  backend->adopt("g-2", "slurm:g");
  put("squeue.out", "7|CANCELLED|None|node[1-2]|clary-g\n");
  EXPECT_TRUE(wait_ended({"g", "g-2"}));
  backend->forget("g");
  backend->forget("g-2");
  EXPECT_FALSE(fs::exists(folder_ / "shared/runs/g-2"));
}

}  // namespace
}  // namespace clary::engine
