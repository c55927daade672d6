// What the agent's tests share: folders, files, and a server that is S3 and the engine in one.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/job_spec.h"
#include "base/json.h"
#include "http/server.h"
#include "process/spawn.h"

namespace clary::agent {

class TestFolder {
 public:
  TestFolder();
  ~TestFolder();
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

void write_file(const std::filesystem::path& path, const std::string& content);
std::string read_file(const std::filesystem::path& path);
int run_program(const std::vector<std::string>& arguments);  // its exit code

// Keeps objects, takes reports. Speaks as much of S3 as the agent does.
class FakeServer {
 public:
  FakeServer();
  ~FakeServer();
  void stop();   // closes the port
  void start();  // opens the same port again
  std::string url() const;

  // Guarded by the lock that with() holds.
  struct State {
    std::map<std::string, std::string> objects;  // "bucket/key"
    std::string denied;                          // a key with this in it: 403
    std::size_t break_after = 0;  // GetObject: the connection ends after that many bytes, once
    std::chrono::milliseconds get_delay{0};  // GetObject: before each answer
    std::vector<json::object> reports;       // applied, in order
    std::uint64_t applied = 0;
    std::size_t report_requests = 0, parts = 0;
    bool lose_answers = false;  // reports are applied, but answered with 500
    bool stop_run = false;
    bool go = true;  // the other instances are staged
    std::map<std::string, std::map<int, std::string>> uploads;
  };
  template <class Use>
  auto with(Use use) {
    const std::lock_guard lock(mutex_);
    return use(state_);
  }
  // Waits until `done(state)`; false after 30 s.
  bool wait_for(const std::function<bool(const State&)>& done);
  std::vector<std::string> phases();
  std::vector<std::string> lines();
  json::object outcome();  // empty: none yet

 private:
  boost::asio::awaitable<void> answer(http::Exchange& exchange);
  std::string answer_report(const std::string& body, unsigned& status);
  std::string answer_list(const std::string& bucket, const std::string& query);
  std::string answer_upload(const std::string& key, const RequestHead& head,
                            const std::string& body);

  std::mutex mutex_;
  State state_;
  std::uint16_t port_ = 0;
  std::unique_ptr<http::Server> server_;
};

// A run whose "algorithm" is Python code, and the agent process for it.
class AgentRun {
 public:
  AgentRun(FakeServer& server, const std::string& python);
  JobSpec spec;  // change before start()
  std::map<std::string, std::string> access;
  void start();
  process::Child& agent() { return agent_; }
  int exit_code();  // waits up to 30 s; -1: still runs
  std::filesystem::path folder() const { return folder_.path() / "runs/r"; }
  std::filesystem::path opt_ml() const { return folder() / "ml"; }

 private:
  FakeServer& server_;
  TestFolder folder_;
  process::Child agent_;
};

}  // namespace clary::agent
