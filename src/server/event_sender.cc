#include "server/event_sender.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "base/log.h"
#include "http/client.h"

namespace clary::server {
namespace {

constexpr std::size_t kBatch = 64;
constexpr std::chrono::seconds kLongestPause{300};

std::chrono::milliseconds pause_after(int attempts) {
  const auto doubled = std::chrono::seconds(1) * (1 << std::min(attempts, 9));
  return std::min<std::chrono::milliseconds>(doubled, kLongestPause);
}

}  // namespace

EventTarget event_target(std::string_view url) {
  constexpr std::string_view kPlain = "http://", kSecure = "https://";
  EventTarget target;
  target.secure = url.starts_with(kSecure);
  if (!target.secure && !url.starts_with(kPlain)) {
    throw std::invalid_argument("takes URLs that start with http:// or https://");
  }
  url.remove_prefix(target.secure ? kSecure.size() : kPlain.size());
  if (target.secure) target.port = 443;
  const auto slash = std::min(url.find('/'), url.size());
  if (slash < url.size()) target.path = url.substr(slash);
  std::string_view host = url.substr(0, slash);
  const auto colon = host.rfind(':');
  if (colon != std::string_view::npos && !host.ends_with(']')) {
    const auto port = host.substr(colon + 1);
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), target.port);
    if (error != std::errc() || end != port.data() + port.size() || target.port == 0) {
      throw std::invalid_argument("takes a port from 1 to 65535 in a URL");
    }
    host = host.substr(0, colon);
  }
  target.host = host;
  const auto plain = [](unsigned char c) { return c > 0x20 && c < 0x7f; };
  if (host.empty() || host.find('@') != std::string_view::npos ||
      !std::ranges::all_of(host, plain) || !std::ranges::all_of(target.path, plain)) {
    throw std::invalid_argument("takes URLs of the form https://HOST:PORT/PATH");
  }
  return target;
}

std::map<std::string, EventTarget> event_targets(const std::map<std::string, std::string>& urls) {
  std::map<std::string, EventTarget> targets;
  for (const auto& [arn, url] : urls) {
    try {
      targets.emplace(arn, event_target(url));
    } catch (const std::invalid_argument& error) {
      throw std::runtime_error("event_targets " + std::string(error.what()) + ", not '" + url +
                               "'");
    }
  }
  return targets;
}

EventSender::EventSender(objects::EventQueue& queue, const Clock& clock,
                         std::map<std::string, EventTarget> targets,
                         const std::filesystem::path& authorities,
                         std::function<void(std::size_t)> sent)
    : queue_(queue), clock_(clock), targets_(std::move(targets)), sent_(std::move(sent)) {
  const auto secure = [](const auto& entry) { return entry.second.secure; };
  if (std::ranges::any_of(targets_, secure)) {
    tls_ = std::make_shared<http::ClientTls>(authorities);
  }
}

EventSender::~EventSender() {
  stop();
}

void EventSender::start() {
  if (!targets_.empty()) thread_ = std::thread([this] { run(); });
}

void EventSender::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void EventSender::wake() {
  {
    std::lock_guard lock(mutex_);
    woken_ = true;
  }
  changed_.notify_all();
}

void EventSender::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    woken_ = false;
    lock.unlock();
    bool more = false;
    auto pause = std::chrono::milliseconds(kLongestPause);
    try {
      more = send_due();
      if (const auto next = queue_.next_due(); !more && next) {
        pause = std::clamp(std::chrono::milliseconds(*next - clock_.now()),
                           std::chrono::milliseconds(10), pause);
      }
    } catch (const std::exception& error) {
      spdlog::error("events: {}", error.what());
      pause = std::chrono::seconds(5);
    }
    lock.lock();
    if (!more) changed_.wait_for(lock, pause, [this] { return stopping_ || woken_; });
  }
}

bool EventSender::send_due() {
  const auto events = queue_.due(clock_.now(), kBatch);
  std::vector<std::int64_t> done;
  std::map<std::string, std::pair<int, std::vector<std::int64_t>>> failed;  // attempts, ids
  for (const auto& event : events) {
    {
      std::lock_guard lock(mutex_);
      if (stopping_) break;
    }
    const auto target = targets_.find(event.target);
    if (clock_.now() - event.queued > kPatience) {
      spdlog::error("events: a message for {} could not be sent for a day and is dropped",
                    event.target);
      done.push_back(event.id);
    } else if (const auto known = failed.find(event.target); known != failed.end()) {
      known->second.second.push_back(event.id);  // its turn comes after those before it
    } else if (target != targets_.end() && send(target->second, event)) {
      done.push_back(event.id);
    } else {
      failed[event.target] = {event.attempts, {event.id}};
    }
  }
  if (!done.empty()) {
    queue_.remove(done);
    sent_(done.size());
  }
  for (const auto& [target, entry] : failed) {
    queue_.postpone(entry.second, clock_.now() + pause_after(entry.first));
  }
  return !done.empty();
}

bool EventSender::send(const EventTarget& target, const objects::QueuedEvent& event) const {
  try {
    http::BlockingClient client({.host = target.host, .port = target.port, .unix_path = {}},
                                target.secure ? tls_ : nullptr);
    const auto answer = client.send(
        {.method = "POST",
         .target = target.path,
         .headers = {{"Content-Type", "application/json"}, {"x-amz-sns-topic-arn", event.target}},
         .body = event.body},
        kTimeout);
    if (answer.status >= 200 && answer.status < 300) return true;
    spdlog::warn("events: {} answered {}; the message is sent again later", event.target,
                 answer.status);
  } catch (const http::ClientError& error) {
    spdlog::warn("events: {}: {}; the message is sent again later", event.target, error.what());
  }
  return false;
}

}  // namespace clary::server
