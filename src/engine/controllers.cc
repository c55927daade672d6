#include "engine/controllers.h"

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <thread>
#include <unordered_map>

#include "base/log.h"

namespace clary::engine {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;
using std::chrono::milliseconds;

constexpr milliseconds kFirstRetry{100};
constexpr milliseconds kLongestRetry{30000};

}  // namespace

struct Controllers::Impl {
  Impl(const Clock& clock_in, unsigned threads_in)
      : clock(clock_in), thread_count(std::max(1U, threads_in)) {}

  const Clock& clock;
  const unsigned thread_count;
  std::map<std::string, Controller*, std::less<>> controllers;  // fixed after start()

  std::mutex mutex;
  std::condition_variable changed;
  // All below are guarded by mutex. A key is in `due` at most once; a key that is being reconciled
  // and enqueued again waits in `due` until that is done.
  std::map<store::DocumentKey, SteadyTime> due;
  std::set<std::pair<SteadyTime, store::DocumentKey>> order;  // the same, by time
  std::set<store::DocumentKey> active;
  std::map<store::DocumentKey, int> failures;  // in a row
  bool stopping = false;
  std::vector<std::thread> threads;

  void put(const store::DocumentKey& key, SteadyTime at) {
    const auto [place, added] = due.try_emplace(key, at);
    if (!added) {
      if (place->second <= at) return;  // the earlier wish wins
      order.erase({place->second, key});
      place->second = at;
    }
    order.emplace(at, key);
    changed.notify_one();
  }

  // The first key that is due and not active; else how long nothing will be, in `wait`.
  std::optional<store::DocumentKey> take(milliseconds& wait) {
    const SteadyTime now = clock.steady_now();
    wait = std::chrono::hours(1);
    for (auto place = order.begin(); place != order.end(); ++place) {
      if (place->first > now) {
        wait = std::chrono::ceil<milliseconds>(place->first - now);
        return std::nullopt;
      }
      if (active.contains(place->second)) continue;
      store::DocumentKey key = place->second;
      due.erase(key);
      order.erase(place);
      active.insert(key);
      return key;
    }
    return std::nullopt;
  }

  milliseconds failed(const store::DocumentKey& key) {
    const int count = std::min(++failures[key], 20);
    return std::min(kLongestRetry, milliseconds(kFirstRetry.count() << (count - 1)));
  }

  // Runs without the lock.
  std::optional<milliseconds> reconcile(const store::DocumentKey& key, bool& threw) {
    const auto controller = controllers.find(key.kind);
    if (controller == controllers.end()) {
      spdlog::error("no controller for kind {}", key.kind);
      return std::nullopt;
    }
    try {
      return controller->second->reconcile(key);
    } catch (const std::exception& error) {
      spdlog::error("reconciling {} {}: {}", key.kind, key.name, error.what());
      threw = true;
    }
    return std::nullopt;
  }

  void work() {
    std::unique_lock lock(mutex);
    while (!stopping) {
      milliseconds wait;
      const auto key = take(wait);
      if (!key) {
        changed.wait_for(lock, wait);
        continue;
      }
      lock.unlock();
      bool threw = false;
      std::optional<milliseconds> again = reconcile(*key, threw);
      lock.lock();
      active.erase(*key);
      if (threw) {
        again = failed(*key);
      } else {
        failures.erase(*key);
      }
      if (again) {
        put(*key, clock.steady_now() + *again);
      } else if (due.contains(*key)) {
        changed.notify_one();  // was enqueued meanwhile and skipped as active
      }
    }
  }
};

Controllers::Controllers(const Clock& clock, unsigned threads)
    : impl_(std::make_unique<Impl>(clock, threads)) {}

Controllers::~Controllers() {
  stop();
}

void Controllers::add(Controller& controller) {
  impl_->controllers.emplace(controller.kind(), &controller);
}

void Controllers::start() {
  for (const auto& [kind, controller] : impl_->controllers) {
    for (const store::DocumentKey& key : controller->pending()) enqueue(key);
  }
  for (unsigned i = 0; i < impl_->thread_count; ++i) {
    impl_->threads.emplace_back([impl = impl_.get()] { impl->work(); });
  }
}

void Controllers::stop() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->stopping = true;
    impl_->changed.notify_all();
  }
  for (std::thread& thread : impl_->threads) thread.join();
  impl_->threads.clear();
}

void Controllers::enqueue(const store::DocumentKey& key, std::chrono::milliseconds delay) {
  const std::lock_guard lock(impl_->mutex);
  impl_->put(key, impl_->clock.steady_now() + delay);
}

void Controllers::look_at_clock() {
  const std::lock_guard lock(impl_->mutex);
  impl_->changed.notify_all();
}

}  // namespace clary::engine
