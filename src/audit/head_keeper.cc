#include "audit/head_keeper.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/errors.h"
#include "base/log.h"

namespace clary::audit {

HeadKeeper::HeadKeeper(std::filesystem::path folder, Seal seal)
    : folder_(std::move(folder)), seal_(std::move(seal)), thread_([this] { run(); }) {}

HeadKeeper::~HeadKeeper() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void HeadKeeper::request(int file, Head head) {
  {
    const std::lock_guard lock(mutex_);
    if (wanted_) ::close(wanted_->file);
    wanted_ = Wanted{.file = file, .head = std::move(head)};
  }
  changed_.notify_all();
}

bool HeadKeeper::wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !wanted_ && !busy_; });
  return good_;
}

void HeadKeeper::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return wanted_ || stopping_; });
    if (!wanted_) return;
    const Wanted now = *std::exchange(wanted_, std::nullopt);
    busy_ = true;
    lock.unlock();
    const bool good = keep(now);
    ::close(now.file);
    lock.lock();
    busy_ = false;
    good_ = good;
    changed_.notify_all();
  }
}

bool HeadKeeper::keep(const Wanted& wanted) const {
  try {
    if (::fdatasync(wanted.file) != 0) throw StorageError(std::strerror(errno));
    write_head(folder_, wanted.head, seal_);
    return true;
  } catch (const std::exception& error) {
    spdlog::error("audit: the head was not sealed: {}", error.what());
    return false;
  }
}

}  // namespace clary::audit
