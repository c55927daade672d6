#include "engine/controllers.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>

namespace clary::engine {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

store::DocumentKey key_of(const std::string& name) {
  return {"job", "1", "r", name};
}

// Counts, and answers what the test wants.
class Recorder final : public Controller {
 public:
  std::string_view kind() const override { return "job"; }
  std::vector<store::DocumentKey> pending() override { return pending_keys; }
  std::optional<milliseconds> reconcile(const store::DocumentKey& key) override {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(active_.insert(key.name).second) << "twice at once for one key";
    const int count = ++counts_[key.name];
    changed_.notify_all();
    changed_.wait_for(lock, seconds(20), [&] { return !hold_; });
    active_.erase(key.name);
    lock.unlock();
    return answer ? answer(count) : std::nullopt;
  }
  bool reached(const std::string& name, int count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, seconds(20), [&] { return counts_[name] >= count; });
  }
  int count(const std::string& name) {
    const std::lock_guard lock(mutex_);
    return counts_[name];
  }
  void hold(bool held) {
    const std::lock_guard lock(mutex_);
    hold_ = held;
    changed_.notify_all();
  }
  std::vector<store::DocumentKey> pending_keys;
  std::function<std::optional<milliseconds>(int)> answer;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, int> counts_;
  std::set<std::string> active_;
  bool hold_ = false;
};

class ControllersTest : public ::testing::Test {
 protected:
  ManualClock clock_{Timestamp(milliseconds(1000))};
  Recorder recorder_;
  Controllers controllers_{clock_, 3};
};

TEST_F(ControllersTest, StartsWithWhatIsPending) {
  recorder_.pending_keys = {key_of("a"), key_of("b")};
  controllers_.add(recorder_);
  controllers_.start();
  EXPECT_TRUE(recorder_.reached("a", 1));
  EXPECT_TRUE(recorder_.reached("b", 1));
}

TEST_F(ControllersTest, KeepsOneKeyToOneThreadAndForgetsNoWish) {
  controllers_.add(recorder_);
  recorder_.hold(true);
  controllers_.start();
  controllers_.enqueue(key_of("a"));
  ASSERT_TRUE(recorder_.reached("a", 1));
  for (int i = 0; i < 10; ++i) controllers_.enqueue(key_of("a"));
  // Another key is not held up.
  controllers_.enqueue(key_of("b"));
  ASSERT_TRUE(recorder_.reached("b", 1));
  recorder_.hold(false);
  EXPECT_TRUE(recorder_.reached("a", 2)) << "the wishes made meanwhile count as one";
  controllers_.stop();
  EXPECT_EQ(recorder_.count("a"), 2);
}

TEST_F(ControllersTest, WaitsForTheClock) {
  recorder_.answer = [](int count) -> std::optional<milliseconds> {
    if (count == 1) return milliseconds(5000);
    return std::nullopt;
  };
  // One thread: when it has come to the next key, it has noted when the first is due again.
  Controllers controllers(clock_, 1);
  controllers.add(recorder_);
  controllers.start();
  controllers.enqueue(key_of("a"));
  ASSERT_TRUE(recorder_.reached("a", 1));
  controllers.enqueue(key_of("next"));
  ASSERT_TRUE(recorder_.reached("next", 1));
  controllers.enqueue(key_of("b"), milliseconds(4999));
  clock_.advance(milliseconds(4999));
  controllers.look_at_clock();
  ASSERT_TRUE(recorder_.reached("b", 1));
  EXPECT_EQ(recorder_.count("a"), 1);
  clock_.advance(milliseconds(1));
  controllers.look_at_clock();
  EXPECT_TRUE(recorder_.reached("a", 2));
}

TEST_F(ControllersTest, RetriesWhatThrewWithGrowingDelay) {
  recorder_.answer = [](int count) -> std::optional<milliseconds> {
    if (count < 3) throw std::runtime_error("not yet");
    return std::nullopt;
  };
  controllers_.add(recorder_);
  controllers_.start();
  controllers_.enqueue(key_of("a"));
  ASSERT_TRUE(recorder_.reached("a", 1));
  // The first retry comes 100 ms later, the second 200 ms after that. The loop only covers the
  // moment until the worker has noted the failure.
  while (recorder_.count("a") < 2) {
    clock_.advance(milliseconds(10));
    controllers_.look_at_clock();
    std::this_thread::yield();
  }
  EXPECT_GE(clock_.now(), Timestamp(milliseconds(1100)));
  while (recorder_.count("a") < 3) {
    clock_.advance(milliseconds(10));
    controllers_.look_at_clock();
    std::this_thread::yield();
  }
  EXPECT_GE(clock_.now(), Timestamp(milliseconds(1300)));
}

}  // namespace
}  // namespace clary::engine
