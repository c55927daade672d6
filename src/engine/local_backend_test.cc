#include "engine/local_backend.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

#include <atomic>
#include <fstream>
#include <future>
#include <thread>

#include "process/process_id.h"
#include "store/test_folder.h"

namespace clary::engine {
namespace {

namespace fs = std::filesystem;
using std::chrono::seconds;

// The "agent": sleeps, ignores the arguments added, and unblocks SIGTERM as a ready agent does.
std::vector<std::string> sleeping_agent() {
  return {"/usr/bin/python3", "-c",
          "import signal; signal.pthread_sigmask(signal.SIG_SETMASK, []); "
          "signal.pause()"};
}

class LocalBackendTest : public ::testing::Test {
 protected:
  LocalBackendTest() { spec_.id = "run-1"; }
  std::unique_ptr<LocalBackend> make() {
    return std::make_unique<LocalBackend>(
        LocalBackendOptions{folder_.path(), sleeping_agent(), folder_ / "no-cgroups"});
  }
  store::TestFolder folder_;
  JobSpec spec_;
  const AgentAccess access_{"http://127.0.0.1:1", "token", "AKIA", "secret", "session"};
};

TEST_F(LocalBackendTest, StartsOnceKeepsSecretsAndTellsTheEnd) {
  auto backend = make();
  std::promise<std::string> ended;
  backend->on_exit([&](const std::string& id) { ended.set_value(id); });
  const std::string handle = backend->start(spec_, access_);
  EXPECT_EQ(backend->state(handle), RunState::kAlive);
  struct stat status = {};
  ASSERT_EQ(stat((folder_ / "runs/run-1/run.json").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  std::ifstream arguments("/proc/" + std::to_string(process::parse_process_id(handle)->pid) +
                          "/cmdline");
  const std::string line{std::istreambuf_iterator<char>(arguments), {}};
  EXPECT_EQ(line.find("secret"), std::string::npos);
  EXPECT_EQ(line.find("token"), std::string::npos);
  backend->kill(handle);
  auto future = ended.get_future();
  ASSERT_EQ(future.wait_for(seconds(20)), std::future_status::ready);
  EXPECT_EQ(future.get(), "run-1");
  EXPECT_EQ(backend->state(handle), RunState::kGone);
  backend->forget("run-1");
  EXPECT_FALSE(fs::exists(folder_ / "runs/run-1"));
}

TEST_F(LocalBackendTest, AgentsOutliveTheServerAndAreFoundAgain) {
  auto backend = make();
  const std::string handle = backend->start(spec_, access_);
  backend = make();
  std::promise<void> ended;
  backend->on_exit([&](const std::string&) { ended.set_value(); });
  EXPECT_EQ(backend->state(handle), RunState::kAlive);
  EXPECT_EQ(backend->start(spec_, access_), handle) << "not started twice";
  backend->kill(handle);
  EXPECT_EQ(ended.get_future().wait_for(seconds(20)), std::future_status::ready);
}

// The server was killed between the start of the agent and the note which process that is. The
// agent makes up for it; before, the next server waited for ever.
TEST_F(LocalBackendTest, WaitsForTheIdOfAnAgentThatHasTheLock) {
  auto backend = make();
  const std::string handle = backend->start(spec_, access_);
  backend = make();
  const fs::path lock = folder_ / "runs/run-1/lock";
  fs::resize_file(lock, 0);
  std::thread agent([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    std::ofstream(lock, std::ios::in) << handle << "\n";
  });
  EXPECT_EQ(backend->start(spec_, access_), handle);
  agent.join();
  fs::resize_file(lock, 0);
  backend->kill(handle);
  const std::string second = backend->start(spec_, access_);
  EXPECT_NE(second, handle) << "it is gone: another one is started";
  backend->kill(second);
}

TEST_F(LocalBackendTest, InstancesOfAGangKnowEachOther) {
  auto backend = make();
  std::vector<AgentStart> gang(2, {spec_, access_});
  gang[1].spec.id = "run-1-2";
  for (std::size_t i : {0U, 1U}) {
    gang[i].spec.gang = "run-1";
    gang[i].spec.instance_index = static_cast<int>(i);
    gang[i].spec.instance_count = 2;
  }
  const std::vector<std::string> handles = backend->start_gang(gang);
  ASSERT_EQ(handles.size(), 2U);
  EXPECT_EQ(backend->start_gang(gang), handles) << "not started twice";
  std::ifstream file(folder_ / "runs/run-1-2/run.json");
  const json::value run = json::parse(std::string(std::istreambuf_iterator<char>(file), {}));
  const JobSpec written = job_spec_from_json(run.at("spec").as_object());
  ASSERT_EQ(written.peers.size(), 2U);
  EXPECT_EQ(written.peers[1].host, "algo-2");
  EXPECT_TRUE(written.peers[1].address.starts_with("127.")) << written.peers[1].address;
  EXPECT_NE(written.peers[0].address, written.peers[1].address);
  for (const std::string& handle : handles) backend->kill(handle);
}

TEST_F(LocalBackendTest, ReplacesAnAgentWithAnotherToken) {
  auto backend = make();
  const std::string handle = backend->start(spec_, access_);
  std::ofstream(folder_ / "runs/run-1/spool.jsonl") << "{\"seq\":1}\n";
  AgentAccess other = access_;
  other.report_token = "other";
  const std::string second = backend->start(spec_, other);
  EXPECT_NE(second, handle);
  // Its lock goes a moment before it does.
  for (int i = 0; i < 1000 && backend->state(handle) != RunState::kGone; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  EXPECT_EQ(backend->state(handle), RunState::kGone);
  EXPECT_EQ(backend->state(second), RunState::kAlive);
  EXPECT_TRUE(backend->unsent_reports("run-1", 0).empty()) << "reports of the one before";
  backend->kill(second);
}

TEST_F(LocalBackendTest, TheEndOfAReplacedAgentIsNotTheRuns) {
  std::atomic<int> removed = 0;
  std::vector<std::string> told;
  std::promise<void> other_ended;
  LocalBackendOptions options{folder_.path(), sleeping_agent(), folder_ / "no-cgroups"};
  options.remove_container = [&](const std::string&) { ++removed; };
  LocalBackend backend(options);
  backend.on_exit([&](const std::string& id) {
    told.push_back(id);
    if (id == "run-2") other_ended.set_value();
  });
  backend.start(spec_, access_);
  std::ofstream(folder_ / "runs/run-1/container") << "its id";
  AgentAccess other = access_;
  other.report_token = "other";
  const std::string second = backend.start(spec_, other);
  EXPECT_EQ(removed, 1) << "the container of the one before";
  std::ofstream(folder_ / "runs/run-1/container") << "the id of its successor's";
  // Ends are told in their order.
  JobSpec later = spec_;
  later.id = "run-2";
  backend.kill(backend.start(later, access_));
  ASSERT_EQ(other_ended.get_future().wait_for(seconds(20)), std::future_status::ready);
  EXPECT_EQ(told, std::vector<std::string>{"run-2"});
  EXPECT_EQ(removed, 1);
  backend.kill(second);
}

TEST_F(LocalBackendTest, TerminationSentAtOnceIsNotLost) {
  auto backend = make();
  std::promise<void> ended;
  backend->on_exit([&](const std::string&) { ended.set_value(); });
  backend->stop(backend->start(spec_, access_));
  // The sleeping agent unblocks SIGTERM when it is ready, and ends by it.
  EXPECT_EQ(ended.get_future().wait_for(seconds(20)), std::future_status::ready);
}

TEST_F(LocalBackendTest, ReadsASpoolUpToItsTornEnd) {
  auto backend = make();
  fs::create_directories(folder_ / "runs/run-1");
  std::ofstream(folder_ / "runs/run-1/spool.jsonl")
      << "{\"seq\":1}\n{\"seq\":2,\"logs\":[]}\n{\"seq\":3,\"outc";
  const auto reports = backend->unsent_reports("run-1", 1);
  ASSERT_EQ(reports.size(), 1U);
  EXPECT_EQ(reports[0].at("seq"), 2);
  EXPECT_TRUE(backend->unsent_reports("no-such-run", 0).empty());
}

TEST_F(LocalBackendTest, SaysWhenTheProgramIsMissing) {
  LocalBackend backend({folder_.path(), {"/no/such/clary", "agent"}, folder_ / "no-cgroups"});
  EXPECT_THROW(backend.start(spec_, access_), std::system_error);
}

}  // namespace
}  // namespace clary::engine
