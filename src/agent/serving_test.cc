// Model servers under the agent's care: a real agent, a real sandbox, Python as the server.
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>

#include "agent/model_server.h"
#include "agent/test_support.h"
#include "http/client.h"
#include "process/sandbox.h"

namespace clary::agent {
namespace {

namespace fs = std::filesystem;
using Names = std::vector<std::string>;

// Answers /ping with 200, /model with the model's content, /pid with its own; /crash ends it and
// /sick lets /ping fail from then on.
constexpr char kServer[] = R"(
import http.server, os, signal, socketserver, sys
sick = False
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    def do_GET(self):
        global sick
        if self.path == '/crash': os._exit(3)
        if self.path == '/sick': sick = True
        body = open('/opt/ml/model/m').read() if self.path == '/model' else 'ok'
        self.send_response(500 if sick and self.path == '/ping' else 200)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())
    def log_message(self, *arguments): pass
    def address_string(self): return 'unix'
class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    def get_request(self):
        connection, _ = super().get_request()
        return connection, ('unix', 0)
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
server = Server(os.environ['CLARY_SERVE_SOCKET'], Handler)
print('listening', flush=True)
server.serve_forever()
)";

class ServingTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!process::find_bubblewrap()) GTEST_SKIP() << process::kNoBubblewrap;
  }
  std::unique_ptr<AgentRun> make(const std::string& python) {
    auto run = std::make_unique<AgentRun>(server_, python);
    run->spec.mode = JobSpec::Mode::kServe;
    run->spec.limits.max_runtime = std::chrono::seconds(30);
    return run;
  }
  bool served(std::size_t times) {
    return server_.wait_for([&](const FakeServer::State& state) {
      std::size_t count = 0;
      for (const json::object& report : state.reports) count += report.contains("serving_socket");
      return count >= times;
    });
  }
  std::string socket() {
    return server_.with([](FakeServer::State& state) {
      std::string path;
      for (const json::object& report : state.reports) {
        if (const auto found = find_string(report, "serving_socket")) path = *found;
      }
      return path;
    });
  }
  std::string get(const std::string& path) {
    http::BlockingClient client({.host = "localhost", .port = 0, .unix_path = socket()});
    http::ClientRequest request;
    request.target = path;
    return client.send(request, std::chrono::seconds(10)).body;
  }
  std::string reason() { return string_or(server_.outcome(), "reason"); }
  FakeServer server_;
};

TEST_F(ServingTest, ServesTheModelRestartsAfterACrashAndStops) {
  const TestFolder folder;
  write_file(folder.path() / "m", "the model");
  run_program({"/bin/tar", "-czf", (folder.path() / "m.tar.gz").string(), "-C",
               folder.path().string(), "m"});
  server_.with([&](FakeServer::State& state) {
    state.objects["b/m.tar.gz"] = read_file(folder.path() / "m.tar.gz");
  });
  auto run = make(kServer);
  InputSpec model;
  model.local_path = "/opt/ml/model";
  model.s3_uri = "s3://b/m.tar.gz";
  model.source = InputSpec::Source::kObject;
  model.extract_tar = true;
  run->spec.inputs = {model};
  run->start();
  ASSERT_TRUE(served(1)) << reason() << read_file(run->folder() / "agent.log");
  EXPECT_LT(socket().size(), 108U);
  EXPECT_EQ(get("/model"), "the model");
  EXPECT_THROW(get("/crash"), http::ClientError);
  ASSERT_TRUE(served(2)) << reason();
  EXPECT_EQ(get("/model"), "the model");
  EXPECT_EQ(server_.phases(), (Names{"downloading", "serving", "starting", "serving"}));
  run->agent().signal(SIGTERM);
  EXPECT_EQ(run->exit_code(), 0);
  EXPECT_EQ(string_or(server_.outcome(), "kind"), "stopped");
  EXPECT_FALSE(fs::exists(fs::path(socket()).parent_path()));
  const Names lines = server_.lines();
  EXPECT_EQ(std::count(lines.begin(), lines.end(), "listening"), 2);
}

TEST_F(ServingTest, GivesUpOnAServerThatNeverComesUp) {
  auto run = make("import sys\nprint('no model here', file=sys.stderr)\nsys.exit(4)");
  run->start();
  EXPECT_EQ(run->exit_code(), 0);
  EXPECT_EQ(string_or(server_.outcome(), "kind"), "failed");
  EXPECT_EQ(reason(), "AlgorithmError: no model here, exit code: 4");
}

TEST_F(ServingTest, SaysThatPingWasNeverAnswered) {
  auto run = make("import time\ntime.sleep(60)");
  run->spec.limits.max_runtime = std::chrono::seconds(1);
  run->start();
  EXPECT_EQ(run->exit_code(), 0);
  EXPECT_NE(reason().find("did not pass the ping health check within 1 seconds"), std::string::npos)
      << reason();
}

TEST_F(ServingTest, ModelDataThatIsMissingFailsTheRun) {
  auto run = make(kServer);
  InputSpec model;
  model.local_path = "/opt/ml/model";
  model.s3_uri = "s3://b/none.tar.gz";
  model.source = InputSpec::Source::kObject;
  model.extract_tar = true;
  run->spec.inputs = {model};
  run->start();
  EXPECT_EQ(run->exit_code(), 0);
  EXPECT_TRUE(reason().starts_with("ClientError: Model data download failed: NoSuchKey (404)"))
      << reason();
}

TEST(SocketFolder, IsShortWhateverTheDataFolder) {
  EXPECT_EQ(socket_folder("/data", "run").string().find("/data/s/"), 0U);
  const fs::path deep = "/" + std::string(120, 'd');
  EXPECT_EQ(socket_folder(deep, "run").string().find("/tmp/clary-s-"), 0U);
  EXPECT_NE(socket_folder(deep, "run"), socket_folder(deep, "other"));
}

}  // namespace
}  // namespace clary::agent
