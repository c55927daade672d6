#include "api/s3/authorize.h"

#include "api/s3/access_fixture.h"
#include "api/s3/operation_rules.h"

namespace clary::api::s3 {
namespace {

class S3AuthorizeTest : public AccessFixture {
 protected:
  S3AuthorizeTest() {
    as_root(kOwner);
    put("public/a", "one");
    put("secret/b", "two");
  }
};

TEST_F(S3AuthorizeTest, EveryOperationHasARule) {
  for (const auto& [name, entry] : operations_) {
    if (name == "DeleteObjects") continue;
    EXPECT_NE(rule_of(name), nullptr) << name;
  }
}

TEST_F(S3AuthorizeTest, AUserMayWhatItsPolicySays) {
  as_user(kOwner, "reader", R"("s3:GetObject")", "arn:aws:s3:::bucket/public/*");
  EXPECT_EQ(send("GET", "/bucket/public/a").body, "one");
  EXPECT_EQ(send("GET", "/bucket/secret/b").status, 403U);
  EXPECT_EQ(put("public/a", "x").status, 403U);
  const auto denied = send("GET", "/bucket/secret/b");
  EXPECT_TRUE(
      denied.has("User: arn:aws:iam::000000000000:user/reader is not authorized to perform: "
                 "s3:GetObject on resource: &quot;arn:aws:s3:::bucket/secret/b&quot;") ||
      denied.has("s3:GetObject on resource: \"arn:aws:s3:::bucket/secret/b\""))
      << denied.body;
}

TEST_F(S3AuthorizeTest, KeysAreTakenAsTheyAre) {
  as_user(kOwner, "reader", R"("s3:GetObject")", "arn:aws:s3:::bucket/public/*");
  // None of these is the object that lies outside of what may be read.
  EXPECT_EQ(send("GET", "/bucket/public/../secret/b").status, 403U);
  EXPECT_EQ(send("GET", "/bucket/public/%2e%2e/secret/b").status, 403U);
  EXPECT_EQ(send("GET", "/bucket/secret%2Fb").status, 403U);
  EXPECT_EQ(send("GET", "/bucket/PUBLIC/a").status, 403U);
  EXPECT_EQ(send("GET", "/bucket//public/a").status, 403U);
}

TEST_F(S3AuthorizeTest, WhoMayNotListDoesNotLearnWhatIsMissing) {
  as_user(kOwner, "reader", R"("s3:GetObject")");
  EXPECT_EQ(send("GET", "/bucket/public/none").status, 403U);
  EXPECT_EQ(send("HEAD", "/bucket/public/none").status, 403U);
  as_user(kOwner, "lister", R"("s3:GetObject","s3:ListBucket")");
  EXPECT_EQ(send("GET", "/bucket/public/none").status, 404U);
  EXPECT_EQ(send("HEAD", "/bucket/public/none").status, 404U);
  as_user(kOwner, "only-lister", R"("s3:ListBucket")");
  EXPECT_EQ(send("HEAD", "/bucket/public/none").status, 404U);
  EXPECT_EQ(send("HEAD", "/bucket/public/a").status, 403U);
}

TEST_F(S3AuthorizeTest, ACopyReadsItsSource) {
  as_user(kOwner, "copier", R"("s3:PutObject","s3:GetObject")", "arn:aws:s3:::bucket/public/*");
  EXPECT_EQ(send("PUT", "/bucket/public/c", {{"x-amz-copy-source", "bucket/public/a"}}).status,
            200U);
  EXPECT_EQ(send("PUT", "/bucket/public/c", {{"x-amz-copy-source", "bucket/secret/b"}}).status,
            403U);
  for (const std::string name : {"bucket/public%2F..%2F../secret/b", "bucket/%73ecret/b",
                                 "/bucket/secret/b", "bucket//secret/b"}) {
    const auto answer = send("PUT", "/bucket/public/c", {{"x-amz-copy-source", name}});
    EXPECT_EQ(answer.status, name.find("..") == std::string::npos ? 403U : 404U) << name;
  }
}

TEST_F(S3AuthorizeTest, TagsThatComeWithAnObjectNeedTheirOwnPermission) {
  as_user(kOwner, "writer", R"("s3:PutObject")");
  EXPECT_EQ(put("public/t", "x").status, 200U);
  EXPECT_EQ(put("public/t", "x", {{"x-amz-tagging", "a=b"}}).status, 403U);
}

TEST_F(S3AuthorizeTest, EachKeyOfAListIsAsked) {
  as_user(kOwner, "cleaner", R"("s3:DeleteObject")", "arn:aws:s3:::bucket/public/*");
  const std::string list =
      "<Delete><Object><Key>public/a</Key></Object><Object><Key>secret/b</Key></Object></Delete>";
  const auto answer =
      send("POST", "/bucket?delete", {{"x-amz-trailer", "x-amz-checksum-crc32"}}, list);
  EXPECT_EQ(answer.status, 200U);
  EXPECT_TRUE(answer.has("<Deleted><Key>public/a</Key>")) << answer.body;
  EXPECT_TRUE(answer.has("<Code>AccessDenied</Code>")) << answer.body;
  as_root(kOwner);
  EXPECT_EQ(send("GET", "/bucket/secret/b").status, 200U);
}

TEST_F(S3AuthorizeTest, OtherAccountsAreLetInByPolicyAndByTheirOwn) {
  as_root(kOther);
  EXPECT_EQ(send("GET", "/bucket/public/a").status, 403U);
  EXPECT_EQ(send("GET", "/bucket?list-type=2").status, 403U);
  EXPECT_TRUE(send("GET", "/bucket/public/a").has("<Message>Access Denied</Message>"));
  as_root(kOwner);
  EXPECT_EQ(
      set_policy(statement("Allow", R"({"AWS":"111122223333"})", "s3:GetObject", "bucket/public/*"))
          .status,
      204U);
  as_root(kOther);
  EXPECT_EQ(send("GET", "/bucket/public/a").status, 200U);
  EXPECT_EQ(send("GET", "/bucket/secret/b").status, 403U);
  EXPECT_EQ(put("public/a", "x").status, 403U);
  as_user(kOther, "nobody");
  EXPECT_EQ(send("GET", "/bucket/public/a").status, 403U);
  as_user(kOther, "someone", R"("s3:*")");
  EXPECT_EQ(send("GET", "/bucket/public/a").status, 200U);
  as_root("444455556666");
  EXPECT_EQ(send("GET", "/bucket/public/a").status, 403U);
}

TEST_F(S3AuthorizeTest, EverybodyMeansAnonymousCallersToo) {
  open_to_public();
  EXPECT_EQ(set_policy(statement("Allow", "\"*\"", "s3:GetObject", "bucket/public/*")).status,
            204U);
  as_anonymous();
  EXPECT_EQ(send("GET", "/bucket/public/a").status, 200U);
  EXPECT_EQ(send("GET", "/bucket/secret/b").status, 403U);
  EXPECT_EQ(send("GET", "/").status, 403U);
  EXPECT_EQ(send("PUT", "/mine").status, 403U);
  EXPECT_EQ(send("DELETE", "/bucket?policy").status, 403U);
}

TEST_F(S3AuthorizeTest, ARefusalIsStrongerThanEveryLeave) {
  EXPECT_EQ(set_policy(statement("Deny", "\"*\"", "s3:*", "bucket/secret/*")).status, 204U);
  EXPECT_EQ(send("GET", "/bucket/secret/b").status, 403U);
  EXPECT_EQ(send("GET", "/bucket/public/a").status, 200U);
  // Whoever shuts themselves out of the bucket can still undo it.
  EXPECT_EQ(set_policy(statement("Deny", "\"*\"", "s3:*", "bucket")).status, 204U);
  EXPECT_EQ(send("GET", "/bucket?list-type=2").status, 403U);
  as_user(kOwner, "admin", R"("s3:*")");
  EXPECT_EQ(send("DELETE", "/bucket?policy").status, 403U);
  as_root(kOwner);
  EXPECT_EQ(send("DELETE", "/bucket?policy").status, 204U);
  EXPECT_EQ(send("GET", "/bucket?list-type=2").status, 200U);
}

TEST_F(S3AuthorizeTest, ConditionsReadTheRequest) {
  EXPECT_EQ(set_policy(statement("Allow", R"({"AWS":"111122223333"})", "s3:ListBucket", "bucket",
                                 R"({"StringLike":{"s3:prefix":"public/*"}})"))
                .status,
            204U);
  as_root(kOther);
  EXPECT_EQ(send("GET", "/bucket?list-type=2&prefix=public/").status, 200U);
  EXPECT_EQ(send("GET", "/bucket?list-type=2&prefix=secret/").status, 403U);
  EXPECT_EQ(send("GET", "/bucket?list-type=2").status, 403U);
  // A header is no query parameter.
  EXPECT_EQ(send("GET", "/bucket?list-type=2", {{"prefix", "public/"}}).status, 403U);
}

TEST_F(S3AuthorizeTest, ConditionsReadTheTagsOfTheObject) {
  EXPECT_EQ(put("open", "x", {{"x-amz-tagging", "access=public"}}).status, 200U);
  EXPECT_EQ(set_policy(statement("Allow", R"({"AWS":"111122223333"})", "s3:GetObject", "bucket/*",
                                 R"({"StringEquals":{"s3:ExistingObjectTag/access":"public"}})"))
                .status,
            204U);
  as_root(kOther);
  EXPECT_EQ(send("GET", "/bucket/open").status, 200U);
  EXPECT_EQ(send("GET", "/bucket/public/a").status, 403U);
}

TEST_F(S3AuthorizeTest, AHeaderThatCameTwiceCountsAsTheOperationReadsIt) {
  use_acls();
  open_to_public();
  const std::string condition = R"({"StringEquals":{"s3:x-amz-acl":"public-read"}})";
  EXPECT_EQ(set_policy(statement("Deny", "\"*\"", "s3:PutObject", "bucket/*", condition)).status,
            204U);
  EXPECT_EQ(put("k", "x", {{"x-amz-acl", "public-read"}, {"x-amz-acl", "private"}}).status, 403U);
  EXPECT_EQ(put("k", "x", {{"x-amz-acl", "private"}, {"x-amz-acl", "public-read"}}).status, 200U);
  as_anonymous();
  EXPECT_EQ(send("GET", "/bucket/k").status, 403U);
}

}  // namespace
}  // namespace clary::api::s3
