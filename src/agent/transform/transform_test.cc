// Whole transform runs: a real agent, a real sandbox, a model server in Python.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/test_support.h"
#include "process/sandbox.h"

namespace clary::agent {
namespace {

// Echoes upper-case, says "no" to bodies with "bad" in them, breaks on "die", counts on "again".
const char kServer[] = R"(
import http.server, os, socket, socketserver, sys, threading
seen = []
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    def address_string(self): return 'x'
    def log_message(self, *a): pass
    def answer(self, status, body):
        self.send_response(status)
        self.send_header('Content-Length', str(len(body)))
        self.send_header('Content-Type', 'text/csv')
        self.end_headers()
        self.wfile.write(body)
    def do_GET(self):
        if self.path == '/ping': return self.answer(200, b'')
        if os.environ.get('NO_PARAMETERS'): return self.answer(404, b'')
        self.answer(200, b'{"MaxConcurrentTransforms": 3, "BatchStrategy": "MULTI_RECORD", "MaxPayloadInMB": 1}')
    def do_POST(self):
        body = self.rfile.read(int(self.headers['Content-Length']))
        seen.append(body)
        if b'die' in body: os._exit(3)
        if b'bad' in body: return self.answer(400, b'no good\nat all')
        if b'again' in body and len(seen) < 3: return self.answer(503, b'')
        if b'broken' in body: return self.answer(500, b'oops')
        print('request of', len(body), self.headers['Content-Type'], flush=True)
        self.answer(200, body.upper())
class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    request_queue_size = 128
Server(os.environ['CLARY_SERVE_SOCKET'], Handler).serve_forever()
)";

class TransformTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!process::find_bubblewrap()) GTEST_SKIP() << process::kNoBubblewrap;
    run_.spec.kind = "transform-job";
    run_.spec.mode = JobSpec::Mode::kTransform;
    TransformSpec transform;
    transform.input.name = "input";
    transform.input.s3_uri = "s3://b/in/";
    transform.split = TransformSpec::Split::kLine;
    transform.content_type = "text/csv";
    transform.output_uri = "s3://b/out";
    transform.assemble_lines = true;
    transform.retries = 2;
    run_.spec.transform = transform;
  }
  TransformSpec& transform() { return *run_.spec.transform; }
  void put(const std::string& key, const std::string& content) {
    server_.with([&](FakeServer::State& state) { state.objects["b/in/" + key] = content; });
  }
  // "key=content" of every output.
  std::vector<std::string> outputs() {
    return server_.with([](FakeServer::State& state) {
      std::vector<std::string> list;
      for (const auto& [name, content] : state.objects) {
        if (name.starts_with("b/out/")) list.push_back(name.substr(6) + "=" + content);
      }
      return list;
    });
  }
  void run() {
    run_.start();
    EXPECT_EQ(run_.exit_code(), 0) << read_file(run_.folder() / "agent.log");
  }
  std::string kind() { return string_or(server_.outcome(), "kind"); }
  std::string reason() { return string_or(server_.outcome(), "reason"); }
  bool said(std::string_view part) {
    const auto lines = server_.lines();
    return std::ranges::any_of(
        lines, [&](const std::string& line) { return line.find(part) != std::string::npos; });
  }

  FakeServer server_;
  AgentRun run_{server_, kServer};
};

using Names = std::vector<std::string>;

TEST_F(TransformTest, PutsEveryObjectThroughInOrder) {
  std::string text, expected;
  for (int i = 0; i < 300'000; ++i) {
    text += "row " + std::to_string(i) + "\n";
    expected += "ROW " + std::to_string(i) + "\n";
  }
  put("a/large.csv", text);
  put("b.csv", "x\ny\n");
  put("empty.csv", "");
  run();
  EXPECT_EQ(kind(), "succeeded") << reason();
  EXPECT_EQ(outputs(),
            (Names{"a/large.csv.out=" + expected, "b.csv.out=X\nY\n", "empty.csv.out="}));
  EXPECT_TRUE(said("MaxConcurrentTransforms=3, MaxPayloadInMB=1, BatchStrategy=MULTI_RECORD"));
  EXPECT_TRUE(said("text/csv"));
  EXPECT_EQ(server_.phases(), (Names{"downloading", "running"}));
  EXPECT_TRUE(std::filesystem::is_empty(run_.folder() / "ml/objects"));
}

TEST_F(TransformTest, OneBadObjectFailsTheJobAndNotTheOthers) {
  transform().strategy = TransformSpec::Strategy::kSingleRecord;
  put("1.csv", "fine");
  put("2.csv", "fine\nbad\nfine");
  put("3.csv", "again");
  put("4.csv", "broken");
  run();
  EXPECT_EQ(kind(), "failed");
  EXPECT_TRUE(
      reason().starts_with("ClientError: b/in/2.csv: the model answered 400: no good at all"))
      << reason();
  EXPECT_EQ(outputs(), (Names{"1.csv.out=FINE\n", "3.csv.out=AGAIN\n"}));
  EXPECT_TRUE(said("b/in/2.csv: ClientError: the model answered 400"));
  EXPECT_TRUE(said("b/in/4.csv: AlgorithmError: the model answered 500"));
}

TEST_F(TransformTest, AWholeObjectMayBeOneRequestOfAnySize) {
  transform().split = TransformSpec::Split::kNone;
  transform().max_payload_mb = 0;
  transform().assemble_lines = false;
  run_.spec.environment["NO_PARAMETERS"] = "1";
  const std::string large(3 << 20, 'a');
  put("1", large);
  put("2", "b\nc");
  run();
  EXPECT_EQ(kind(), "succeeded") << reason();
  EXPECT_EQ(outputs(), (Names{"1.out=" + std::string(3 << 20, 'A'), "2.out=B\nC"}));
}

TEST_F(TransformTest, CapturesWhatWentThrough) {
  transform().capture = {.uri = "s3://b/seen", .kms_key = "", .inference_id = true};
  put("a/1.csv", "x\ny\n");
  put("2.csv", "bad");
  run();
  EXPECT_EQ(kind(), "failed");
  const auto found = outputs();
  ASSERT_EQ(found.size(), 1U);
  const std::string id = "[0-9a-f-]{36},[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z\n";
  EXPECT_THAT(found[0], ::testing::MatchesRegex("a/1.csv.out=X," + id + "Y," + id));
  const auto manifests = server_.with([](FakeServer::State& state) {
    Names list;
    for (const auto& [name, content] : state.objects) {
      if (name.starts_with("b/seen/")) list.push_back(name.substr(7) + "=" + content);
    }
    return list;
  });
  ASSERT_EQ(manifests.size(), 2U);
  const std::string hour = "/[0-9]{4}/[0-9]{2}/[0-9]{2}/[0-9]{2}/[^/]*algo-1.jsonl=";
  EXPECT_THAT(manifests[0], ::testing::MatchesRegex("input" + hour +
                                                    R"(\[\{"prefix":"s3://b/in/"\},"a/1.csv"\])"));
  EXPECT_THAT(
      manifests[1],
      ::testing::MatchesRegex("output" + hour + R"(\[\{"prefix":"s3://b/out/"\},"a/1.csv.out"\])"));
}

TEST_F(TransformTest, WhatIsTooLargeForOneRequestFailsItsObject) {
  transform().max_payload_mb = 1;
  put("1", std::string((1 << 20) + 1, 'a'));
  put("2", "fine");
  run();
  EXPECT_EQ(kind(), "failed");
  EXPECT_NE(reason().find("MaxPayloadInMB"), std::string::npos) << reason();
  EXPECT_EQ(outputs(), Names{"2.out=FINE\n"});
}

TEST_F(TransformTest, AServerThatDiesFailsTheJob) {
  put("1", "die");
  run();
  EXPECT_EQ(kind(), "failed");
  EXPECT_TRUE(reason().starts_with("AlgorithmError: ")) << reason();
  EXPECT_TRUE(outputs().empty());
}

TEST_F(TransformTest, StopsInTheMiddle) {
  put("1", "again");
  transform().retries = 1000;  // so that it is under way
  run_.spec.command[2].replace(run_.spec.command[2].find("len(seen) < 3"), 13, "True");
  run_.start();
  ASSERT_TRUE(server_.wait_for([](const FakeServer::State& state) {
    return std::ranges::any_of(state.reports, [](const json::object& report) {
      return report.contains("workload_started");
    });
  }));
  server_.with([](FakeServer::State& state) { state.stop_run = true; });
  run_.agent().signal(SIGTERM);
  EXPECT_EQ(run_.exit_code(), 0);
  EXPECT_EQ(kind(), "stopped") << reason();
  EXPECT_TRUE(outputs().empty());
}

TEST_F(TransformTest, ADeniedOutputIsTheUsersToMend) {
  put("1", "fine");
  server_.with([](FakeServer::State& state) { state.denied = "out/"; });
  run();
  EXPECT_EQ(kind(), "failed");
  EXPECT_TRUE(reason().starts_with("ClientError: ")) << reason();
  EXPECT_NE(reason().find("AccessDenied"), std::string::npos) << reason();
}

}  // namespace
}  // namespace clary::agent
