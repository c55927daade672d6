#include "store/log_events.h"

#include <gtest/gtest.h>

#include "store/test_folder.h"

namespace clary::store {
namespace {

using std::chrono::days;
using std::chrono::milliseconds;
using std::chrono::seconds;

const Timestamp kStart = Timestamp(seconds(1800000000));

class LogEventsTest : public testing::Test {
 protected:
  static std::vector<LogEvent> lines(int from, int count) {
    std::vector<LogEvent> events;
    for (int i = from; i < from + count; ++i) {
      events.push_back({.time = kStart + milliseconds(i), .message = "line " + std::to_string(i)});
    }
    return events;
  }
  std::vector<std::string> names(LogStreamOrder order, bool descending, std::size_t page = 2) {
    std::vector<std::string> names;
    std::string after;
    while (true) {
      const auto streams = logs_.streams(
          scope_,
          {.prefix = "", .order = order, .descending = descending, .after = after, .limit = page});
      for (const LogStream& stream : streams) names.push_back(stream.name);
      if (streams.size() < page) return names;
      after = log_stream_position(streams.back(), order);
    }
  }

  TestFolder folder_;
  ManualClock clock_{kStart};
  Database database_{folder_ / "a.db", {LogEvents::migrations()}};
  LogEvents logs_{database_, clock_};
  const LogScope scope_{.account = "1", .region = "r", .group = "/aws/sagemaker/TrainingJobs"};
};

TEST_F(LogEventsTest, GroupsAndStreamsComeAndGo) {
  EXPECT_TRUE(logs_.create_group(scope_));
  EXPECT_FALSE(logs_.create_group(scope_));
  EXPECT_TRUE(logs_.create_stream(scope_, "job/algo-1"));
  EXPECT_FALSE(logs_.create_stream(scope_, "job/algo-1"));
  EXPECT_TRUE(logs_.has_stream(scope_, "job/algo-1"));
  EXPECT_EQ(logs_.groups("1", "r", "/aws/", "", 10).size(), 1U);
  EXPECT_TRUE(logs_.groups("1", "r", "/ecs/", "", 10).empty());
  EXPECT_TRUE(logs_.groups("2", "r", "", "", 10).empty());
  logs_.append(scope_, "job/algo-1", lines(0, 3));
  EXPECT_EQ(logs_.group(scope_)->stored_bytes, 3 * (6 + 26));
  EXPECT_TRUE(logs_.remove_stream(scope_, "job/algo-1"));
  EXPECT_FALSE(logs_.remove_stream(scope_, "job/algo-1"));
  EXPECT_EQ(logs_.group(scope_)->stored_bytes, 0);
  logs_.append(scope_, "job/algo-1", lines(0, 12000));
  EXPECT_TRUE(logs_.remove_group(scope_));
  EXPECT_FALSE(logs_.group(scope_).has_value());
  // A group of the same name starts empty.
  logs_.create_stream(scope_, "job/algo-1");
  EXPECT_TRUE(logs_.events(scope_, "job/algo-1", {}).empty());
}

TEST_F(LogEventsTest, StreamsAreOrderedAndPaged) {
  for (const char* name : {"b", "a", "c", "d"}) logs_.create_stream(scope_, name);
  logs_.append(scope_, "c", lines(10, 1));
  logs_.append(scope_, "a", lines(20, 1));
  logs_.append(scope_, "b", lines(20, 1));
  using Order = LogStreamOrder;
  EXPECT_EQ(names(Order::kName, false), (std::vector<std::string>{"a", "b", "c", "d"}));
  EXPECT_EQ(names(Order::kName, true), (std::vector<std::string>{"d", "c", "b", "a"}));
  EXPECT_EQ(names(Order::kLastEvent, true), (std::vector<std::string>{"b", "a", "c", "d"}));
  EXPECT_EQ(names(Order::kLastEvent, false, 1), (std::vector<std::string>{"d", "c", "a", "b"}));
  const auto of_c = logs_.streams(scope_, {.prefix = "c", .after = "", .limit = 10});
  ASSERT_EQ(of_c.size(), 1U);
  const LogStream& stream = of_c[0];
  EXPECT_EQ(stream.first_event, kStart + milliseconds(10));
  EXPECT_EQ(stream.last_ingestion, kStart);
}

TEST_F(LogEventsTest, CursorsWalkBothWaysAndSeeWhatComesLater) {
  logs_.append(scope_, "s", lines(0, 10));
  LogEvents::Range range{.from = {}, .until = {}, .cursor = {}, .forward = true, .limit = 4};
  auto page = logs_.events(scope_, "s", range);
  ASSERT_EQ(page.size(), 4U);
  EXPECT_EQ(page[0].message, "line 0");
  range.cursor = {page.back().time, page.back().id};
  range.limit = 100;
  page = logs_.events(scope_, "s", range);
  ASSERT_EQ(page.size(), 6U);
  range.cursor = {page.back().time, page.back().id};
  EXPECT_TRUE(logs_.events(scope_, "s", range).empty());
  // The same time as the last one, arrived later.
  logs_.append(scope_, "s", lines(9, 2));
  page = logs_.events(scope_, "s", range);
  ASSERT_EQ(page.size(), 2U);
  EXPECT_EQ(page[1].message, "line 10");
  // Backwards: the last ones, still in order.
  range = {.from = {}, .until = {}, .cursor = {}, .forward = false, .limit = 3};
  page = logs_.events(scope_, "s", range);
  ASSERT_EQ(page.size(), 3U);
  EXPECT_EQ(page[2].message, "line 10");
  range.cursor = {page[0].time, page[0].id};
  page = logs_.events(scope_, "s", range);
  EXPECT_EQ(page.back().message, "line 8");
  // Times: from inclusive, until exclusive.
  range = {.from = kStart + milliseconds(2), .until = kStart + milliseconds(5), .cursor = {}};
  page = logs_.events(scope_, "s", range);
  ASSERT_EQ(page.size(), 3U);
  EXPECT_EQ(page[0].message, "line 2");
  // Bytes bound a page, but one event always comes.
  range = {.from = {}, .until = {}, .cursor = {}, .forward = true, .limit = 100, .max_bytes = 70};
  EXPECT_EQ(logs_.events(scope_, "s", range).size(), 2U);
  range.max_bytes = 1;
  EXPECT_EQ(logs_.events(scope_, "s", range).size(), 1U);
}

TEST_F(LogEventsTest, LaterAppendsKeepTheirOrder) {
  for (int i = 0; i < 500; ++i) logs_.append_later(scope_, "s", lines(7, 1));
  logs_.append(scope_, "s", {});
  const auto events = logs_.events(scope_, "s", {});
  ASSERT_EQ(events.size(), 500U);
  EXPECT_TRUE(std::ranges::is_sorted(events, {}, &StoredLogEvent::id));
}

TEST_F(LogEventsTest, FilterMergesStreamsByTime) {
  for (int stream = 0; stream < 5; ++stream) {
    for (int i = 0; i < 40; ++i) {
      logs_.append_later(scope_, "s" + std::to_string(stream), lines(i * 5 + stream, 1));
    }
  }
  logs_.append(scope_, "other", lines(3, 1));
  LogEvents::Range range{.from = {}, .until = {}, .cursor = {}, .forward = true, .limit = 30};
  int seen = 0;
  while (true) {
    const auto page = logs_.filter(scope_, {}, "s", range);
    if (page.empty()) break;
    for (const StoredLogEvent& event : page) {
      ASSERT_EQ(event.message, "line " + std::to_string(seen++));
    }
    range.cursor = {page.back().time, page.back().id};
  }
  EXPECT_EQ(seen, 200);
  range.cursor.reset();
  range.limit = 1000;
  EXPECT_EQ(logs_.filter(scope_, {"s1", "other"}, "", range).size(), 41U);
  EXPECT_EQ(logs_.filter(scope_, {}, "", range).size(), 201U);
}

TEST_F(LogEventsTest, RetentionHidesAndRemoves) {
  logs_.append(scope_, "s", lines(0, 5));
  clock_.advance(days(4));
  logs_.append(scope_, "s", std::vector<LogEvent>{{.time = clock_.now(), .message = "new"}});
  EXPECT_TRUE(logs_.set_retention(scope_, 3));
  EXPECT_EQ(logs_.events(scope_, "s", {}).size(), 1U);
  EXPECT_EQ(logs_.group(scope_)->stored_bytes, 3 + 26);
  EXPECT_EQ(logs_.group(scope_)->retention_days, 3);
  clock_.advance(days(3) + seconds(1));
  EXPECT_TRUE(logs_.events(scope_, "s", {}).empty());
  EXPECT_TRUE(logs_.set_retention(scope_, std::nullopt));
  EXPECT_FALSE(logs_.set_retention({.account = "1", .region = "r", .group = "none"}, 1));
}

}  // namespace
}  // namespace clary::store
