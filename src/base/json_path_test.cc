#include "base/json_path.h"

#include <gtest/gtest.h>

namespace clary {
namespace {

std::string select(std::string_view path, std::string_view document) {
  return JsonPath(path).select(document);
}

TEST(JsonPath, SelectsAsTheDeveloperGuideShows) {
  constexpr std::string_view kDocument =
      R"( {"id": 7, "features": [1.50, 2e3, "a,]b"], "in": {"x": {"y": null}, "z\"q": true}} )";
  EXPECT_EQ(select("$", "[1]"), "[1]");
  EXPECT_EQ(select("$.id", kDocument), "7");
  EXPECT_EQ(select("$.features", kDocument), R"([1.50, 2e3, "a,]b"])");  // as it was written
  EXPECT_EQ(select("$.features[0]", kDocument), "1.50");
  EXPECT_EQ(select("$.features[-1]", kDocument), R"("a,]b")");
  EXPECT_EQ(select("$.features[0,2]", kDocument), R"([1.50,"a,]b"])");
  EXPECT_EQ(select("$.features[1:]", kDocument), R"([2e3,"a,]b"])");
  EXPECT_EQ(select("$.features[:1]", kDocument), "[1.50]");
  EXPECT_EQ(select("$.features[-2:-1]", kDocument), "[2e3]");
  EXPECT_EQ(select("$.features[5:9]", kDocument), "[]");
  EXPECT_EQ(select("$['id','features']", kDocument), R"({"id":7,"features":[1.50, 2e3, "a,]b"]})");
  EXPECT_EQ(select("$['id', 'gone']", kDocument), R"({"id":7})");
  EXPECT_EQ(select("$.in.x.y", kDocument), "null");
  EXPECT_EQ(select("$.in.['x']", kDocument), R"({"y": null})");
  EXPECT_EQ(select("$.in['z\\\"q']", kDocument), "true");
  EXPECT_EQ(select("$.in.*", kDocument), R"([{"y": null},true])");
  EXPECT_EQ(select("$.in.*.y", kDocument), "[null]");
  EXPECT_EQ(select("$[*]", "[1, 2]"), "[1,2]");
}

TEST(JsonPath, SaysWhatIsNotThere) {
  EXPECT_THROW(select("$.a", "{}"), JsonPathMissing);
  EXPECT_THROW(select("$.a", "[1]"), JsonPathMissing);
  EXPECT_THROW(select("$[3]", "[1]"), JsonPathMissing);
  EXPECT_THROW(select("$[0]", "5"), JsonPathMissing);
}

TEST(JsonPath, RefusesWhatIsNoPath) {
  for (auto text : {"", "a", "$a", "$.", "$..a", "$[", "$[]", "$[1", "$['a", "$['a'", "$[1:2",
                    "$[?(@.a)]", "$.a b'", "$[99999999999]", "$[1,]", "$['a',1]", "$.(x)"}) {
    EXPECT_THROW(JsonPath{text}, std::invalid_argument) << text;
  }
}

TEST(JsonPath, TakesARowAsItsCells) {
  const std::vector<std::string_view> row{"a", "\"b,c\"", "3"};
  using Cells = std::vector<std::string_view>;
  EXPECT_EQ(JsonPath("$").select_cells(row), row);
  EXPECT_EQ(JsonPath("$[1:]").select_cells(row), (Cells{"\"b,c\"", "3"}));
  EXPECT_EQ(JsonPath("$[0,-1]").select_cells(row), (Cells{"a", "3"}));
  EXPECT_EQ(JsonPath("$[-1]").select_cells(row), Cells{"3"});
  EXPECT_THROW(JsonPath("$[3]").select_cells(row), JsonPathMissing);
  EXPECT_THROW(JsonPath("$.a").select_cells(row), JsonPathMissing);
}

}  // namespace
}  // namespace clary
