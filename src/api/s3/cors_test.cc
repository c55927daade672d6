#include "api/s3/cors.h"

#include <gtest/gtest.h>

#include "wire/api_error.h"

namespace clary::api::s3 {
namespace {

CorsRules rules_of(std::string_view text) {
  return cors_rules(json::parse(text).as_array());
}

std::string refusal(std::string_view text) {
  try {
    rules_of(text);
  } catch (const wire::ApiError& error) {
    return error.code();
  }
  return "";
}

TEST(CorsTest, TheFirstRuleThatFitsDecides) {
  const auto rules = rules_of(R"([
      {"AllowedMethods": ["GET"], "AllowedOrigins": ["http://*.example.com"], "ID": "first"},
      {"AllowedMethods": ["GET", "PUT"], "AllowedOrigins": ["*"], "AllowedHeaders": ["x-amz-*"],
       "MaxAgeSeconds": 60, "ExposeHeaders": ["ETag"]}])");
  const auto* rule = match(rules, {"http://a.example.com", "GET", {}});
  ASSERT_NE(rule, nullptr);
  EXPECT_EQ(rule->id, "first");
  rule = match(rules, {"http://a.example.com", "PUT", {}});
  ASSERT_NE(rule, nullptr);
  EXPECT_EQ(rule->max_age, 60);
  EXPECT_EQ(match(rules, {"http://a.example.com", "DELETE", {}}), nullptr);
  EXPECT_NE(match(rules, {"x", "GET", {"X-Amz-Date"}}), nullptr);
  EXPECT_EQ(match(rules, {"x", "GET", {"X-Amz-Date", "Authorization"}}), nullptr);
}

TEST(CorsTest, WildcardsStandForAnyText) {
  const auto rules = rules_of(R"([{"AllowedMethods": ["GET"], "AllowedOrigins": ["start*end"]}])");
  for (const auto& [origin, fits] : {std::pair{"startend", true},
                                     {"start12end", true},
                                     {"starten", false},
                                     {"stend", false},
                                     {"0startend", false},
                                     {"START1END", false}}) {
    EXPECT_EQ(match(rules, {origin, "GET", {}}) != nullptr, fits) << origin;
  }
}

TEST(CorsTest, AnswersNameTheOriginUnlessAnyMayAsk) {
  const auto rules = rules_of(
      R"([{"AllowedMethods": ["GET", "PUT"], "AllowedOrigins": ["http://a"], "AllowedHeaders": ["*"]}])");
  const CorsRequest request{"http://a", "GET", header_names("Content-Type , X-Two")};
  const auto headers = cors_headers(rules[0], request);
  const std::vector<std::pair<std::string, std::string>> expected{
      {"Access-Control-Allow-Origin", "http://a"},
      {"Access-Control-Allow-Methods", "GET, PUT"},
      {"Access-Control-Allow-Headers", "content-type, x-two"},
      {"Access-Control-Allow-Credentials", "true"},
      {"Vary", "Origin, Access-Control-Request-Headers, Access-Control-Request-Method"}};
  EXPECT_EQ(headers, expected);
  const auto open = rules_of(R"([{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}])");
  const auto any = cors_headers(open[0], {"http://a", "GET", {}});
  EXPECT_EQ(any[0].second, "*");
  EXPECT_EQ(any.size(), 3U);  // no credentials with a wildcard
}

TEST(CorsTest, Refusals) {
  EXPECT_EQ(refusal(R"([{"AllowedMethods": ["PATCH"], "AllowedOrigins": ["*"]}])"),
            "InvalidRequest");
  EXPECT_EQ(refusal(R"([{"AllowedMethods": ["GET"], "AllowedOrigins": ["*a*"]}])"),
            "InvalidRequest");
  EXPECT_EQ(refusal(R"([{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"],
                         "ExposeHeaders": ["x-*"]}])"),
            "InvalidRequest");
  EXPECT_EQ(refusal(R"([{"AllowedMethods": ["GET"], "AllowedOrigins": ["a\r\nSet-Cookie: b"]}])"),
            "InvalidRequest");
  EXPECT_EQ(refusal(R"([{"AllowedMethods": ["GET"]}])"), "MalformedXML");
  std::string many = "[";
  for (int i = 0; i < 101; ++i) {
    many += std::string(i > 0 ? "," : "") + R"({"AllowedMethods":["GET"],"AllowedOrigins":["*"]})";
  }
  EXPECT_EQ(refusal(many + "]"), "InvalidRequest");
}

TEST(CorsTest, DocumentsSurviveBeingStored) {
  const auto text = json::parse(
      R"([{"AllowedMethods":["GET"],"AllowedOrigins":["*"],"ID":"a","MaxAgeSeconds":0}])");
  EXPECT_EQ(cors_document(cors_rules(text.as_array())), text.as_array());
}

}  // namespace
}  // namespace clary::api::s3
