#include "process/exit_watch.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/wait.h>

#include <array>
#include <map>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace clary::process {
namespace {

struct Watched {
  pid_t pid;
  FileDescriptor pidfd;  // empty: had ended already
  std::function<void()> ended;
};

constexpr std::uint64_t kWake = 0;  // epoll's key of the eventfd; watched processes count from 1

}  // namespace

struct ExitWatch::Impl {
  FileDescriptor epoll{epoll_create1(EPOLL_CLOEXEC)};
  FileDescriptor wake{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  std::mutex mutex;
  std::map<std::uint64_t, Watched> watched;  // guarded by mutex
  std::vector<std::uint64_t> already_ended;  // guarded by mutex
  std::uint64_t next_key = kWake + 1;        // guarded by mutex
  bool stopping = false;                     // guarded by mutex
  std::thread thread;

  void poke() {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = write(wake.get(), &one, sizeof one);
  }

  bool add(int fd, std::uint64_t key) {
    epoll_event event{.events = EPOLLIN, .data = {.u64 = key}};
    return epoll_ctl(epoll.get(), EPOLL_CTL_ADD, fd, &event) == 0;
  }

  void finish(std::uint64_t key) {
    std::unique_lock lock(mutex);
    auto node = watched.extract(key);
    lock.unlock();
    if (node.empty()) return;
    Watched process = std::move(node.mapped());
    waitpid(process.pid, nullptr, WNOHANG);  // ECHILD when another program started it
    process.ended();
  }

  // False when the watch ends.
  bool drain_wake() {
    std::uint64_t count = 0;
    [[maybe_unused]] const ssize_t size = read(wake.get(), &count, sizeof count);
    std::unique_lock lock(mutex);
    if (stopping) return false;
    const std::vector<std::uint64_t> keys = std::move(already_ended);
    already_ended.clear();
    lock.unlock();
    for (const std::uint64_t key : keys) finish(key);
    return true;
  }

  void run() {
    std::array<epoll_event, 16> events;
    while (true) {
      const int count = epoll_wait(epoll.get(), events.data(), events.size(), -1);
      for (int i = 0; i < count; ++i) {
        const std::uint64_t key = events[static_cast<std::size_t>(i)].data.u64;
        if (key != kWake) {
          finish(key);
        } else if (!drain_wake()) {
          return;
        }
      }
    }
  }
};

ExitWatch::ExitWatch() : impl_(std::make_unique<Impl>()) {
  if (!impl_->epoll || !impl_->wake || !impl_->add(impl_->wake.get(), kWake)) {
    throw std::system_error(errno, std::generic_category(), "epoll");
  }
  impl_->thread = std::thread([impl = impl_.get()] { impl->run(); });
}

ExitWatch::~ExitWatch() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->stopping = true;
  }
  impl_->poke();
  impl_->thread.join();
}

void ExitWatch::watch(const ProcessId& id, std::function<void()> ended) {
  FileDescriptor pidfd = open_process(id);
  const int number = pidfd.get();
  const std::lock_guard lock(impl_->mutex);
  const std::uint64_t key = impl_->next_key++;
  impl_->watched.emplace(key, Watched{id.pid, std::move(pidfd), std::move(ended)});
  if (number < 0 || !impl_->add(number, key)) {
    impl_->already_ended.push_back(key);
    impl_->poke();
  }
}

}  // namespace clary::process
