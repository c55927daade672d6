#include "base/json.h"

#include <gtest/gtest.h>

namespace clary {
namespace {

TEST(Json, ReadsMembersOfTheRightKindOnly) {
  const json::object object = json::parse(R"({"s":"x","i":3,"d":2.5,"whole":4.0,"b":true,
                                              "o":{"k":1},"a":[1]})")
                                  .as_object();
  EXPECT_EQ(find_string(object, "s"), "x");
  EXPECT_FALSE(find_string(object, "i").has_value());
  EXPECT_FALSE(find_string(object, "absent").has_value());
  EXPECT_EQ(find_int(object, "i"), 3);
  EXPECT_EQ(find_int(object, "whole"), 4);
  EXPECT_FALSE(find_int(object, "d").has_value());
  EXPECT_EQ(find_double(object, "i"), 3.0);
  EXPECT_EQ(find_bool(object, "b"), true);
  ASSERT_NE(find_object(object, "o"), nullptr);
  ASSERT_NE(find_array(object, "a"), nullptr);
  EXPECT_EQ(find_array(object, "o"), nullptr);
  EXPECT_EQ(string_or(object, "absent", "fallback"), "fallback");
}

TEST(Json, RefusesNumbersThatDoNotFit) {
  json::object object;
  object["huge"] = 1e300;
  object["past"] = 9223372036854775808.0;
  object["unsigned"] = std::uint64_t{1} << 63;
  EXPECT_FALSE(find_int(object, "huge").has_value());
  EXPECT_FALSE(find_int(object, "past").has_value());
  EXPECT_FALSE(find_int(object, "unsigned").has_value());
}

}  // namespace
}  // namespace clary
