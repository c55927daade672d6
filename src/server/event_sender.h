// Sends queued event messages to their targets: at least once, in order where nothing fails, again
// after growing pauses where something does.
#pragma once

#include <condition_variable>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "base/clock.h"
#include "http/client_tls.h"
#include "objects/event_queue.h"

namespace clary::server {

// Where the messages of one ARN go.
struct EventTarget {
  std::string host;
  std::uint16_t port = 80;
  std::string path = "/";
  bool secure = false;
};

// http://HOST[:PORT][/PATH], or https. Throws std::invalid_argument.
EventTarget event_target(std::string_view url);
// Those of the setting event_targets: ARN -> URL. Throws std::runtime_error that says which is
// wrong.
std::map<std::string, EventTarget> event_targets(const std::map<std::string, std::string>& urls);

// owns: its thread, from start() to stop(). A message is POSTed as JSON, with its ARN in
// x-amz-sns-topic-arn; an answer of 2xx within kTimeout takes it off the queue. A message that
// could not be handed over for kPatience is dropped, and the log says so. threads: wake() from any.
class EventSender {
 public:
  static constexpr std::chrono::seconds kTimeout{5};
  static constexpr std::chrono::hours kPatience{24};

  // `sent` is called with the number of messages that left the queue. `authorities`: whose
  // certificates https targets may show; empty: the system's. Throws std::runtime_error when that
  // file cannot be used.
  EventSender(objects::EventQueue& queue, const Clock& clock,
              std::map<std::string, EventTarget> targets, const std::filesystem::path& authorities,
              std::function<void(std::size_t)> sent);
  ~EventSender();
  void start();
  void stop();
  void wake();
  // What is due now, once; for the thread and for tests. False when nothing was due.
  bool send_due();

 private:
  bool send(const EventTarget& target, const objects::QueuedEvent& event) const;
  void run();

  objects::EventQueue& queue_;
  const Clock& clock_;
  const std::map<std::string, EventTarget> targets_;
  std::shared_ptr<const http::ClientTls> tls_;  // when there are secure targets
  const std::function<void(std::size_t)> sent_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false, woken_ = true;
  std::thread thread_;
};

}  // namespace clary::server
