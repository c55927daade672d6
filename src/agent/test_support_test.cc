#include "agent/test_support.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <thread>

#include "agent/agent.h"
#include "base/random.h"
#include "base/text.h"

namespace clary::agent {

namespace fs = std::filesystem;
namespace asio = boost::asio;

namespace {

// How long a test waits for its agent: long enough to compress and send 70 MiB on a machine that
// does much else.
constexpr std::chrono::milliseconds kPatience = std::chrono::seconds(90);

}  // namespace

TestFolder::TestFolder() : path_(fs::temp_directory_path() / ("clary-agent-" + random_hex(6))) {
  fs::create_directories(path_);
}
TestFolder::~TestFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

void write_file(const fs::path& path, const std::string& content) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << content;
}

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

int run_program(const std::vector<std::string>& arguments) {
  process::Child child =
      process::spawn({.arguments = arguments, .environment = {"PATH=/usr/bin:/bin"}});
  const auto exit = child.wait(std::chrono::seconds(30));
  return exit ? process::shell_code(*exit) : -1;
}

FakeServer::FakeServer() {
  start();
}
FakeServer::~FakeServer() {
  stop();
}

void FakeServer::start() {
  http::ServerOptions options;
  options.port = port_;
  server_ = std::make_unique<http::Server>(
      std::move(options), [this](http::Exchange& exchange) { return answer(exchange); });
  server_->start();
  port_ = server_->port();
}

void FakeServer::stop() {
  if (server_) server_->stop(std::chrono::milliseconds(0));
  server_.reset();
}

std::string FakeServer::url() const {
  return "http://127.0.0.1:" + std::to_string(port_);
}

bool FakeServer::wait_for(const std::function<bool(const State&)>& done) {
  constexpr std::chrono::milliseconds kStep{10};
  for (auto left = kPatience; left > kStep; left -= kStep) {
    if (with([&](State& state) { return done(state); })) return true;
    std::this_thread::sleep_for(kStep);
  }
  return false;
}

std::vector<std::string> FakeServer::phases() {
  return with([](State& state) {
    std::vector<std::string> names;
    for (const json::object& report : state.reports) {
      if (const json::object* phase = find_object(report, "phase")) {
        names.push_back(string_or(*phase, "phase"));
      }
    }
    return names;
  });
}

std::vector<std::string> FakeServer::lines() {
  return with([](State& state) {
    std::vector<std::string> lines;
    for (const json::object& report : state.reports) {
      const json::array* logs = find_array(report, "logs");
      if (logs == nullptr) continue;
      for (const json::value& line : *logs) lines.push_back(string_or(line.as_object(), "m"));
    }
    return lines;
  });
}

json::object FakeServer::outcome() {
  return with([](State& state) {
    for (const json::object& report : state.reports) {
      if (const json::object* outcome = find_object(report, "outcome")) return *outcome;
    }
    return json::object();
  });
}

std::string FakeServer::answer_report(const std::string& body, unsigned& status) {
  return with([&](State& state) {
    ++state.report_requests;
    const json::value parsed = json::parse(body);
    for (const json::value& report : parsed.at("reports").as_array()) {
      const auto seq = static_cast<std::uint64_t>(*find_int(report.as_object(), "seq"));
      if (seq != state.applied + 1) continue;
      state.applied = seq;
      state.reports.push_back(report.as_object());
    }
    if (state.lose_answers) status = 500;
    return json::serialize(json::object{
        {"known", true}, {"stop", state.stop_run}, {"applied", state.applied}, {"go", state.go}});
  });
}

// Two keys a page, so that paging is tested whenever there are three.
std::string FakeServer::answer_list(const std::string& bucket, const std::string& query) {
  std::string prefix, token;
  for (std::size_t begin = 0; begin < query.size();) {
    const std::size_t end = std::min(query.find('&', begin), query.size());
    const std::string field = query.substr(begin, end - begin);
    if (field.starts_with("prefix=")) prefix = uri_decode(field.substr(7)).value();
    if (field.starts_with("continuation-token=")) token = uri_decode(field.substr(19)).value();
    begin = end + 1;
  }
  return with([&](State& state) {
    std::string body = "<?xml version=\"1.0\"?><ListBucketResult>";
    int count = 0;
    std::string last;
    for (const auto& [name, content] : state.objects) {
      if (!name.starts_with(bucket + "/" + prefix)) continue;
      const std::string key = name.substr(bucket.size() + 1);
      if (key <= token) continue;
      if (count == 2) {
        body += "<NextContinuationToken>" + last + "</NextContinuationToken>";
        break;
      }
      ++count;
      last = key;
      body += "<Contents><Key>" + uri_encode(key, Slash::kKeep) + "</Key><Size>" +
              std::to_string(content.size()) + "</Size><ETag>&quot;e&quot;</ETag></Contents>";
    }
    return body + "</ListBucketResult>";
  });
}

std::string FakeServer::answer_upload(const std::string& key, const RequestHead& head,
                                      const std::string& body) {
  return with([&](State& state) -> std::string {
    if (head.query == "uploads=") {
      return "<InitiateMultipartUploadResult><UploadId>u1</UploadId>"
             "</InitiateMultipartUploadResult>";
    }
    if (head.method == "POST") {
      std::string whole;
      for (const auto& [number, part] : state.uploads[key]) whole += part;
      state.objects[key] = whole;
      return "<CompleteMultipartUploadResult/>";
    }
    if (head.query.starts_with("partNumber=")) {
      ++state.parts;
      state.uploads[key][std::stoi(head.query.substr(11))] = body;
    } else {
      state.objects[key] = body;
    }
    return "";
  });
}

asio::awaitable<void> FakeServer::answer(http::Exchange& exchange) {
  const RequestHead head = exchange.request;
  std::string body;
  std::vector<std::byte> buffer(1 << 16);
  while (const std::size_t size = co_await exchange.body.read_some(buffer)) {
    body.append(reinterpret_cast<const char*>(buffer.data()), size);
  }
  ResponseHead response;
  if (head.path.starts_with("/_clary/")) {
    unsigned status = head.headers.get("Authorization") == "Bearer token" ? 200 : 403;
    std::string text = status == 200 ? answer_report(body, status) : "{}";
    response.status = status;
    co_await exchange.response.send(response, text);
    co_return;
  }
  const std::string name = uri_decode(head.path.substr(1)).value();
  const bool denied = with([&](State& state) {
    return !state.denied.empty() && name.find(state.denied) != std::string::npos;
  });
  if (denied || head.headers.get("Authorization").empty() ||
      head.headers.get("X-Amz-Security-Token") != "session") {
    response.status = 403;
    std::string text = "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>";
    co_await exchange.response.send(response, text);
    co_return;
  }
  if (name.find('/') == std::string::npos) {
    std::string text = answer_list(name, head.query);
    co_await exchange.response.send(response, text);
    co_return;
  }
  if (head.method == "PUT" || head.method == "POST") {
    std::string text = answer_upload(name, head, body);
    response.headers.emplace_back("ETag", "\"e\"");
    co_await exchange.response.send(response, text);
    co_return;
  }
  std::string content;
  bool found = false;
  std::size_t break_after = 0;
  with([&](State& state) {
    const auto object = state.objects.find(name);
    found = object != state.objects.end();
    if (found) content = object->second;
    if (head.method == "GET") break_after = std::exchange(state.break_after, 0);
  });
  const auto delay = with([](State& state) { return state.get_delay; });
  if (head.method == "GET" && delay.count() > 0) {
    asio::steady_timer timer(co_await asio::this_coro::executor, delay);
    co_await timer.async_wait(asio::use_awaitable);
  }
  if (!found) {
    response.status = 404;
    std::string text =
        "<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message></Error>";
    co_await exchange.response.send(response, text);
    co_return;
  }
  if (const auto range = head.headers.find("Range")) {
    EXPECT_EQ(head.headers.get("If-Match"), "\"e\"");
    content = content.substr(std::stoul(std::string(range->substr(6))));
    response.status = 206;
  }
  response.headers.emplace_back("ETag", "\"e\"");
  if (break_after > 0 && break_after < content.size()) {
    response.content_length = content.size();
    co_await exchange.response.start(response);
    co_await exchange.response.write(as_bytes(std::string_view(content).substr(0, break_after)));
    throw std::runtime_error("the connection breaks here");
  }
  co_await exchange.response.send(response, content);
}

AgentRun::AgentRun(FakeServer& server, const std::string& python) : server_(server) {
  spec.id = "run-" + random_hex(4);
  spec.kind = "training-job";
  spec.region = "us-east-1";
  spec.command = {"clary-algo", "-c", python};
  spec.limits.term_grace = std::chrono::seconds(10);
  spec.limits.max_runtime = std::chrono::seconds(60);
  access = {
      {"access_key_id", "ASIA"}, {"secret_access_key", "secret"}, {"session_token", "session"}};
}

void AgentRun::start() {
  json::object keys{{"server_url", server_.url()}, {"report_token", "token"}};
  for (const auto& [name, value] : access) keys[name] = value;
  write_file(folder() / "lock", "");
  write_file(folder() / "run.json",
             json::serialize(json::object{{"spec", to_json(spec)},
                                          {"access", keys},
                                          {"data_folder", folder_.path().string()},
                                          {"cgroup_root", "/sys/fs/cgroup"}}));
  const process::FileDescriptor log(
      open((folder() / "agent.log").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  agent_ = process::spawn({.arguments = {fs::read_symlink("/proc/self/exe").string(), "agent",
                                         "--run", folder().string()},
                           .environment = {"CLARY_ALGO=/usr/bin/python3", "CLARY_LOG=debug"},
                           .standard_error = log.get(),
                           .new_session = true,
                           .block_termination = true});
}

int AgentRun::exit_code() {
  const auto exit = agent_.wait(kPatience);
  return exit ? process::shell_code(*exit) : -1;
}

}  // namespace clary::agent

// The tests start themselves as the agent.
int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "agent") {
    return clary::agent::agent_main(argc - 1, argv + 1);
  }
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
