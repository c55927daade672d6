#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "domain/tuning/enumeration.h"
#include "domain/tuning/grid_search.h"
#include "domain/tuning/random_search.h"

namespace clary::tuning {
namespace {

Space grid_space() {
  return *Space::make({{"a", Categorical{{"x", "y", "z"}}},
                       {"b", Categorical{{"1", "2"}}},
                       {"c", Categorical{{"p", "q", "r", "s"}}}});
}

TEST(GridSearchTest, VisitsEachCombinationOnce) {
  const Space space = grid_space();
  ASSERT_EQ(grid_size(space, 750), 24u);
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    std::set<Point> seen;
    for (std::uint64_t i = 0; i < 24; ++i) seen.insert(grid_point(space, seed, i));
    EXPECT_EQ(seen.size(), 24u);
  }
}

TEST(GridSearchTest, IsCategoricalAndBounded) {
  const Space mixed = *Space::make({{"a", Categorical{{"x"}}}, {"n", Integer{1, 3}}});
  EXPECT_THAT(grid_size(mixed, 750).error(), testing::HasSubstr("'n' is not categorical"));
  EXPECT_THAT(grid_size(grid_space(), 23).error(), testing::HasSubstr("more than 23"));
}

TEST(RandomSearchTest, DependsOnSeedAndIndexAlone) {
  const Space space = *Space::make({{"a", Continuous{0, 1}}, {"b", Continuous{1e-3, 10}}});
  const Point point = random_point(space, 7, 3);
  EXPECT_EQ(random_point(space, 7, 3), point);
  EXPECT_NE(random_point(space, 7, 4), point);
  EXPECT_NE(random_point(space, 8, 3), point);
  // The bits themselves: a seed of last year must give last year's points.
  EXPECT_EQ(to_text(random_point(space, 0, 0)[0]), "0.798237");
}

TEST(RandomSearchTest, NeverRepeatsWhileOthersRemain) {
  const Space space = grid_space();
  std::vector<Point> taken;
  for (std::uint64_t i = 0; i < 24; ++i) {
    const Point point = random_point(space, 5, i, taken);
    EXPECT_THAT(taken, testing::Not(testing::Contains(point)));
    taken.push_back(point);
  }
  EXPECT_TRUE(space.contains(random_point(space, 5, 24, taken)));
  EXPECT_FALSE(untried(space, 3, taken));
}

}  // namespace
}  // namespace clary::tuning
