#include "api/s3/bucket_policy.h"

#include "api/s3/access_fixture.h"

namespace clary::api::s3 {
namespace {

class BucketPolicyTest : public AccessFixture {
 protected:
  BucketPolicyTest() { as_root(kOwner); }

  std::string refusal(const std::string& text) {
    const auto answer = set_policy(text);
    EXPECT_EQ(answer.status, 400U) << answer.body;
    EXPECT_EQ(answer.element("Code"), "MalformedPolicy");
    return answer.element("Message");
  }
};

TEST_F(BucketPolicyTest, ComesBackAsItWasWritten) {
  EXPECT_EQ(send("GET", "/bucket?policy").element("Code"), "NoSuchBucketPolicy");
  const auto text =
      statement("Allow", R"({"AWS":"arn:aws:iam::111122223333:root"})", "s3:GetObject", "bucket/*");
  EXPECT_EQ(set_policy(text).status, 204U);
  EXPECT_EQ(send("GET", "/bucket?policy").body, text);
  EXPECT_EQ(send("DELETE", "/bucket?policy").status, 204U);
  EXPECT_EQ(send("GET", "/bucket?policy").status, 404U);
}

TEST_F(BucketPolicyTest, WhatIsNoneIsRefusedInS3sWords) {
  const std::string other = R"({"AWS":"111122223333"})";
  EXPECT_EQ(refusal("no json"), "Policies must be valid JSON and the first byte must be '{'");
  EXPECT_EQ(refusal("{"), "Policies must be valid JSON and the first byte must be '{'");
  EXPECT_EQ(refusal(statement("Allow", other, "s3:GetObject", "elsewhere/*")),
            "Policy has invalid resource");
  EXPECT_EQ(refusal(statement("Allow", other, "s3:GetObject", "bucketeer/*")),
            "Policy has invalid resource");
  EXPECT_EQ(refusal(statement("Allow", other, "iam:PassRole", "bucket")),
            "Policy has invalid action");
  for (const std::string who : {"arn:aws:iam::tenant:root", "arn:aws:iam::111122223333:user/*",
                                "arn:aws:iam::111122223333:group/g", "somebody"}) {
    EXPECT_TRUE(refusal(statement("Allow", R"({"AWS":")" + who + "\"}", "s3:GetObject", "bucket/*"))
                    .starts_with("Invalid principal in policy"))
        << who;
  }
  auto inverted = statement("Allow", other, "s3:GetObject", "bucket/*");
  inverted.replace(inverted.find("Principal"), 9, "NotPrincipal");
  EXPECT_EQ(refusal(inverted), "Allow with NotPrincipal is not allowed.");
  EXPECT_EQ(refusal(statement("Allow", other, "s3:GetObject",
                              "bucket/" + std::string(kMaxPolicyBytes, 'x'))),
            "Policy exceeds the maximum allowed document size.");
}

bool makes_public(const std::string& principal, const std::string& condition = "") {
  const auto policy = parse_bucket_policy(
      R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":)" + principal +
          R"(,"Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*")" +
          (condition.empty() ? "" : ",\"Condition\":" + condition) + "}]}",
      "b");
  EXPECT_TRUE(policy) << policy.error();
  return policy && is_public(*policy);
}

TEST(PublicPolicyTest, FollowsAwssMeaningOfPublic) {
  EXPECT_TRUE(makes_public("\"*\""));
  EXPECT_TRUE(makes_public(R"({"AWS":"*"})"));
  EXPECT_TRUE(makes_public(R"({"AWS":["111122223333","*"]})"));
  EXPECT_FALSE(makes_public(R"({"AWS":"111122223333"})"));
  EXPECT_FALSE(makes_public("\"*\"", R"({"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}})"));
  EXPECT_TRUE(makes_public("\"*\"", R"({"IpAddress":{"aws:SourceIp":"0.0.0.0/1"}})"));
  EXPECT_TRUE(makes_public("\"*\"", R"({"NotIpAddress":{"aws:SourceIp":"10.0.0.0/8"}})"));
  EXPECT_FALSE(makes_public("\"*\"", R"({"StringEquals":{"aws:SourceVpc":"vpc-91237329"}})"));
  EXPECT_TRUE(makes_public("\"*\"", R"({"StringLike":{"aws:SourceVpc":"vpc-*"}})"));
  EXPECT_TRUE(makes_public("\"*\"", R"({"StringEqualsIfExists":{"aws:SourceVpc":"vpc-9"}})"));
  EXPECT_TRUE(makes_public("\"*\"", R"({"StringLike":{"aws:Referer":"https://me/*"}})"));
}

TEST_F(BucketPolicyTest, PublicOnesCanBeBlocked) {
  const auto text = statement("Allow", "\"*\"", "s3:GetObject", "bucket/*");
  const auto blocked = set_policy(text);
  EXPECT_EQ(blocked.status, 403U);
  EXPECT_EQ(blocked.element("Code"), "AccessDenied");
  EXPECT_EQ(send("GET", "/bucket?policyStatus").element("IsPublic"), "false");
  open_to_public();
  EXPECT_EQ(set_policy(text).status, 204U);
  EXPECT_EQ(send("GET", "/bucket?policyStatus").element("IsPublic"), "true");
}

TEST_F(BucketPolicyTest, APublicOneCanBeHeldToTheOwnersAccount) {
  put("k", "x");
  open_to_public();
  EXPECT_EQ(set_policy(statement("Allow", "\"*\"", "s3:GetObject", "bucket/*")).status, 204U);
  as_root(kOther);
  EXPECT_EQ(send("GET", "/bucket/k").status, 200U);
  as_root(kOwner);
  const std::string block =
      "<PublicAccessBlockConfiguration><RestrictPublicBuckets>true</RestrictPublicBuckets>"
      "</PublicAccessBlockConfiguration>";
  EXPECT_EQ(send("PUT", "/bucket?publicAccessBlock", {}, block).status, 200U);
  EXPECT_EQ(send("GET", "/bucket/k").status, 200U);
  as_root(kOther);
  EXPECT_EQ(send("GET", "/bucket/k").status, 403U);
  as_anonymous();
  EXPECT_EQ(send("GET", "/bucket/k").status, 403U);
}

}  // namespace
}  // namespace clary::api::s3
