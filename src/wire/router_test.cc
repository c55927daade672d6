#include <gtest/gtest.h>

#include "wire/codec.h"
#include "wire/test_requests.h"

namespace clary::wire {
namespace {

const Models& models() {
  static const Models kModels;
  return kModels;
}

std::string route(const Router& router, const RequestHead& head) {
  const auto match = router.match(head);
  if (match.operation == nullptr) return "none";
  std::string text = match.operation->name;
  for (const auto& [name, value] : match.labels) text += " " + name + "=" + value;
  return text;
}

class S3Routes : public testing::Test {
 protected:
  std::string s3(const std::string& method, const std::string& path, const std::string& query = {},
                 std::initializer_list<std::pair<std::string, std::string>> headers = {}) {
    return route(router_, test_request(method, path, query, headers));
  }
  Router router_{models().get("s3")};
};

TEST_F(S3Routes, BucketsAndKeys) {
  EXPECT_EQ(s3("GET", "/"), "ListBuckets");
  EXPECT_EQ(s3("PUT", "/b"), "CreateBucket Bucket=b");
  EXPECT_EQ(s3("PUT", "/b/"), "CreateBucket Bucket=b");
  EXPECT_EQ(s3("HEAD", "/b"), "HeadBucket Bucket=b");
  EXPECT_EQ(s3("GET", "/b/"), "ListObjects Bucket=b");
  EXPECT_EQ(s3("GET", "/b", "list-type=2&prefix=x"), "ListObjectsV2 Bucket=b");
  EXPECT_EQ(s3("GET", "/b/k"), "GetObject Bucket=b Key=k");
  EXPECT_EQ(s3("GET", "/b/a/b//c/"), "GetObject Bucket=b Key=a/b//c/");
  EXPECT_EQ(s3("GET", "/b//k"), "GetObject Bucket=b Key=/k");
  EXPECT_EQ(s3("GET", "/b/a%20b%2Fc+d"), "GetObject Bucket=b Key=a b/c+d");
  EXPECT_EQ(s3("HEAD", "/b/k"), "HeadObject Bucket=b Key=k");
  EXPECT_EQ(s3("DELETE", "/b/k"), "DeleteObject Bucket=b Key=k");
}

TEST_F(S3Routes, ToldApartByQueryAndHeaders) {
  EXPECT_EQ(s3("PUT", "/b/k"), "PutObject Bucket=b Key=k");
  EXPECT_EQ(s3("PUT", "/b/k", "partNumber=1&uploadId=u"), "UploadPart Bucket=b Key=k");
  EXPECT_EQ(s3("PUT", "/b/k", "", {{"x-amz-copy-source", "/a/b"}}), "CopyObject Bucket=b Key=k");
  EXPECT_EQ(s3("PUT", "/b/k", "partNumber=1&uploadId=u", {{"X-Amz-Copy-Source", "/a/b"}}),
            "UploadPartCopy Bucket=b Key=k");
  EXPECT_EQ(s3("POST", "/b/k", "uploads"), "CreateMultipartUpload Bucket=b Key=k");
  EXPECT_EQ(s3("POST", "/b/k", "uploads="), "CreateMultipartUpload Bucket=b Key=k");
  EXPECT_EQ(s3("POST", "/b/k", "uploadId=u"), "CompleteMultipartUpload Bucket=b Key=k");
  EXPECT_EQ(s3("GET", "/b/k", "uploadId=u"), "ListParts Bucket=b Key=k");
  EXPECT_EQ(s3("DELETE", "/b/k", "uploadId=u"), "AbortMultipartUpload Bucket=b Key=k");
  EXPECT_EQ(s3("POST", "/b", "delete"), "DeleteObjects Bucket=b");
  EXPECT_EQ(s3("GET", "/b", "location"), "GetBucketLocation Bucket=b");
  EXPECT_EQ(s3("GET", "/b", "versioning"), "GetBucketVersioning Bucket=b");
  EXPECT_EQ(s3("GET", "/b", "uploads"), "ListMultipartUploads Bucket=b");
  EXPECT_EQ(s3("PUT", "/b", "lifecycle"), "PutBucketLifecycleConfiguration Bucket=b");
  EXPECT_EQ(s3("GET", "/b/k", "tagging"), "GetObjectTagging Bucket=b Key=k");
  EXPECT_EQ(s3("GET", "/b", "analytics"), "ListBucketAnalyticsConfigurations Bucket=b");
  EXPECT_EQ(s3("GET", "/b", "analytics&id=1"), "GetBucketAnalyticsConfiguration Bucket=b");
}

// Newer SDKs name the operation in the query; presigned URLs carry it too.
TEST_F(S3Routes, OperationNamed) {
  EXPECT_EQ(s3("GET", "/b/k", "x-id=GetObject"), "GetObject Bucket=b Key=k");
  EXPECT_EQ(s3("PUT", "/b/k", "x-id=PutObject"), "PutObject Bucket=b Key=k");
  EXPECT_EQ(s3("GET", "/", "x-id=ListDirectoryBuckets"), "ListDirectoryBuckets");
  EXPECT_EQ(s3("GET", "/b/k", "x-id=nonsense"), "GetObject Bucket=b Key=k");
}

TEST_F(S3Routes, NothingFits) {
  EXPECT_EQ(s3("PATCH", "/b/k"), "none");
  EXPECT_EQ(s3("OPTIONS", "/b/k"), "none");
  EXPECT_EQ(s3("GET", ""), "none");
  EXPECT_EQ(s3("GET", "/b/%zz"), "none");
  EXPECT_THROW(s3("GET", "/b/k", "a=%zz"), ApiError);
}

TEST(RuntimeRoutes, Endpoints) {
  const Router router(models().get("sagemaker-runtime"));
  EXPECT_EQ(route(router, test_request("POST", "/endpoints/e-1/invocations")),
            "InvokeEndpoint EndpointName=e-1");
  EXPECT_EQ(route(router, test_request("POST", "/endpoints/e-1/async-invocations")),
            "InvokeEndpointAsync EndpointName=e-1");
  EXPECT_EQ(route(router, test_request("POST", "/endpoints//invocations")), "none");
  EXPECT_EQ(route(router, test_request("POST", "/endpoints/a/b/invocations")), "none");
  EXPECT_EQ(route(router, test_request("GET", "/endpoints/e-1/invocations")), "none");
}

TEST(RuntimeRoutes, FeatureGroupsByArn) {
  const Router router(models().get("sagemaker-featurestore-runtime"));
  const std::string arn =
      "arn%3Aaws%3Asagemaker%3Aus-east-1%3A000000000000%3Afeature-group%2Fpeople";
  EXPECT_EQ(route(router, test_request("PUT", "/FeatureGroup/" + arn)),
            "PutRecord FeatureGroupName=arn:aws:sagemaker:us-east-1:000000000000:feature-group/"
            "people");
  EXPECT_EQ(
      route(router, test_request("GET", "/FeatureGroup/people", "RecordIdentifierValueAsString=1")),
      "GetRecord FeatureGroupName=people");
}

}  // namespace
}  // namespace clary::wire
