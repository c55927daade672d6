#include "server/service_of_request.h"

#include <gtest/gtest.h>

namespace clary::server {
namespace {

RequestHead request(std::string method, std::string path,
                    std::vector<std::pair<std::string, std::string>> headers = {}) {
  RequestHead head;
  head.method = std::move(method);
  head.path = std::move(path);
  for (auto& [name, value] : headers) head.headers.add(name, value);
  return head;
}

TEST(ServiceOf, FollowsTheScope) {
  EXPECT_EQ(service_of(request("GET", "/"), "s3"), "s3");
  EXPECT_EQ(service_of(request("POST", "/"), "monitoring"), "cloudwatch");
  EXPECT_EQ(
      service_of(request("POST", "/", {{"X-Amz-Target", "SageMaker.ListModels"}}), "sagemaker"),
      "sagemaker");
  EXPECT_EQ(service_of(request("POST", "/endpoints/e/invocations"), "sagemaker"),
            "sagemaker-runtime");
  EXPECT_EQ(service_of(request("PUT", "/FeatureGroup/f"), "sagemaker"),
            "sagemaker-featurestore-runtime");
  EXPECT_EQ(service_of(request("PUT", "/BatchPutMetrics"), "sagemaker"), "sagemaker-metrics");
  EXPECT_EQ(service_of(request("POST", "/"), "ec2"), "");
}

TEST(ServiceOf, GuessesWhenNothingIsSigned) {
  EXPECT_EQ(service_of(request("POST", "/", {{"X-Amz-Target", "Logs_20140328.X"}}), ""), "logs");
  EXPECT_EQ(service_of(request("POST", "/", {{"Host", "sts.us-west-2.amazonaws.com"}}), ""), "sts");
  EXPECT_EQ(service_of(request("GET", "/k", {{"Host", "b.s3.us-west-2.amazonaws.com"}}), ""), "s3");
  EXPECT_EQ(service_of(request("GET", "/b/k", {{"Host", "127.0.0.1:7700"}}), ""), "s3");
}

TEST(ToPathStyle, RewritesBucketHosts) {
  RequestHead head = request("GET", "/a/b", {{"Host", "my.bucket.s3.us-west-2.amazonaws.com"}});
  to_path_style(head);
  EXPECT_EQ(head.path, "/my.bucket/a/b");
  head = request("GET", "/a/b", {{"Host", "s3.us-west-2.amazonaws.com"}});
  to_path_style(head);
  EXPECT_EQ(head.path, "/a/b");
  head = request("GET", "/a/b", {{"Host", "127.0.0.1:7700"}});
  to_path_style(head);
  EXPECT_EQ(head.path, "/a/b");
}

TEST(IsAwsHost, TakesAwsAtPort443Only) {
  EXPECT_TRUE(is_aws_host("sts.us-east-1.amazonaws.com:443"));
  EXPECT_TRUE(is_aws_host("STS.cn-north-1.amazonaws.com.cn:443"));
  EXPECT_FALSE(is_aws_host("sts.us-east-1.amazonaws.com:22"));
  EXPECT_FALSE(is_aws_host("example.com:443"));
  EXPECT_FALSE(is_aws_host("evilamazonaws.com:443"));
  EXPECT_FALSE(is_aws_host("amazonaws.com.example.com:443"));
  EXPECT_FALSE(is_aws_host(""));
}

}  // namespace
}  // namespace clary::server
