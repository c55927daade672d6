#include "api/s3/bucket_name.h"
#include "api/s3/s3_fixture.h"

namespace clary::api::s3 {
namespace {

class BucketsTest : public S3Fixture {};

TEST(BucketNameTest, FollowsTheRules) {
  for (const auto* name : {"abc", "my-bucket.1", "0bucket", "sagemaker-us-east-1-000000000000"}) {
    EXPECT_TRUE(valid_bucket_name(name)) << name;
  }
  for (const auto* name : {"ab", "Upper", "under_score", "-start", "end-", "a..b", "192.168.0.1",
                           "xn--x", "x-s3alias", "a b", "", "sthree-x"}) {
    EXPECT_FALSE(valid_bucket_name(name)) << name;
  }
  EXPECT_TRUE(valid_bucket_name(std::string(63, 'a')));
  EXPECT_FALSE(valid_bucket_name(std::string(64, 'a')));
}

TEST_F(BucketsTest, AreCreatedHeadedListedDeleted) {
  EXPECT_EQ(send("PUT", "/other").header("Location"), "/other");
  const auto head = send("HEAD", "/other");
  EXPECT_EQ(head.status, 200U);
  EXPECT_EQ(head.header("x-amz-bucket-region"), "us-east-1");
  const auto list = send("GET", "/");
  EXPECT_EQ(list.status, 200U);
  EXPECT_TRUE(list.has("<Bucket><Name>bucket</Name><CreationDate>2023-11-14T22:13:20"));
  EXPECT_TRUE(list.has("<Name>other</Name>"));
  EXPECT_EQ(list.element("ID").size(), 64U);
  EXPECT_EQ(send("DELETE", "/other").status, 204U);
  EXPECT_EQ(send("HEAD", "/other").status, 404U);
  const auto gone = send("DELETE", "/other");
  EXPECT_EQ(gone.status, 404U);
  EXPECT_EQ(gone.element("Code"), "NoSuchBucket");
  EXPECT_EQ(gone.element("BucketName"), "other");
}

TEST_F(BucketsTest, ListPages) {
  for (const auto* name : {"b-1", "b-2", "b-3", "c-1"}) send("PUT", std::string("/") + name);
  const auto first = send("GET", "/?max-buckets=2&prefix=b-");
  EXPECT_TRUE(first.has("<Name>b-1</Name>") && first.has("<Name>b-2</Name>"));
  const auto token = first.element("ContinuationToken");
  const auto second =
      send("GET", "/?max-buckets=2&prefix=b-&continuation-token=" + uri_encode(token));
  EXPECT_TRUE(second.has("<Name>b-3</Name>"));
  EXPECT_FALSE(second.has("c-1"));
  EXPECT_EQ(second.element("ContinuationToken"), "absent");
  EXPECT_EQ(send("GET", "/?continuation-token=%21").element("Code"), "InvalidArgument");
}

TEST_F(BucketsTest, CreationFollowsTheRegion) {
  EXPECT_EQ(send("PUT", "/bucket").status, 200U);  // us-east-1 forgives
  EXPECT_EQ(send("GET", "/bucket?location").body,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<LocationConstraint "
            "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"/>");
  const auto constraint = [](const std::string& region) {
    return "<CreateBucketConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
           "<LocationConstraint>" +
           region + "</LocationConstraint></CreateBucketConfiguration>";
  };
  region_ = "eu-west-1";
  EXPECT_EQ(send("PUT", "/bucket", {}, constraint("eu-west-1")).element("Code"),
            "BucketAlreadyOwnedByYou");
  EXPECT_EQ(send("PUT", "/new").element("Code"), "IllegalLocationConstraintException");
  EXPECT_EQ(send("PUT", "/new", {}, constraint("us-west-2")).element("Code"),
            "IllegalLocationConstraintException");
  EXPECT_EQ(send("PUT", "/new", {}, constraint("eu-west-1")).status, 200U);
  EXPECT_TRUE(send("GET", "/new?location").has(">eu-west-1</LocationConstraint>"));
  EXPECT_EQ(send("PUT", "/Bad_Name").element("Code"), "InvalidBucketName");
  account_ = "111111111111";
  EXPECT_EQ(send("PUT", "/new", {}, constraint("eu-west-1")).element("Code"),
            "BucketAlreadyExists");
}

TEST_F(BucketsTest, TheExpectedOwnerHasToBeTheOwner) {
  EXPECT_EQ(send("HEAD", "/bucket", {{"x-amz-expected-bucket-owner", account_}}).status, 200U);
  const auto refused =
      send("GET", "/bucket?location", {{"x-amz-expected-bucket-owner", "111111111111"}});
  EXPECT_EQ(refused.status, 403U);
  EXPECT_EQ(refused.element("Code"), "AccessDenied");
}

TEST_F(BucketsTest, AFullBucketStays) {
  put("k", "x");
  const auto refused = send("DELETE", "/bucket");
  EXPECT_EQ(refused.status, 409U);
  EXPECT_EQ(refused.element("Code"), "BucketNotEmpty");
}

TEST_F(BucketsTest, SettingsThatWereNeverMadeSaySo) {
  const std::pair<std::string, std::string> absent[] = {
      {"policy", "NoSuchBucketPolicy"},
      {"cors", "NoSuchCORSConfiguration"},
      {"encryption", "ServerSideEncryptionConfigurationNotFoundError"},
      {"lifecycle", "NoSuchLifecycleConfiguration"},
      {"tagging", "NoSuchTagSet"},
      {"website", "NoSuchWebsiteConfiguration"},
      {"object-lock", "ObjectLockConfigurationNotFoundError"}};
  for (const auto& [name, code] : absent) {
    const auto answer = send("GET", "/bucket?" + name);
    EXPECT_EQ(answer.status, 404U) << name;
    EXPECT_EQ(answer.element("Code"), code);
  }
  EXPECT_EQ(send("GET", "/bucket?versioning").element("Status"), "absent");
  EXPECT_EQ(send("GET", "/bucket?acl").element("Permission"), "FULL_CONTROL");
  EXPECT_EQ(send("GET", "/bucket?publicAccessBlock").element("BlockPublicAcls"), "true");
  EXPECT_EQ(send("GET", "/bucket?ownershipControls").element("ObjectOwnership"),
            "BucketOwnerEnforced");
  EXPECT_EQ(send("GET", "/none?policy").element("Code"), "NoSuchBucket");
}

TEST_F(BucketsTest, TagsOfABucketAreKept) {
  const std::string tagging =
      "<Tagging><TagSet><Tag><Key>a</Key><Value>1</Value></Tag></TagSet></Tagging>";
  EXPECT_EQ(send("PUT", "/bucket?tagging", {}, tagging).status, 200U);
  EXPECT_TRUE(send("GET", "/bucket?tagging").has("<Tag><Key>a</Key><Value>1</Value></Tag>"));
  EXPECT_EQ(send("DELETE", "/bucket?tagging").status, 204U);
  EXPECT_EQ(send("GET", "/bucket?tagging").status, 404U);
}

}  // namespace
}  // namespace clary::api::s3
