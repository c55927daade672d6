#include "wire/post_policy.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace clary::wire {
namespace {

const Timestamp kNow = from_epoch_seconds(1'700'000'000);  // 2023-11-14T22:13:20Z
constexpr std::string_view kLater = "2023-11-15T00:00:00.000Z";

std::string policy_of(const std::string& conditions, std::string_view expiration = kLater) {
  return base64("{\"expiration\": \"" + std::string(expiration) +
                "\", \"conditions\": " + conditions + "}");
}

std::string verdict(const std::string& conditions, const std::vector<FormField>& fields,
                    std::string_view expiration = kLater) {
  const auto policy = parse_post_policy(policy_of(conditions, expiration));
  if (!policy) return "invalid: " + policy.error();
  return violation(*policy, fields, kNow).value_or("");
}

TEST(PostPolicyTest, EveryConditionHoldsAndEveryFieldIsCovered) {
  const std::string conditions =
      R"([{"bucket": "data"}, ["starts-with", "$key", "in/"], ["eq", "$ACL", "private"]])";
  EXPECT_EQ(verdict(conditions, {{"bucket", "data"},
                                 {"Key", "in/x"},
                                 {"acl", "private"},
                                 {"policy", "..."},
                                 {"AWSAccessKeyId", "A"},
                                 {"signature", "s"},
                                 {"X-Ignore-this", "y"}}),
            "");
  EXPECT_EQ(verdict(conditions, {{"bucket", "data"}, {"key", "out/x"}, {"acl", "private"}}),
            R"(Policy Condition failed: ["starts-with","$key","in/"])");
  EXPECT_EQ(verdict(conditions, {{"bucket", "data"}, {"key", "in/x"}}),
            R"(Policy Condition failed: ["eq","$ACL","private"])");
  EXPECT_EQ(verdict(conditions, {{"bucket", "other"}, {"key", "in/x"}, {"acl", "private"}}),
            R"(Policy Condition failed: ["eq","$bucket","data"])");
  EXPECT_EQ(
      verdict(conditions,
              {{"bucket", "data"}, {"key", "in/x"}, {"acl", "private"}, {"x-amz-meta-more", "1"}}),
      "Extra input fields: x-amz-meta-more");
}

TEST(PostPolicyTest, ValuesCompareWithCaseAndNamesWithout) {
  EXPECT_EQ(verdict(R"([{"KEY": "A"}])", {{"key", "A"}}), "");
  EXPECT_NE(verdict(R"([{"key": "A"}])", {{"key", "a"}}), "");
}

TEST(PostPolicyTest, EachTypeOfAListHasToBegin) {
  const std::string images = R"([["starts-with", "$Content-Type", "image/"]])";
  EXPECT_EQ(verdict(images, {{"Content-Type", "image/png, image/gif"}}), "");
  EXPECT_NE(verdict(images, {{"Content-Type", "image/png, text/html"}}), "");
}

TEST(PostPolicyTest, Expiration) {
  EXPECT_EQ(verdict("[]", {}, "2023-11-14T22:13:20Z"), "Policy expired.");
  EXPECT_EQ(verdict("[]", {}, "2023-11-14T22:13:21Z"), "");
  EXPECT_EQ(verdict("[]", {}, "2023-11-14 22:13:21+00:00"),
            "invalid: Invalid 'expiration' value: '2023-11-14 22:13:21+00:00'");
}

TEST(PostPolicyTest, LengthRange) {
  const auto policy = parse_post_policy(
      policy_of(R"([["content-length-range", 1, 100], ["content-length-range", "2", "200"]])"));
  ASSERT_TRUE(policy && policy->content_length);
  EXPECT_EQ(policy->content_length->least, 2U);
  EXPECT_EQ(policy->content_length->most, 100U);
  for (const std::string bad :
       {R"([["content-length-range", 0]])", R"([["content-length-range", -1, 5]])",
        R"([["content-length-range", 0, 1.5]])"}) {
    EXPECT_FALSE(parse_post_policy(policy_of(bad))) << bad;
  }
}

TEST(PostPolicyTest, WhatIsNoPolicy) {
  for (const std::string bad :
       {R"([{}])", R"([{"a": "1", "b": "2"}])", R"([{"a": 1}])", R"(["eq"])", R"([["eq", "$a"]])",
        R"([["eq", "a", "b"]])", R"([["like", "$a", "b"]])", R"({})", "[1"}) {
    EXPECT_FALSE(parse_post_policy(policy_of(bad))) << bad;
  }
  EXPECT_FALSE(parse_post_policy("!"));
  EXPECT_FALSE(parse_post_policy(""));
  EXPECT_FALSE(parse_post_policy(base64("[]")));
  EXPECT_FALSE(
      parse_post_policy(base64(R"({"EXPIRATION": "2023-11-15T00:00:00Z", "conditions": []})")));
  EXPECT_FALSE(parse_post_policy(base64(R"({"expiration": "2023-11-15T00:00:00Z"})")));
}

}  // namespace
}  // namespace clary::wire
