// Whole processing runs: what differs from training (training_test.cc).
#include <gtest/gtest.h>

#include "agent/test_support.h"
#include "process/sandbox.h"

namespace clary::agent {
namespace {

OutputSpec output(const std::string& name) {
  return {.local_path = "/opt/ml/processing/" + name,
          .s3_uri = "s3://b/" + name,
          .form = OutputSpec::Form::kFiles};
}

class ProcessingTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!process::find_bubblewrap()) GTEST_SKIP() << process::kNoBubblewrap;
  }
  bool has(const std::string& key) {
    return server_.with(
        [&](FakeServer::State& state) { return state.objects.contains("b/" + key); });
  }
  std::string object(const std::string& key) {
    return server_.with([&](FakeServer::State& state) { return state.objects["b/" + key]; });
  }
  std::string member(const std::string& name) { return string_or(server_.outcome(), name); }
  FakeServer server_;
};

TEST_F(ProcessingTest, ASingleObjectLandsInItsFolderAndTheMessageIsReported) {
  server_.with([](FakeServer::State& state) { state.objects["b/code/x.py"] = "hello"; });
  AgentRun run(server_, R"(
import json
assert open('/opt/ml/processing/input/code/x.py').read() == 'hello'
assert json.load(open('/opt/ml/config/resourceconfig.json'))['hosts'] == ['algo-1']
open('/opt/ml/processing/out/a.txt', 'w').write('a')
open('/opt/ml/output/message', 'w').write('x' * 1023 + '\u00e9')
)");
  run.spec.inputs = {{.name = "code",
                      .local_path = "/opt/ml/processing/input/code/",
                      .s3_uri = "s3://b/code/x.py"}};
  run.spec.config_files = {{"config/resourceconfig.json", {{"hosts", json::array{"algo-1"}}}}};
  run.spec.outputs = {output("out")};
  run.spec.exit_message = true;
  run.start();
  EXPECT_EQ(run.exit_code(), 0) << read_file(run.folder() / "agent.log");
  EXPECT_EQ(member("kind"), "succeeded") << member("reason");
  EXPECT_EQ(member("message"), std::string(1023, 'x'));  // no half of a character
  EXPECT_EQ(object("out/a.txt"), "a");
}

TEST_F(ProcessingTest, AMessageThatIsNoTextFailsTheJob) {
  AgentRun run(server_, "open('/opt/ml/output/message', 'wb').write(b'\\xff\\xfe')");
  run.spec.exit_message = true;
  run.start();
  EXPECT_EQ(run.exit_code(), 0);
  EXPECT_EQ(member("kind"), "failed");
  EXPECT_TRUE(member("reason").starts_with("ClientError: ")) << member("reason");
}

TEST_F(ProcessingTest, UploadsWhileItRunsAndWhatChangedLast) {
  AgentRun run(server_, R"(
import os, sys, time
d = '/opt/ml/processing/live'
os.makedirs(d + '/deep')
open(d + '/deep/first', 'w').write('1')
os.symlink('/etc/passwd', d + '/link')
os.symlink('/etc', d + '/folder')
while not os.path.exists('/opt/ml/processing/go'): time.sleep(0.01)
open(d + '/deep/first', 'w').write('2')
open(d + '/last', 'w').write('3')
open('/opt/ml/processing/end/x', 'w').write('4')
sys.exit(7)
)");
  run.spec.outputs = {output("live"), output("end")};
  run.spec.outputs[0].continuous = true;
  run.spec.outputs[1].only_on_success = true;
  run.start();
  ASSERT_TRUE(server_.wait_for(
      [](const FakeServer::State& state) { return state.objects.contains("b/live/deep/first"); }));
  EXPECT_EQ(object("live/deep/first"), "1");
  EXPECT_FALSE(server_.outcome().contains("kind"));  // it runs still
  write_file(run.opt_ml() / "processing/go", "");
  EXPECT_EQ(run.exit_code(), 0) << read_file(run.folder() / "agent.log");
  EXPECT_EQ(member("kind"), "failed");
  EXPECT_EQ(object("live/deep/first"), "2");
  EXPECT_EQ(object("live/last"), "3");
  EXPECT_FALSE(has("live/link"));
  EXPECT_FALSE(has("live/folder/passwd"));
  EXPECT_FALSE(has("end/x"));  // EndOfJob: of jobs that complete
}

}  // namespace
}  // namespace clary::agent
