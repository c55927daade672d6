#include <gtest/gtest.h>

#include <limits>

#include "domain/tuning/completion.h"
#include "domain/tuning/early_stopping.h"
#include "domain/tuning/hyperband.h"

namespace clary::tuning {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

Observation seen(double objective, Outcome outcome = Outcome::kSucceeded) {
  return {{}, objective, outcome};
}

TEST(MedianRuleTest, ComparesWithTheMedianOfRunningMeans) {
  // Means of the first two epochs: 3, 5, 10.
  const std::vector<Curve> ended = {{{4, 2, 1}, false}, {{6, 4, 3}, false}, {{10, 10, 9}, false}};
  EXPECT_TRUE(stop_early({{9, 5.1}}, ended));
  EXPECT_FALSE(stop_early({{9, 5}}, ended));
  EXPECT_FALSE(stop_early({{9, 4.9}}, ended));
}

TEST(MedianRuleTest, TakesTheMiddleOfTwo) {
  const std::vector<Curve> ended = {{{1}, false}, {{2}, false}, {{4}, false}, {{9}, false}};
  EXPECT_FALSE(stop_early({{3}}, ended));
  EXPECT_TRUE(stop_early({{3.01}}, ended));
}

TEST(MedianRuleTest, WaitsForTheFirstJobsAndForTheFirstValue) {
  const std::vector<Curve> two = {{{1}, false}, {{1}, false}, {{}, false}};
  EXPECT_FALSE(stop_early({{100}}, two));
  const std::vector<Curve> three = {{{1}, false}, {{1}, false}, {{1}, false}};
  EXPECT_TRUE(stop_early({{100}}, three));
  EXPECT_FALSE(stop_early({{}}, three));
  EXPECT_FALSE(stop_early({{100}, false}, three));
}

TEST(MedianRuleTest, TakesWhatIsNoNumberAsTheWorst) {
  const std::vector<Curve> ended = {{{1}, false}, {{2}, false}, {{kNan}, false}};
  EXPECT_TRUE(stop_early({{kNan}}, ended));
  EXPECT_FALSE(stop_early({{1.5}}, ended));
  const std::vector<Curve> all_bad = {{{kNan}, false}, {{kNan}, false}, {{kNan}, false}};
  EXPECT_FALSE(stop_early({{5}}, all_bad));
}

TEST(HyperbandTest, HasRungsBelowTheMaximum) {
  EXPECT_EQ(rungs({1, 27, 3}), (std::vector<std::uint64_t>{1, 3, 9}));
  EXPECT_EQ(rungs({2, 20, 3}), (std::vector<std::uint64_t>{2, 6, 18}));
  EXPECT_TRUE(rungs({5, 5, 3}).empty());
  EXPECT_EQ(rungs({1, std::numeric_limits<std::uint64_t>::max(), 3}).size(), 41u);
}

TEST(HyperbandTest, StopsAllButTheBestHalfOfARung) {
  const std::vector<Curve> jobs = {{{5}}, {{3}}, {{4}}, {{1, 1}, false}};
  // The rung at 1 has four values; two of them go on: the ended 1 and the running 3.
  EXPECT_EQ(jobs_to_stop({1, 9, 3}, jobs), (std::vector<bool>{true, false, true, false}));
}

TEST(HyperbandTest, StopsNoneBeforeTheMinimumAndAllAtTheMaximum) {
  const std::vector<Curve> early = {{{1, 1}}, {{9, 9}}, {{}}};
  EXPECT_EQ(jobs_to_stop({3, 9, 3}, early), std::vector<bool>(3, false));
  const std::vector<Curve> late = {{{1, 1, 1}}, {{9, 9}}};
  EXPECT_EQ(jobs_to_stop({3, 3, 3}, late), (std::vector<bool>{true, false}));
}

TEST(HyperbandTest, LetsTheFirstOfARungGoOn) {
  const std::vector<Curve> jobs = {{{5, 4, 3}}, {{3}}};
  EXPECT_EQ(jobs_to_stop({3, 27, 3}, jobs), std::vector<bool>(2, false));
  const std::vector<Curve> diverged = {{{5, 4, kNan}}};
  EXPECT_EQ(jobs_to_stop({3, 27, 3}, diverged), std::vector<bool>(1, true));
}

TEST(HyperbandTest, JudgesBetweenRungsByTheLastRung) {
  // Job 1 was second of two at rung 1 and is stopped whenever asked, also later.
  const std::vector<Curve> jobs = {{{1, 1}}, {{2, 0}}};
  EXPECT_EQ(jobs_to_stop({1, 9, 3}, jobs), (std::vector<bool>{false, true}));
}

TEST(CompletionTest, ReachesTheTarget) {
  const std::vector<Observation> jobs = {seen(3), seen(0.5, Outcome::kFailed), seen(1)};
  EXPECT_TRUE(target_reached(jobs, 1));
  EXPECT_FALSE(target_reached(jobs, 0.9));
}

TEST(CompletionTest, CountsJobsSinceAnImprovementOfOnePerCent) {
  EXPECT_EQ(jobs_not_improving({}), 0u);
  const std::vector<Observation> jobs = {seen(100), seen(50), seen(49.9), seen(49.6), seen(49.5)};
  // 49.5 is 0.2 % better than 49.6, the best before it.
  EXPECT_EQ(jobs_not_improving(jobs), 3u);
  EXPECT_EQ(jobs_not_improving(std::vector{seen(-1), seen(-1.02)}), 0u);
  EXPECT_EQ(jobs_not_improving(std::vector{seen(-1), seen(-1.005), seen(7, Outcome::kFailed)}), 2u);
  EXPECT_EQ(jobs_not_improving(std::vector{seen(9, Outcome::kFailed), seen(3)}), 0u);
}

}  // namespace
}  // namespace clary::tuning
