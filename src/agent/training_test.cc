// Whole runs: a real agent process, a real sandbox, Python in place of the algorithm.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/file.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "agent/gzip.h"
#include "agent/test_support.h"
#include "process/file_descriptor.h"
#include "process/process_id.h"
#include "process/sandbox.h"

namespace clary::agent {
namespace {

namespace fs = std::filesystem;
using Names = std::vector<std::string>;

InputSpec channel(const std::string& name, const std::string& uri,
                  InputSpec::Source source = InputSpec::Source::kPrefix) {
  InputSpec input;
  input.name = name;
  input.local_path = "/opt/ml/input/data/" + name;
  input.s3_uri = uri;
  input.source = source;
  return input;
}

const OutputSpec kModel{"/opt/ml/model", "s3://b/out/model.tar.gz", OutputSpec::Form::kTarGz,
                        false};
const OutputSpec kData{"/opt/ml/output/data", "s3://b/out/output.tar.gz", OutputSpec::Form::kTarGz,
                       true};

class TrainingTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!process::find_bubblewrap()) GTEST_SKIP() << process::kNoBubblewrap;
  }
  void put(const std::string& key, const std::string& content) {
    server_.with([&](FakeServer::State& state) { state.objects["b/" + key] = content; });
  }
  std::string object(const std::string& key) {
    return server_.with([&](FakeServer::State& state) { return state.objects["b/" + key]; });
  }
  bool has(const std::string& key) {
    return server_.with(
        [&](FakeServer::State& state) { return state.objects.contains("b/" + key); });
  }
  // The file of an archive that was uploaded.
  std::string unpacked(const std::string& key, const std::string& name) {
    const TestFolder folder;
    write_file(folder.path() / "a.tar.gz", object(key));
    run_program(
        {"/bin/tar", "-xzf", (folder.path() / "a.tar.gz").string(), "-C", folder.path().string()});
    return read_file(folder.path() / name);
  }
  std::string reason() { return string_or(server_.outcome(), "reason"); }
  std::string kind() { return string_or(server_.outcome(), "kind"); }
  FakeServer server_;
};

TEST_F(TrainingTest, FetchesRunsReportsAndUploads) {
  put("in/train/a.csv", "1,2\n");
  put("in/train/deep/b.csv", "3,4\n");
  put("in/train/c.csv", "5,6\n");
  AgentRun run(server_, R"(
import json, os, socket, sys
d = '/opt/ml/input/data/train'
print(sorted(os.listdir(d)), open(d + '/deep/b.csv').read().strip(), socket.gethostname())
print(json.load(open('/opt/ml/input/config/hyperparameters.json'))['num_round'], os.environ['FOO'])
print('[0]\tvalidation-auc:0.75', flush=True)
print('to stderr', file=sys.stderr)
open('/opt/ml/model/m', 'w').write('model!')
)");
  run.spec.inputs = {channel("train", "s3://b/in/train")};
  run.spec.outputs = {kModel, kData};
  run.spec.config_files = {
      {"input/config/hyperparameters.json", json::object{{"num_round", "10"}}}};
  run.spec.environment = {{"FOO", "bar"}};
  run.spec.metrics = {{"validation:auc", "validation-auc:(\\S+)"}};
  run.start();
  EXPECT_EQ(run.exit_code(), 0) << read_file(run.folder() / "agent.log");
  EXPECT_EQ(kind(), "succeeded") << reason();
  EXPECT_TRUE(
      read_file(run.folder() / "lock").starts_with(std::to_string(run.agent().pid()) + ":"));
  EXPECT_EQ(server_.phases(), (Names{"downloading", "running", "uploading"}));
  Names lines = server_.lines();
  std::erase(lines, "to stderr");  // in between, wherever it came
  EXPECT_EQ(lines,
            (Names{"['a.csv', 'c.csv', 'deep'] 3,4 algo-1", "10 bar", "[0]\tvalidation-auc:0.75"}));
  EXPECT_EQ(server_.lines().size(), 4U);
  EXPECT_EQ(unpacked("out/model.tar.gz", "m"), "model!");
  EXPECT_FALSE(has("out/output.tar.gz"));
  std::map<std::string, double> metrics;
  server_.with([&](FakeServer::State& state) {
    for (const json::object& report : state.reports) {
      const json::array* values = find_array(report, "metrics");
      if (values == nullptr) continue;
      for (const json::value& value : *values) {
        metrics[string_or(value.as_object(), "name")] = value.at("value").to_number<double>();
      }
    }
  });
  EXPECT_EQ(metrics["validation:auc"], 0.75);
  if (metrics.contains("CPUUtilization")) EXPECT_GT(metrics["CPUUtilization"], 0);
}

TEST_F(TrainingTest, SharesManifestsAndUnzips) {
  std::string zipped;
  GzipWriter gzip([&](std::string_view bytes) { zipped.append(bytes); });
  gzip.write("plain");
  gzip.finish();
  put("d/x/1.csv.gz", zipped);
  put("d/2.csv.gz", zipped);
  put("manifest", R"([{"prefix": "s3://b/d/"}, "x/1.csv.gz", "2.csv.gz"])");
  for (int i = 0; i < 5; ++i) put("s/" + std::to_string(i), "n");
  AgentRun run(server_, R"(
import os
print(open('/opt/ml/input/data/m/x/1.csv').read(), os.listdir('/opt/ml/input/data/s'))
)");
  run.spec.inputs = {channel("m", "s3://b/manifest", InputSpec::Source::kManifest),
                     channel("s", "s3://b/s/")};
  run.spec.inputs[0].gzip = true;
  run.spec.inputs[1].sharded = true;
  run.spec.instance_index = 1;
  run.spec.instance_count = 3;
  run.start();
  EXPECT_EQ(run.exit_code(), 0);
  const Names lines = server_.lines();
  ASSERT_EQ(lines.size(), 1U) << reason();
  EXPECT_TRUE(lines[0] == "plain ['1', '4']" || lines[0] == "plain ['4', '1']") << lines[0];
}

TEST_F(TrainingTest, SaysWhatS3Refused) {
  put("secret/a", "x");
  server_.with([](FakeServer::State& state) { state.denied = "secret"; });
  for (const auto& [uri, words] :
       {std::pair{"s3://b/nothing/", "no S3 objects were found under \"s3://b/nothing/\""},
        std::pair{"s3://b/secret/", "AccessDenied (403): Access Denied [s3://b/secret/a]"}}) {
    AgentRun run(server_, "print('never')");
    run.spec.inputs = {channel("train", uri)};
    server_.with([](FakeServer::State& state) {
      state.applied = 0;
      state.reports.clear();
    });
    run.start();
    EXPECT_EQ(run.exit_code(), 0);
    EXPECT_EQ(kind(), "failed");
    EXPECT_TRUE(reason().starts_with("ClientError: Data download failed: ")) << reason();
    EXPECT_NE(reason().find(words), std::string::npos) << reason();
    EXPECT_TRUE(server_.lines().empty());
  }
}

TEST_F(TrainingTest, TakesFailureFileAndOutputData) {
  AgentRun run(server_, R"(
import sys
open('/opt/ml/output/failure', 'w').write('ClientError: label column is missing')
open('/opt/ml/output/data/report.txt', 'w').write('why')
open('/opt/ml/model/half', 'w').write('x')
sys.exit(1)
)");
  run.spec.outputs = {kModel, kData};
  run.start();
  EXPECT_EQ(run.exit_code(), 0);
  EXPECT_EQ(kind(), "failed");
  EXPECT_EQ(reason(), "ClientError: label column is missing, exit code: 1");
  EXPECT_FALSE(has("out/model.tar.gz"));
  EXPECT_EQ(unpacked("out/output.tar.gz", "report.txt"), "why");
}

TEST_F(TrainingTest, FollowsNoLinkThatTheWorkloadLeft) {
  const TestFolder host;
  write_file(host.path() / "secret", "host secret");
  AgentRun run(server_,
               "import os, shutil\n"
               "os.symlink('" +
                   (host.path() / "secret").string() +
                   "', '/opt/ml/output/failure')\n"
                   "shutil.rmtree('/opt/ml/output/data')\n"
                   "os.symlink('" +
                   host.path().string() +
                   "', '/opt/ml/output/data')\n"
                   "os.symlink('" +
                   (host.path() / "secret").string() +
                   "', '/opt/ml/model/link')\n"
                   "raise SystemExit(7)\n");
  run.spec.outputs = {kData};
  run.start();
  EXPECT_EQ(run.exit_code(), 0);
  EXPECT_TRUE(reason().ends_with("/opt/ml/output/failure, exit code: 7")) << reason();
  EXPECT_FALSE(has("out/output.tar.gz"));
}

TEST_F(TrainingTest, StopsWithSigtermAndKeepsTheModel) {
  AgentRun run(server_, R"(
import signal, time
def stop(*_):
    open('/opt/ml/model/m', 'w').write('partial')
    raise SystemExit(0)
signal.signal(signal.SIGTERM, stop)
print('ready', flush=True)
time.sleep(60)
)");
  run.spec.outputs = {kModel};
  run.start();
  ASSERT_TRUE(server_.wait_for([](const auto& state) { return state.applied >= 3; }));
  run.agent().signal(SIGTERM);
  EXPECT_EQ(run.exit_code(), 0);
  EXPECT_EQ(kind(), "stopped") << reason();
  EXPECT_EQ(unpacked("out/model.tar.gz", "m"), "partial");
}

TEST_F(TrainingTest, AClusterThatEndsAllProcessesIsNoFailureOfTheProgram) {
  AgentRun run(server_, R"(
import fcntl, os, signal, time
lock = open('/opt/ml/output/data/lock', 'w')
fcntl.flock(lock, fcntl.LOCK_EX)
print('ready', flush=True)
while not os.path.exists('/opt/ml/output/data/go'): time.sleep(0.01)
os.kill(os.getpid(), signal.SIGTERM)
)");
  run.start();
  ASSERT_TRUE(server_.wait_for([](const auto& state) { return state.applied >= 3; }));
  const fs::path data = run.opt_ml() / "output/data";
  const process::FileDescriptor lock(open((data / "lock").c_str(), O_RDONLY | O_CLOEXEC));
  write_file(data / "go", "");
  ASSERT_EQ(flock(lock.get(), LOCK_EX), 0);  // the program is gone
  run.agent().signal(SIGTERM);
  EXPECT_EQ(run.exit_code(), 0);
  EXPECT_EQ(kind(), "stopped") << reason();
}

TEST_F(TrainingTest, KillsAfterTheGraceAndAtTheTimeLimit) {
  AgentRun run(server_, R"(
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print('deaf', flush=True)
time.sleep(60)
)");
  run.spec.outputs = {kModel};
  run.spec.limits.max_runtime = std::chrono::seconds(1);
  run.spec.limits.term_grace = std::chrono::seconds(1);
  run.start();
  EXPECT_EQ(run.exit_code(), 0);
  EXPECT_EQ(kind(), "timed-out");
  EXPECT_FALSE(has("out/model.tar.gz"));
}

TEST_F(TrainingTest, StopsWhenTheServerSaysSo) {
  AgentRun run(server_, "import time\nprint('up', flush=True)\ntime.sleep(60)");
  server_.with([](FakeServer::State& state) { state.stop_run = true; });
  run.start();
  EXPECT_EQ(run.exit_code(), 0);
  EXPECT_EQ(kind(), "stopped");
}

TEST_F(TrainingTest, SurvivesAServerThatGoesAway) {
  put("in/a", "data");
  AgentRun run(server_, R"(
import time
print('one', flush=True)
time.sleep(0.3)
print('two', flush=True)
time.sleep(0.3)
open('/opt/ml/model/m', 'w').write('x')
)");
  run.spec.inputs = {channel("train", "s3://b/in/")};
  run.spec.outputs = {kModel};
  run.start();
  ASSERT_TRUE(server_.wait_for([](const auto& state) { return state.applied >= 3; }));
  server_.stop();
  std::this_thread::sleep_for(std::chrono::seconds(1));  // "two" and the end fall into this
  server_.start();
  EXPECT_EQ(run.exit_code(), 0);
  EXPECT_EQ(kind(), "succeeded") << reason();
  EXPECT_EQ(server_.lines(), (Names{"one", "two"}));
  EXPECT_EQ(unpacked("out/model.tar.gz", "m"), "x");
}

TEST_F(TrainingTest, SendsAgainWhenAnswersAreLost) {
  server_.with([](FakeServer::State& state) { state.lose_answers = true; });
  AgentRun run(server_, "print('once')");
  run.start();
  ASSERT_TRUE(server_.wait_for([](const auto& state) { return state.report_requests >= 5; }));
  server_.with([](FakeServer::State& state) { state.lose_answers = false; });
  EXPECT_EQ(run.exit_code(), 0);
  EXPECT_EQ(server_.lines(), Names{"once"});
  EXPECT_EQ(kind(), "succeeded");
}

TEST_F(TrainingTest, ResumesABrokenDownload) {
  std::string content;
  for (int i = 0; i < 100000; ++i) content += std::to_string(i) + "\n";
  put("in/a", content);
  server_.with([](FakeServer::State& state) { state.break_after = 300000; });
  AgentRun run(server_,
               "import hashlib\n"
               "print(len(open('/opt/ml/input/data/train/a').read()))");
  run.spec.inputs = {channel("train", "s3://b/in/")};
  run.start();
  EXPECT_EQ(run.exit_code(), 0);
  EXPECT_EQ(server_.lines(), Names{std::to_string(content.size())}) << reason();
}

TEST_F(TrainingTest, TellsHowFarALongDownloadIs) {
  put("in/a", std::string(2000, 'a'));
  put("in/b", std::string(1400, 'b'));
  server_.with([](FakeServer::State& state) { state.get_delay = std::chrono::milliseconds(700); });
  AgentRun run(server_, "pass");
  run.spec.inputs = {channel("train", "s3://b/in/")};
  run.start();
  EXPECT_EQ(run.exit_code(), 0);
  const Names told = server_.with([](FakeServer::State& state) {
    Names texts;
    for (const json::object& report : state.reports) {
      if (const auto text = find_string(report, "progress")) texts.emplace_back(*text);
    }
    return texts;
  });
  ASSERT_FALSE(told.empty());
  for (const std::string& text : told) EXPECT_TRUE(text.ends_with(" of 2 objects")) << text;
  EXPECT_EQ(told.back(), "3.4 of 3.4 KB, 2 of 2 objects");
}

TEST_F(TrainingTest, UploadsLargeModelsInParts) {
  AgentRun run(server_,
               "import os\n"
               "open('/opt/ml/model/m', 'wb').write(os.urandom(70 << 20))");
  run.spec.outputs = {kModel};
  run.start();
  EXPECT_EQ(run.exit_code(), 0);
  EXPECT_EQ(kind(), "succeeded") << reason();
  EXPECT_GE(server_.with([](FakeServer::State& state) { return state.parts; }), 2U);
  EXPECT_EQ(unpacked("out/model.tar.gz", "m").size(), 70U << 20);
}

TEST_F(TrainingTest, SaysWhenMemoryRanOut) {
  if (!fs::exists("/sys/fs/cgroup/memory/memory.limit_in_bytes") || geteuid() != 0) {
    GTEST_SKIP() << "control groups cannot be written here";
  }
  AgentRun run(server_, "x = bytearray(512 << 20)\nprint(len(x))");
  run.spec.limits.memory_bytes = 128 << 20;
  run.start();
  EXPECT_EQ(run.exit_code(), 0);
  EXPECT_NE(reason().find("out of memory"), std::string::npos) << reason();
  EXPECT_NE(reason().find("exit code: 137"), std::string::npos) << reason();
  EXPECT_FALSE(fs::exists("/sys/fs/cgroup/memory/clary-" + run.spec.id));
}

TEST_F(TrainingTest, AKilledAgentTakesItsWorkloadAlongAndLeavesItsSpool) {
  AgentRun run(server_,
               "import os, time\n"
               "open('/opt/ml/output/data/beat', 'w').write('x')\n"
               "print('alive', flush=True)\n"
               "while True:\n"
               "  open('/opt/ml/output/data/beat', 'a').write('x')\n"
               "  time.sleep(0.01)");
  run.start();
  ASSERT_TRUE(server_.wait_for([](const auto& state) { return state.applied >= 3; }));
  run.agent().signal(SIGKILL);
  EXPECT_EQ(run.exit_code(), 128 + SIGKILL);
  const fs::path beat = run.opt_ml() / "output/data/beat";
  // The kernel needs a moment to end the sandbox.
  std::uintmax_t before = 0, now = 1;
  for (int i = 0; i < 100 && before != now; ++i) {
    before = fs::file_size(beat);
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    now = fs::file_size(beat);
  }
  EXPECT_EQ(before, now);
  EXPECT_NE(read_file(run.folder() / "spool.jsonl").find("alive"), std::string::npos);
}

TEST_F(TrainingTest, SaysWhatToDoWithImagesOfOthers) {
  AgentRun run(server_, "");
  run.spec.launch = Launch::kImage;
  run.spec.image = "pytorch-training:2.0";
  run.start();
  EXPECT_EQ(run.exit_code(), 0);
  EXPECT_EQ(kind(), "failed");
  EXPECT_NE(reason().find("pytorch-training:2.0"), std::string::npos) << reason();
}

TEST_F(TrainingTest, InstancesStartTogetherAndKnowEachOther) {
  AgentRun run(server_, R"(
import socket
print(socket.gethostname(), socket.gethostbyname('algo-1'), socket.gethostbyname('algo-2'))
)");
  run.spec.instance_index = 1;
  run.spec.instance_count = 2;
  run.spec.gang = "gang";
  run.spec.peers = {{"algo-1", "127.9.8.1"}, {"algo-2", "127.9.8.2"}};
  server_.with([](FakeServer::State& state) { state.go = false; });
  run.start();
  ASSERT_TRUE(server_.wait_for([](const auto& state) { return state.report_requests >= 5; }));
  EXPECT_EQ(server_.phases(), Names{"downloading"}) << "the others are not there yet";
  server_.with([](FakeServer::State& state) { state.go = true; });
  EXPECT_EQ(run.exit_code(), 0);
  EXPECT_EQ(kind(), "succeeded") << reason();
  EXPECT_EQ(server_.lines(), Names{"algo-2 127.9.8.1 127.9.8.2"});
}

TEST_F(TrainingTest, StopsWhileItWaitsForTheOthers) {
  AgentRun run(server_, "print('never')");
  run.spec.instance_count = 2;
  server_.with([](FakeServer::State& state) { state.go = false; });
  run.start();
  ASSERT_TRUE(server_.wait_for([](const auto& state) { return state.report_requests >= 5; }));
  server_.with([](FakeServer::State& state) { state.stop_run = true; });
  EXPECT_EQ(run.exit_code(), 0);
  EXPECT_EQ(kind(), "stopped");
  EXPECT_TRUE(server_.lines().empty());
}

TEST_F(TrainingTest, HostileModelDataStaysInside) {
  // A tar whose member is ../../escaped.
  const TestFolder folder;
  write_file(folder.path() / "escaped", "x");
  run_program({"/bin/tar", "-czf", (folder.path() / "evil.tar.gz").string(), "--transform",
               "s,^,../../../,", "-P", "-C", folder.path().string(), "escaped"});
  put("evil.tar.gz", read_file(folder.path() / "evil.tar.gz"));
  AgentRun run(server_, "print('never')");
  run.spec.inputs = {channel("model", "s3://b/evil.tar.gz", InputSpec::Source::kObject)};
  run.spec.inputs[0].extract_tar = true;
  run.start();
  EXPECT_EQ(run.exit_code(), 0);
  EXPECT_NE(reason().find("leads out of the folder"), std::string::npos) << reason();
  EXPECT_TRUE(server_.lines().empty());
}

}  // namespace
}  // namespace clary::agent
