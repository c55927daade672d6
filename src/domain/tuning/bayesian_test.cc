#include "domain/tuning/bayesian.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <functional>
#include <limits>
#include <set>

#include "domain/tuning/completion.h"
#include "domain/tuning/generator.h"
#include "domain/tuning/importance.h"
#include "domain/tuning/random_search.h"

namespace clary::tuning {
namespace {

double at(const Point& point, std::size_t i) {
  return std::get<double>(point[i]);
}

Space two() {
  return *Space::make({{"x", Continuous{-2, 3}}, {"y", Continuous{1e-4, 1}}});
}

// A bowl with its minimum 0 at x = 0.7, y = 0.01, and a slight slope in x only.
double bowl(const Point& point) {
  return std::pow(at(point, 0) - 0.7, 2) + 0.3 * std::pow(std::log10(at(point, 1)) + 2, 2);
}

History searched(const Space& space, const std::function<double(const Point&)>& objective,
                 std::size_t count, std::uint64_t seed) {
  History history;
  for (std::size_t i = 0; i < count; ++i) {
    const Point point = suggest(space, history, seed, i);
    EXPECT_TRUE(space.contains(point));
    history.observations.push_back({point, objective(point), Outcome::kSucceeded});
  }
  return history;
}

double best_of(const History& history) {
  double best = std::numeric_limits<double>::infinity();
  for (const auto& seen : history.observations) {
    if (seen.outcome != Outcome::kFailed) best = std::min(best, seen.objective);
  }
  return best;
}

TEST(BayesianTest, FindsTheBottomOfABowl) {
  EXPECT_LT(best_of(searched(two(), bowl, 22, 1)), 1e-3);
}

TEST(BayesianTest, GivesTheSameBitsForTheSameArguments) {
  const History once = searched(two(), bowl, 14, 5), again = searched(two(), bowl, 14, 5);
  const History other = searched(two(), bowl, 14, 6);
  for (std::size_t i = 0; i < 14; ++i) {
    EXPECT_EQ(once.observations[i].point, again.observations[i].point);
    EXPECT_NE(once.observations[i].point, other.observations[i].point);
  }
}

// How many points at most lie within a box of a twentieth round one of them.
std::size_t largest_crowd(const Space& space, const History& history) {
  std::vector<std::vector<double>> units;
  for (const auto& seen : history.observations) units.push_back(*space.to_unit(seen.point));
  std::size_t largest = 0;
  for (const auto& center : units) {
    largest = std::max(
        largest, static_cast<std::size_t>(std::ranges::count_if(units, [&](const auto& unit) {
          return std::abs(unit[0] - center[0]) < 0.025 && std::abs(unit[1] - center[1]) < 0.025;
        })));
  }
  return largest;
}

// A noisy value that was lucky is not drawn at again and again.
TEST(BayesianTest, DoesNotStayAtALuckyPoint) {
  std::size_t crowds = 0;
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    Generator noise(seed, 9);
    const History history = searched(
        two(), [&](const Point& point) { return bowl(point) + 0.4 * noise.normal(); }, 30, seed);
    crowds += largest_crowd(two(), history);
  }
  EXPECT_LT(crowds, 6 * 6U);  // 53 by the plain expected improvement
}

TEST(BayesianTest, KeepsAwayFromPendingPoints) {
  History history = searched(two(), bowl, 12, 3);
  std::vector<Point> pending;
  for (std::uint64_t i = 0; i < 6; ++i) {
    const Point point = suggest(two(), history, 3, 12 + i);
    for (const Point& earlier : pending) {
      const auto a = *two().to_unit(point), b = *two().to_unit(earlier);
      EXPECT_GT(std::hypot(a[0] - b[0], a[1] - b[1]), 1e-3);
    }
    pending.push_back(point);
    history.pending.push_back(point);
  }
}

TEST(BayesianTest, NeverRepeatsInAFiniteSpaceWhileOthersRemain) {
  const Space space = *Space::make(
      {{"n", Integer{1, 4}}, {"c", Categorical{{"a", "b", "c"}}}, {"d", Categorical{{"u", "v"}}}});
  const auto objective = [](const Point& point) {
    return static_cast<double>(std::get<std::int64_t>(point[0])) +
           (std::get<std::string>(point[1]) == "b" ? 0 : 2);
  };
  History history;
  std::set<Point> seen;
  for (std::size_t i = 0; i < 24; ++i) {
    const Point point = suggest(space, history, 9, i);
    EXPECT_TRUE(seen.insert(point).second) << "suggestion " << i;
    if (i % 3 == 0) {
      history.pending.push_back(point);
    } else {
      history.observations.push_back({point, objective(point), Outcome::kSucceeded});
    }
  }
  EXPECT_TRUE(space.contains(suggest(space, history, 9, 24)));
}

TEST(BayesianTest, SurvivesFailuresAndValuesThatAreNone) {
  const auto objective = [](const Point& point) {
    return at(point, 0) > 1.5 ? std::numeric_limits<double>::quiet_NaN() : bowl(point);
  };
  const Space space = two();
  History history;
  std::size_t failed = 0;
  for (std::size_t i = 0; i < 30; ++i) {
    const Point point = suggest(space, history, 4, i);
    Observation seen{point, objective(point), Outcome::kSucceeded};
    if (at(point, 0) < -1) seen.outcome = Outcome::kFailed;
    failed += i >= 15 && (seen.outcome == Outcome::kFailed || std::isnan(seen.objective)) ? 1 : 0;
    history.observations.push_back(seen);
  }
  double best = 1;
  for (const auto& seen : history.observations) {
    if (seen.outcome == Outcome::kSucceeded && seen.objective < best) best = seen.objective;
  }
  EXPECT_LT(best, 1e-2);
  EXPECT_LE(failed, 7u);
  History only_failures;
  for (std::uint64_t i = 0; i < 25; ++i) {
    const Point point = suggest(space, only_failures, 1, i);
    EXPECT_TRUE(space.contains(point));
    only_failures.observations.push_back({point, 0, Outcome::kFailed});
  }
}

TEST(BayesianTest, SurvivesObjectivesThatAreAllAlikeOrHuge) {
  const Space space = two();
  for (const double level : {0.0, 1e300, -1e300}) {
    History history;
    for (std::uint64_t i = 0; i < 14; ++i) {
      const Point point = suggest(space, history, 2, i);
      ASSERT_TRUE(space.contains(point));
      history.observations.push_back({point, i == 3 ? 1e308 : level, Outcome::kSucceeded});
    }
  }
}

TEST(BayesianTest, StartsWhereAnIdenticalParentEnded) {
  const Space space = two();
  History history;
  for (const auto& seen : searched(space, bowl, 18, 8).observations) {
    history.prior.push_back({seen, WarmStart::kIdentical, 0});
  }
  double best = 10;
  for (std::uint64_t i = 0; i < 3; ++i) {
    const Point point = suggest(space, history, 1, i);
    history.observations.push_back({point, bowl(point), Outcome::kSucceeded});
    best = std::min(best, bowl(point));
  }
  EXPECT_LT(best, 0.02);
}

TEST(BayesianTest, LearnsFromAParentOnAnotherScale) {
  const Space space = two();
  History history;
  for (const auto& seen : searched(space, bowl, 25, 8).observations) {
    Observation scaled = seen;
    scaled.objective = 1000 + 50 * seen.objective;
    history.prior.push_back({scaled, WarmStart::kTransfer, 7});
  }
  double best = 10;
  for (std::uint64_t i = 0; i < 4; ++i) {
    const Point point = suggest(space, history, 1, i);
    history.observations.push_back({point, bowl(point), Outcome::kSucceeded});
    best = std::min(best, bowl(point));
  }
  EXPECT_LT(best, 0.1);
}

TEST(BayesianTest, PassesOverParentsPointsThatTheSpaceHasNot) {
  const Space space = *Space::make({{"x", Continuous{0, 1}}, {"c", Categorical{{"a"}}}});
  History history;
  history.prior.push_back({{{0.5, std::string("gone")}, 1}, WarmStart::kIdentical, 0});
  history.prior.push_back({{{1e200, std::string("a")}, 1}, WarmStart::kIdentical, 0});
  history.prior.push_back({{{0.5}, 1}, WarmStart::kTransfer, 1});
  EXPECT_TRUE(space.contains(suggest(space, history, 1, 0)));
}

TEST(ImportanceTest, FindsWhatMatters) {
  const Space space = *Space::make(
      {{"a", Continuous{0, 1}}, {"b", Continuous{0, 1}}, {"c", Categorical{{"x", "y"}}}});
  History history;
  EXPECT_EQ(importance(space, history, 1), std::vector<double>(3, 0));
  for (std::uint64_t i = 0; i < 40; ++i) {
    const Point point = random_point(space, 3, i);
    const double category = std::get<std::string>(point[2]) == "x" ? 1 : 0;
    history.observations.push_back({point, 3 * std::sin(3 * at(point, 0)) + category});
  }
  const auto shares = importance(space, history, 1);
  EXPECT_NEAR(shares[0] + shares[1] + shares[2], 1, 1e-12);
  // Variances: 9 var(sin 3a) = 0.9 of a, 0.25 of the category.
  EXPECT_GT(shares[0], 0.6);
  EXPECT_LT(shares[1], 0.05);
  EXPECT_NEAR(shares[2], 0.22, 0.1);
}

TEST(ConvergenceTest, ComesWithTheBottomAndNotBefore) {
  const Space space = two();
  const auto raised = [](const Point& point) { return 1 + bowl(point); };
  const History history = searched(space, raised, 45, 2);
  EXPECT_TRUE(converged(space, history, 1));
  History early = history;
  early.observations.resize(11);
  EXPECT_FALSE(converged(space, early, 1));
}

TEST(ConvergenceTest, ComesWhenAFiniteSpaceIsDone) {
  const Space space = *Space::make({{"n", Integer{1, 3}}});
  History history = searched(
      space, [](const Point& p) { return static_cast<double>(std::get<std::int64_t>(p[0])); }, 2,
      1);
  EXPECT_FALSE(converged(space, history, 1));
  history = searched(
      space, [](const Point& p) { return static_cast<double>(std::get<std::int64_t>(p[0])); }, 3,
      1);
  EXPECT_TRUE(converged(space, history, 1));
}

}  // namespace
}  // namespace clary::tuning
