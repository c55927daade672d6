// What the agent tells the server. Everything goes to a spool file first and stays there, so that
// neither a server that is away nor the agent's own death loses it.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "base/clock.h"
#include "base/json.h"
#include "http/client.h"
#include "process/file_descriptor.h"

namespace clary::agent {

struct ReporterOptions {
  http::Address server;
  std::string run_id, token;
  std::filesystem::path spool;
  // Asked for by the server in an answer: the run shall stop. From the sending thread, once.
  std::function<void()> on_stop;
  // Without an answer for that long the agent gives up; the next server reads the spool.
  std::chrono::seconds patience{12 * 3600};
  std::uint64_t largest_spool = 4ULL << 30;  // further log lines are dropped, nothing else
};

// owns: the spool file and the sending thread. threads: report() from one thread at a time.
// errors: StorageError when the spool cannot be written.
class Reporter {
 public:
  Reporter(ReporterOptions options, const Clock& clock);
  ~Reporter();  // gives up at once: what is unsent stays in the spool
  Reporter(const Reporter&) = delete;
  Reporter& operator=(const Reporter&) = delete;

  // Adds the sequence number and spools. Returns at once; sending goes on beside.
  void report(json::object report);
  void phase(std::string_view name, std::string_view message = {});
  // Of a gang, once it has reported that it is staged: asks the server again and again whether all
  // are. The descriptor that is returned is readable when they are.
  int await_go();
  // The message of the phase that goes on.
  void progress(std::string_view message) { report({{"progress", message}}); }
  // Where the instances are, if the server has told with that; [{"host", "address"}].
  json::array peers() const;
  // True when log lines should not be reported any more.
  bool full() const { return written_ >= options_.largest_spool; }

  // The last report; waits until the server has taken everything, which the disk has meanwhile if
  // the server cannot be reached. False when it gave up.
  bool finish(json::object report);

 private:
  void send_all();
  bool wait_for_work();
  void gather(std::unique_lock<std::mutex>& lock);
  bool send_some();
  std::string take(std::uint64_t& until);
  void accept(const json::object& answer, std::uint64_t until);
  void keep_spool() const;
  bool wait_to_retry(std::chrono::milliseconds& delay);

  const ReporterOptions options_;
  const Clock& clock_;
  process::FileDescriptor spool_;
  std::uint64_t sequence_ = 0;  // the writer's
  std::atomic<std::uint64_t> written_{0};

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  json::array peers_;                   // guarded by mutex_
  std::uint64_t sent_ = 0;              // bytes of the spool that were taken; guarded by mutex_
  bool stopping_ = false;               // guarded by mutex_
  bool finishing_ = false;              // guarded by mutex_
  bool abandoned_ = false;              // guarded by mutex_: nobody will ever take more
  bool awaits_go_ = false;              // guarded by mutex_
  std::chrono::milliseconds go_delay_;  // until it asks again; the sender's
  std::chrono::milliseconds gather_;    // how long reports wait for others; the sender's
  bool stop_told_ = false;              // the sender's
  process::FileDescriptor go_;          // an event
  http::BlockingClient client_;         // the sender's
  std::thread sender_;                  // last: started when all else is ready
};

// Milliseconds since the epoch: how reports carry times.
std::int64_t report_time(const Clock& clock);

}  // namespace clary::agent
