#include "engine/run_queue.h"

#include <gtest/gtest.h>

namespace clary::engine {
namespace {

Share cpus(double count) {
  return {.cpus = count, .runs = 1};
}

// Takes the next run out and gives it `share`.
std::uint64_t admit(RunQueue& queue, const std::string& user, const Share& share) {
  const std::uint64_t number = queue.next().value();
  queue.remove(number);
  queue.give(user, share);
  return number;
}

TEST(RunQueue, IsFirstComeFirstServedForOneUser) {
  RunQueue queue(cpus(4));
  EXPECT_FALSE(queue.next().has_value());
  const auto a = queue.add({.user = "u"}), b = queue.add({.user = "u"}),
             c = queue.add({.user = "u"});
  EXPECT_EQ(queue.ahead_of(c).own, 2U);
  queue.remove(a);
  EXPECT_EQ(queue.ahead_of(c).own, 1U);
  EXPECT_EQ(admit(queue, "u", cpus(1)), b);
  EXPECT_EQ(queue.next(), c);
  queue.remove(c);
  queue.remove(c);
  EXPECT_EQ(queue.size(), 0U);
}

TEST(RunQueue, UsersTakeTurnsByWhatTheyHave) {
  RunQueue queue(cpus(4));
  const auto a1 = queue.add({.user = "a"}), a2 = queue.add({.user = "a"}),
             a3 = queue.add({.user = "a"}), b1 = queue.add({.user = "b"}),
             b2 = queue.add({.user = "b"});
  EXPECT_EQ(admit(queue, "a", cpus(2)), a1) << "waited longest";
  EXPECT_EQ(admit(queue, "b", cpus(1)), b1) << "has nothing yet";
  EXPECT_EQ(admit(queue, "b", cpus(1)), b2) << "has less than a";
  queue.take_back("a", cpus(2));
  EXPECT_EQ(queue.next(), a2);
  const RunQueue::Ahead ahead = queue.ahead_of(a3);
  EXPECT_EQ(ahead.own, 1U);
  EXPECT_EQ(ahead.others, 0U);
}

TEST(RunQueue, MemoryCountsAsMuchAsProcessors) {
  RunQueue queue({.cpus = 10, .memory_bytes = 100});
  queue.add({.user = "a"});
  queue.add({.user = "b"});
  queue.give("a", {.cpus = 1, .memory_bytes = 90, .runs = 1});
  queue.give("b", {.cpus = 5, .memory_bytes = 10, .runs = 1});
  EXPECT_EQ(queue.next(), 2U) << "b has half of the processors, a most of the memory";
}

TEST(RunQueue, PriorityGoesBeforeFairnessAndSpotBehind) {
  RunQueue queue(cpus(4));
  const auto spot = queue.add({.user = "a", .spot = true}), normal = queue.add({.user = "a"}),
             urgent = queue.add({.user = "b", .priority = 5}),
             urgent_spot = queue.add({.user = "c", .priority = 5, .spot = true});
  queue.give("b", cpus(4));
  EXPECT_EQ(queue.ahead_of(spot).urgent, 3U);
  for (const auto number : {urgent, urgent_spot, normal, spot}) {
    EXPECT_EQ(queue.next(), number);
    queue.remove(number);
  }
}

TEST(RunQueue, SaysWhoIsAhead) {
  EXPECT_EQ(to_words({}), "");
  EXPECT_EQ(to_words({.own = 2, .urgent = 1, .others = 3}),
            "1 more urgent ahead in the queue; 2 of the same user ahead in the queue; takes turns "
            "with 3 of other users");
}

TEST(RunQueue, TenThousandCostNoScans) {
  RunQueue queue(cpus(4));
  constexpr std::uint64_t kRuns = 100'000;
  for (std::uint64_t i = 0; i < kRuns; ++i) {
    const auto number = queue.add({.user = "u" + std::to_string(i % 7)});
    ASSERT_EQ(queue.ahead_of(number).own, i / 7);
  }
  for (std::uint64_t i = 0; i < kRuns; ++i) {
    const std::uint64_t number = queue.next().value();
    const std::string user = "u" + std::to_string((number - 1) % 7);
    queue.remove(number);
    queue.give(user, cpus(1));
  }
  EXPECT_EQ(queue.size(), 0U);
}

}  // namespace
}  // namespace clary::engine
