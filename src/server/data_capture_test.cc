#include "server/data_capture.h"

#include <gtest/gtest.h>

#include <atomic>

#include "wire/api_error.h"

namespace clary::server {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class DataCaptureTest : public testing::Test {
 protected:
  static DataCapture::Plan plan_of(const std::string& endpoint) {
    auto plan = std::make_shared<engine::CapturePlan>();
    plan->account = "1";
    plan->region = "r";
    plan->endpoint = endpoint;
    plan->variant = "v";
    plan->bucket = "b";
    plan->input = true;
    plan->csv_types = {"text/csv"};
    return plan;
  }
  CapturedInvocation of_now(const std::string& data) const {
    CapturedInvocation made;
    made.time = clock_.now();
    made.event_id = data.substr(0, 8);
    made.input_type = "text/csv";
    made.input = data;
    return made;
  }
  static std::size_t lines(const std::string& text) {
    return static_cast<std::size_t>(std::ranges::count(text, '\n'));
  }

  ManualClock clock_{from_epoch_seconds(1'790'000'000)};
  std::vector<std::pair<std::string, std::string>> files_;
  std::vector<std::string> told_;
  std::function<void()> fail_ = [] {};
  DataCapture::Limits limits_{
      .age = seconds(10), .file_bytes = 4000, .plan_bytes = 20'000, .all_bytes = 30'000};
  std::unique_ptr<DataCapture> made_;
  DataCapture& capture() {
    if (!made_) {
      made_ = std::make_unique<DataCapture>(
          clock_, limits_,
          [this](const engine::CapturePlan&, const std::string& key, const std::string& body) {
            fail_();
            files_.emplace_back(key, body);
          },
          [this](const engine::CapturePlan&, const std::string& line) { told_.push_back(line); });
    }
    return *made_;
  }
};

TEST_F(DataCaptureTest, WritesWhatIsOldEnough) {
  const auto plan = plan_of("e");
  capture().offer(plan, of_now("1"));
  capture().write_due();
  EXPECT_TRUE(files_.empty());
  clock_.advance(seconds(9));
  capture().offer(plan, of_now("2"));
  clock_.advance(seconds(1));
  capture().write_due();
  ASSERT_EQ(files_.size(), 1u);
  EXPECT_TRUE(files_[0].first.starts_with("e/v/2026/"));
  EXPECT_EQ(lines(files_[0].second), 2u);
  EXPECT_LT(files_[0].second.find("\"1\""), files_[0].second.find("\"2\""));
  EXPECT_EQ(capture().written(), 2u);
  clock_.advance(seconds(100));
  capture().write_due();
  EXPECT_EQ(files_.size(), 1u);
}

TEST_F(DataCaptureTest, WritesWhatIsEnoughForAFile) {
  const auto plan = plan_of("e");
  for (int i = 0; i < 3; ++i) capture().offer(plan, of_now(std::string(2500, 'x')));
  capture().write_due();
  ASSERT_EQ(files_.size(), 2u) << "files end at their size";
  EXPECT_EQ(lines(files_[0].second), 2u);
  EXPECT_EQ(lines(files_[1].second), 1u);
}

TEST_F(DataCaptureTest, WritesAtOnceWhatNoRouteLeadsToAnyMore) {
  auto plan = plan_of("e");
  capture().offer(plan, of_now("1"));
  capture().write_due();
  EXPECT_TRUE(files_.empty());
  plan.reset();
  capture().write_due();
  EXPECT_EQ(files_.size(), 1u);
}

TEST_F(DataCaptureTest, FlushesOneEndpoint) {
  const auto mine = plan_of("mine"), other = plan_of("other");
  capture().offer(mine, of_now("1"));
  capture().offer(other, of_now("1"));
  capture().flush("1", "r", "mine");
  ASSERT_EQ(files_.size(), 1u);
  EXPECT_TRUE(files_[0].first.starts_with("mine/"));
}

TEST_F(DataCaptureTest, AFileIsOfOneHour) {
  const auto plan = plan_of("e");
  const CapturedInvocation late = of_now("late");
  clock_.advance(std::chrono::hours(1));
  capture().offer(plan, of_now("next"));
  capture().offer(plan, late);
  capture().flush("1", "r", "e");
  ASSERT_EQ(files_.size(), 2u);
  EXPECT_NE(files_[0].second.find("late"), std::string::npos);
  EXPECT_NE(files_[0].first.substr(0, 18), files_[1].first.substr(0, 18));
}

TEST_F(DataCaptureTest, DropsWhatDoesNotFitAndSaysSo) {
  const auto plan = plan_of("e"), other = plan_of("other");
  for (int i = 0; i < 20; ++i) capture().offer(plan, of_now(std::string(2000, 'x')));
  const std::uint64_t lost = capture().lost();
  EXPECT_GT(lost, 9u);
  EXPECT_LT(lost, 13u);
  for (int i = 0; i < 20; ++i) capture().offer(other, of_now(std::string(2000, 'x')));
  EXPECT_GT(capture().lost(), lost + 14) << "together they may hold less than each alone";
  capture().flush("1", "r", "e");
  ASSERT_EQ(told_.size(), 1u);
  EXPECT_EQ(told_[0], "Data capture: " + std::to_string(lost) +
                          " captured invocations came faster than they could be written, and were "
                          "dropped.");
  const std::uint64_t before = capture().lost();
  capture().offer(plan, of_now("fits again"));
  EXPECT_EQ(capture().lost(), before);
}

TEST_F(DataCaptureTest, DropsWhatS3Refuses) {
  fail_ = [] { throw wire::ApiError("AccessDenied", "not authorized", 403); };
  const auto plan = plan_of("e");
  capture().offer(plan, of_now("1"));
  capture().flush("1", "r", "e");
  ASSERT_EQ(told_.size(), 1u);
  EXPECT_TRUE(told_[0].starts_with("Data capture: s3://b/e/v/2026/")) << told_[0];
  EXPECT_TRUE(
      told_[0].ends_with(".jsonl was refused, and 1 captured invocation with it were "
                         "dropped: AccessDenied: not authorized"))
      << told_[0];
  EXPECT_EQ(capture().lost(), 1u);
  fail_ = [] {};
  clock_.advance(seconds(100));
  capture().write_due();
  EXPECT_TRUE(files_.empty());
}

TEST_F(DataCaptureTest, TriesAgainWhatCouldNotBeWritten) {
  const auto plan = plan_of("e");
  int puts = 0;
  fail_ = [&] {
    if (++puts != 1) throw std::runtime_error("the disk is full");
  };
  for (int i = 0; i < 3; ++i) capture().offer(plan, of_now(std::string(2500, 'x')));
  capture().write_due();
  EXPECT_EQ(files_.size(), 1u);
  capture().offer(plan, of_now("later"));
  capture().write_due();
  EXPECT_EQ(puts, 2) << "not at once";
  fail_ = [] {};
  clock_.advance(seconds(10));
  capture().write_due();
  ASSERT_EQ(files_.size(), 2u);
  EXPECT_EQ(lines(files_[0].second) + lines(files_[1].second), 4u);
  EXPECT_EQ(capture().lost(), 0u);
  EXPECT_TRUE(told_.empty());
}

TEST_F(DataCaptureTest, StopWritesWhatWaits) {
  limits_.age = std::chrono::hours(1);
  capture().start();
  const auto plan = plan_of("e");
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 10; ++i) capture().offer(plan, of_now("x"));
    });
  }
  for (auto& thread : threads) thread.join();
  capture().stop();
  std::size_t all = 0;
  for (const auto& [key, text] : files_) all += lines(text);
  EXPECT_EQ(all, 40u);
}

}  // namespace
}  // namespace clary::server
