#include "domain/tuning/space.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "domain/tuning/generator.h"

namespace clary::tuning {
namespace {

using testing::HasSubstr;

Space made(std::vector<Parameter> parameters) {
  auto space = Space::make(std::move(parameters));
  EXPECT_TRUE(space.has_value()) << space.error();
  return *space;
}

std::string error_of(std::vector<Parameter> parameters) {
  const auto space = Space::make(std::move(parameters));
  return space ? "" : space.error();
}

TEST(SpaceTest, DecidesAutoByTheFactorBetweenTheEnds) {
  const Space space = made({{"rate", Continuous{1e-4, 1e-1}},
                            {"narrow", Continuous{0.1, 1}},
                            {"signed", Continuous{-1, 1000}},
                            {"units", Integer{1, 512}},
                            {"layers", Integer{1, 12}}});
  EXPECT_EQ(space.scaling(0), Scaling::kLogarithmic);
  EXPECT_EQ(space.scaling(1), Scaling::kLinear);
  EXPECT_EQ(space.scaling(2), Scaling::kLinear);
  EXPECT_EQ(space.scaling(3), Scaling::kLogarithmic);
  EXPECT_EQ(space.scaling(4), Scaling::kLinear);
}

TEST(SpaceTest, GoesToTheUnitCubeAndBack) {
  const Space space = made({{"a", Continuous{1e-6, 1, Scaling::kLogarithmic}},
                            {"b", Continuous{0, 0.999, Scaling::kReverseLogarithmic}},
                            {"c", Integer{-3, 9, Scaling::kLinear}},
                            {"d", Integer{1, 1000, Scaling::kLogarithmic}},
                            {"e", Categorical{{"x", "y", "z"}}},
                            {"f", Continuous{-2, 7, Scaling::kLinear}}});
  Generator generator(1, 2);
  for (int i = 0; i < 500; ++i) {
    std::vector<double> unit(space.size());
    for (double& u : unit) u = generator.uniform();
    const Point point = space.from_unit(unit);
    ASSERT_TRUE(space.contains(point));
    const auto again = space.to_unit(point);
    ASSERT_TRUE(again);
    const Point same = space.from_unit(*again);
    EXPECT_NEAR(std::get<double>(same[0]) / std::get<double>(point[0]), 1, 5e-5);
    EXPECT_NEAR((*again)[0], unit[0], 1.001e-6);
    EXPECT_NEAR((*again)[1], unit[1], 1.001e-6);
    EXPECT_NEAR((*again)[5], unit[5], 1.001e-6);
    EXPECT_EQ(same[2], point[2]);
    EXPECT_EQ(same[3], point[3]);
    EXPECT_EQ(same[4], point[4]);
  }
}

// What a training job gets is what the search believes it to have got.
TEST(SpaceTest, WritesFewDigitsThatReadBackAsTheSame) {
  const Space space = made({{"a", Continuous{1e-6, 1, Scaling::kLogarithmic}},
                            {"b", Continuous{0, 0.999, Scaling::kReverseLogarithmic}},
                            {"c", Continuous{-2, 7, Scaling::kLinear}},
                            {"d", Continuous{0.3, 0.30001, Scaling::kLinear}},
                            {"e", Continuous{1.0 / 3, 1.0 / 3, Scaling::kLinear}}});
  Generator generator(3, 4);
  for (int i = 0; i < 500; ++i) {
    std::vector<double> unit(space.size());
    for (double& u : unit) u = generator.uniform();
    const Point point = space.from_unit(unit);
    ASSERT_TRUE(space.contains(point));
    for (std::size_t k = 0; k < space.size(); ++k) {
      EXPECT_EQ(space.value_from_text(k, to_text(point[k])), point[k]);
    }
    EXPECT_LE(to_text(point[0]).size(), std::string("1.23456e-05").size());
    EXPECT_LE(to_text(point[2]).size(), std::string("-1.23456").size());
    EXPECT_LE(to_text(point[3]).size(), std::string("0.30000123456").size());
    EXPECT_EQ(point[4], Value(1.0 / 3));
  }
}

TEST(SpaceTest, LogarithmicIsUniformInTheLogarithm) {
  const Space space = made({{"a", Continuous{1e-4, 1, Scaling::kLogarithmic}}});
  EXPECT_NEAR(std::get<double>(space.from_unit(std::vector{0.5})[0]), 1e-2, 1e-12);
  const Space reverse = made({{"a", Continuous{0, 0.99, Scaling::kReverseLogarithmic}}});
  EXPECT_NEAR(std::get<double>(reverse.from_unit(std::vector{0.5})[0]), 0.9, 1e-12);
}

TEST(SpaceTest, GivesEachIntegerAndCategoryItsShare) {
  const Space space =
      made({{"n", Integer{1, 4, Scaling::kLinear}}, {"c", Categorical{{"u", "v"}}}});
  std::map<Value, int> seen;
  for (int i = 0; i < 400; ++i) {
    const Point point = space.from_unit(std::vector{(i + 0.5) / 400, (i + 0.5) / 400});
    ++seen[point[0]];
    ++seen[point[1]];
  }
  for (std::int64_t n = 1; n <= 4; ++n) EXPECT_EQ(seen[n], 100);
  EXPECT_EQ(seen[Value("u")], 200);
}

TEST(SpaceTest, CountsItsPoints) {
  EXPECT_EQ(made({{"n", Integer{1, 4}}, {"c", Categorical{{"u", "v", "w"}}}}).count(), 12u);
  EXPECT_EQ(made({{"n", Integer{1, 4}}, {"x", Continuous{2, 2}}}).count(), 4u);
  EXPECT_EQ(made({{"n", Integer{1, 4}}, {"x", Continuous{0, 1}}}).count(), std::nullopt);
}

TEST(SpaceTest, RefusesWhatIsNoRange) {
  EXPECT_THAT(error_of({}), HasSubstr("At least one"));
  EXPECT_THAT(error_of({{"a", Continuous{2, 1}}}), HasSubstr("'a' must not be greater"));
  EXPECT_THAT(error_of({{"a", Integer{2, 1}}}), HasSubstr("'a' must not be greater"));
  EXPECT_THAT(error_of({{"a", Continuous{0, 1, Scaling::kLogarithmic}}}),
              HasSubstr("greater than 0"));
  EXPECT_THAT(error_of({{"a", Continuous{0, 1, Scaling::kReverseLogarithmic}}}),
              HasSubstr("0 <= x < 1"));
  EXPECT_THAT(error_of({{"a", Integer{0, 1, Scaling::kReverseLogarithmic}}}),
              HasSubstr("only for continuous"));
  EXPECT_THAT(error_of({{"a", Integer{0, 9, Scaling::kLogarithmic}}}), HasSubstr("greater than 0"));
  EXPECT_THAT(error_of({{"a", Continuous{0, NAN}}}), HasSubstr("finite"));
  EXPECT_THAT(error_of({{"a", Continuous{-1.7e308, 1.7e308}}}), HasSubstr("too wide"));
  EXPECT_THAT(error_of({{"a", Categorical{}}}), HasSubstr("no values"));
  EXPECT_THAT(error_of({{"a", Categorical{{"x", "x"}}}}), HasSubstr("more than once"));
  EXPECT_THAT(error_of({{"a", Continuous{0, 1}}, {"a", Integer{0, 1}}}),
              HasSubstr("more than one range"));
  std::vector<Parameter> many;
  for (int i = 0; i < 31; ++i) many.push_back({"p" + std::to_string(i), Continuous{0, 1}});
  EXPECT_THAT(error_of(many), HasSubstr("At most 30"));
}

TEST(SpaceTest, ReadsAndWritesText) {
  const auto range = continuous_from_text("a", "1e-3", " 0.5", Scaling::kAutomatic);
  ASSERT_TRUE(range);
  EXPECT_EQ(std::get<Continuous>(range->range).min, 1e-3);
  EXPECT_FALSE(continuous_from_text("a", "x", "1", Scaling::kLinear));
  EXPECT_THAT(integer_from_text("a", "1", "2.5", Scaling::kLinear).error(), HasSubstr("'2.5'"));
  EXPECT_EQ(std::get<Integer>(integer_from_text("a", "1", "20.0", Scaling::kLinear)->range).max,
            20);
  const Space space = made({{"a", Continuous{0, 1}}, {"n", Integer{0, 9}}});
  const double third = 1.0 / 3;
  EXPECT_EQ(space.value_from_text(0, to_text(third)), Value(third));
  EXPECT_EQ(space.value_from_text(1, "7"), Value(std::int64_t{7}));
  EXPECT_FALSE(space.value_from_text(1, "seven").has_value());
  EXPECT_FALSE(space.value_from_text(0, "nan").has_value());
}

TEST(SpaceTest, SaysWhatIsNotItsPoint) {
  const Space space =
      made({{"a", Continuous{1, 2, Scaling::kLogarithmic}}, {"c", Categorical{{"x"}}}});
  EXPECT_FALSE(space.to_unit({1.5, std::string("y")}));
  EXPECT_FALSE(space.to_unit({-1.0, std::string("x")}));
  EXPECT_FALSE(space.to_unit({1.5}));
  EXPECT_FALSE(space.contains({3.0, std::string("x")}));
  const auto outside = space.to_unit({4.0, std::string("x")});
  ASSERT_TRUE(outside);
  EXPECT_NEAR((*outside)[0], 2, 1e-12);
}

}  // namespace
}  // namespace clary::tuning
