#include "agent/pinger.h"

#include <sys/eventfd.h>

#include <algorithm>

#include "http/client.h"

namespace clary::agent {

using std::chrono::milliseconds;

Pinger::Pinger(std::filesystem::path socket, std::string path, const PingTimes& times)
    : socket_(std::move(socket)),
      path_(std::move(path)),
      times_(times),
      changed_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      thread_([this] { run(); }) {}

Pinger::~Pinger() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    wake_.notify_all();
  }
  thread_.join();
}

void Pinger::drain() {
  eventfd_t count = 0;
  eventfd_read(changed_.get(), &count);
}

bool Pinger::sleep(milliseconds time) {
  std::unique_lock lock(mutex_);
  return !wake_.wait_for(lock, time, [&] { return stopping_; });
}

void Pinger::run() {
  http::BlockingClient client({.host = "localhost", .port = 0, .unix_path = socket_.string()});
  http::ClientRequest request;
  request.target = path_;
  milliseconds pause = times_.first;
  while (sleep(ready_ ? times_.healthy_every : pause)) {
    bool healthy = false;
    try {
      healthy = client.send(request, times_.timeout).status == 200;
    } catch (const http::ClientError&) {
      // Not listening yet, or not answering in time.
    }
    if (healthy) {
      failures_ = 0;
      if (!ready_.exchange(true)) eventfd_write(changed_.get(), 1);
    } else if (ready_) {
      ++failures_;
      eventfd_write(changed_.get(), 1);
    } else {
      pause = std::min(pause * 2, times_.longest_between);
    }
  }
}

}  // namespace clary::agent
