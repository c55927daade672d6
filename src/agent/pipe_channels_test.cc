// Pipe mode: whole runs whose workload reads named pipes, and checkpoints that leave while it runs.
#include <gtest/gtest.h>
#include <signal.h>

#include "agent/gzip.h"
#include "agent/test_support.h"
#include "process/sandbox.h"

namespace clary::agent {
namespace {

using Names = std::vector<std::string>;

InputSpec pipe_channel(const std::string& uri) {
  InputSpec input;
  input.name = "train";
  input.local_path = "/opt/ml/input/data/train";
  input.s3_uri = uri;
  input.pipe = true;
  return input;
}

// Reads RecordIO: the payloads in order.
constexpr const char* kRecords = R"(
import struct
def records(data):
  found = []
  while data:
    magic, word = struct.unpack('<II', data[:8])
    assert magic == 0xced7230a, magic
    size = word & ((1 << 29) - 1)
    found.append(data[8:8 + size].decode())
    data = data[8 + (size + 3) // 4 * 4:]
  return found
d = '/opt/ml/input/data/train_'
)";

class PipeTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!process::find_bubblewrap()) GTEST_SKIP() << process::kNoBubblewrap;
  }
  void put(const std::string& key, const std::string& content) {
    server_.with([&](FakeServer::State& state) { state.objects["b/" + key] = content; });
  }
  std::string reason() { return string_or(server_.outcome(), "reason"); }
  FakeServer server_;
};

TEST_F(PipeTest, EachEpochIsAPipeOfItsOwn) {
  const std::string large(300000, 'x');  // more than a pipe holds
  put("in/a", "one " + large);
  put("in/b", " two");
  AgentRun run(server_, R"(
import os
print(sorted(os.listdir('/opt/ml/input/data')))
for epoch in range(3):
  with open(f'/opt/ml/input/data/train_{epoch}') as pipe: text = pipe.read()
  print(text[:4], len(text), text[-4:])
)");
  run.spec.inputs = {pipe_channel("s3://b/in/")};
  run.start();
  EXPECT_EQ(run.exit_code(), 0) << read_file(run.folder() / "agent.log");
  const std::string line = "one  " + std::to_string(large.size() + 8) + "  two";
  EXPECT_EQ(server_.lines(), (Names{"['train_0']", line, line, line})) << reason();
}

TEST_F(PipeTest, AReaderMayCloseEarlyOrNeverRead) {
  put("in/a", std::string(1 << 20, 'x'));
  put("other/a", "never read");
  AgentRun run(server_, R"(
for epoch in range(50):
  with open(f'/opt/ml/input/data/train_{epoch}') as pipe: assert pipe.read(3) == 'xxx'
print('enough')
)");
  run.spec.inputs = {pipe_channel("s3://b/in/"), pipe_channel("s3://b/other/")};
  run.spec.inputs[1].name = "other";
  run.spec.inputs[1].local_path = "/opt/ml/input/data/other";
  run.start();
  EXPECT_EQ(run.exit_code(), 0);
  EXPECT_EQ(server_.lines(), Names{"enough"}) << reason();
}

TEST_F(PipeTest, WrapsObjectsAsRecords) {
  std::string zipped;
  GzipWriter gzip([&](std::string_view bytes) { zipped.append(bytes); });
  gzip.write("abcde");
  gzip.finish();
  put("in/a", zipped);
  put("in/b", zipped);
  AgentRun run(server_, std::string(kRecords) + "print(records(open(d + '0', 'rb').read()))");
  run.spec.inputs = {pipe_channel("s3://b/in/")};
  run.spec.inputs[0].gzip = run.spec.inputs[0].record_io = true;
  run.start();
  EXPECT_EQ(run.exit_code(), 0);
  EXPECT_EQ(server_.lines(), Names{"['abcde', 'abcde']"}) << reason();
}

TEST_F(PipeTest, InterleavesTheAttributesOfAnAugmentedManifest) {
  put("img/1", "first");
  put("img/2", "second");
  put("m",
      "{\"source-ref\": \"s3://b/img/1\", \"class\": 3, \"more\": 1}\n\n"
      "{\"class\": \"cat\", \"source-ref\": \"s3://b/img/2\"}\n");
  AgentRun run(server_, std::string(kRecords) + "print(records(open(d + '0', 'rb').read()))");
  run.spec.inputs = {pipe_channel("s3://b/m")};
  run.spec.inputs[0].source = InputSpec::Source::kAugmentedManifest;
  run.spec.inputs[0].attributes = {"source-ref", "class"};
  run.spec.inputs[0].record_io = true;
  run.start();
  EXPECT_EQ(run.exit_code(), 0);
  EXPECT_EQ(server_.lines(), Names{"['first', '3', 'second', 'cat']"}) << reason();
}

TEST_F(PipeTest, ShufflesEveryEpochAnewAndSharesWithoutOverlap) {
  for (int i = 0; i < 8; ++i) put("in/" + std::to_string(i), std::to_string(i));
  const auto lines = [&](int instance, int count) {
    const auto before = server_.lines().size();
    AgentRun run(server_, "for e in range(3): print(open(f'/opt/ml/input/data/train_{e}').read())");
    run.spec.inputs = {pipe_channel("s3://b/in/")};
    run.spec.inputs[0].shuffle_seed = 7;
    run.spec.inputs[0].sharded = count > 1;
    run.spec.inputs[0].share = {instance, count};
    server_.with([](FakeServer::State& state) { state.applied = 0; });
    run.start();
    EXPECT_EQ(run.exit_code(), 0) << reason();
    Names all = server_.lines();
    return Names(all.begin() + static_cast<long>(before), all.end());
  };
  const Names whole = lines(0, 1), first = lines(0, 2), second = lines(1, 2);
  ASSERT_EQ(whole.size(), 3U);
  EXPECT_NE(whole[0], whole[1]);
  for (std::size_t epoch = 0; epoch < 3; ++epoch) {
    std::string both = first[epoch] + second[epoch];
    std::ranges::sort(both);
    EXPECT_EQ(both, "01234567");
  }
}

TEST_F(PipeTest, MissingDataFailsTheJobEvenInTheMiddle) {
  put("m", R"([{"prefix": "s3://b/"}, "there", "missing"])");
  put("there", "data");
  AgentRun run(server_, R"(
print(open('/opt/ml/input/data/train_0').read())
open('/opt/ml/model/m', 'w').write('never')
)");
  run.spec.inputs = {pipe_channel("s3://b/m")};
  run.spec.inputs[0].source = InputSpec::Source::kManifest;
  run.start();
  EXPECT_EQ(run.exit_code(), 0);
  EXPECT_EQ(string_or(server_.outcome(), "kind"), "failed");
  EXPECT_NE(reason().find("ClientError: Data download failed"), std::string::npos) << reason();
  EXPECT_NE(reason().find("missing"), std::string::npos) << reason();
  EXPECT_TRUE(server_.lines().empty());
}

TEST_F(PipeTest, TheWorkloadCannotHaveHostFilesWritten) {
  put("in/a", "data");
  AgentRun run(server_, R"(
import os, time
os.symlink('/opt/ml/model/target', '/opt/ml/input/data/train_2')
open('/opt/ml/input/data/train_0').close()
while not os.path.exists('/opt/ml/input/data/train_1'): time.sleep(0.01)
open('/opt/ml/input/data/train_1').read()
print('an end that is none')
)");
  run.spec.inputs = {pipe_channel("s3://b/in/")};
  run.spec.outputs = {};
  run.start();
  EXPECT_EQ(run.exit_code(), 0);
  EXPECT_FALSE(std::filesystem::exists(run.opt_ml() / "model/target"));
  EXPECT_NE(reason().find("named pipe"), std::string::npos) << reason();
  EXPECT_TRUE(server_.lines().empty());
}

TEST_F(PipeTest, CheckpointsLeaveWhileItRunsAndComeBack) {
  const auto run_once = [&](const std::string& python, bool stop) {
    AgentRun run(server_, python);
    run.spec.outputs = {{.local_path = "/opt/ml/checkpoints",
                         .s3_uri = "s3://b/cp",
                         .form = OutputSpec::Form::kFiles,
                         .continuous = true}};
    run.spec.inputs = {{.name = "checkpoints",
                        .local_path = "/opt/ml/checkpoints",
                        .s3_uri = "s3://b/cp",
                        .optional = true}};
    server_.with([](FakeServer::State& state) { state.applied = 0; });
    run.start();
    const bool there = server_.wait_for(
        [](const auto& state) { return state.objects.contains("b/cp/deep/first"); });
    EXPECT_TRUE(there);
    if (stop) run.agent().signal(SIGTERM);
    EXPECT_EQ(run.exit_code(), 0);
  };
  run_once(R"(
import os, signal, sys, time
os.makedirs('/opt/ml/checkpoints/deep')
open('/opt/ml/checkpoints/deep/first', 'w').write('1')
open('/opt/ml/checkpoints/x.sagemaker-ignore', 'w').write('1')
os.symlink('/etc/passwd', '/opt/ml/checkpoints/link')
def end(*_):
  open('/opt/ml/checkpoints/last', 'w').write('2')
  os.unlink('/opt/ml/checkpoints/deep/first')
  sys.exit(0)
signal.signal(signal.SIGTERM, end)
while True: time.sleep(1)
)",
           true);
  server_.with([](FakeServer::State& state) {
    EXPECT_EQ(state.objects["b/cp/last"], "2");
    EXPECT_EQ(state.objects["b/cp/deep/first"], "1");  // deleted later: stays
    EXPECT_FALSE(state.objects.contains("b/cp/x.sagemaker-ignore"));
    EXPECT_FALSE(state.objects.contains("b/cp/link"));
  });
  run_once("print(open('/opt/ml/checkpoints/last').read())", false);
  EXPECT_EQ(server_.lines(), Names{"2"});
}

}  // namespace
}  // namespace clary::agent
