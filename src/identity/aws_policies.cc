// AWS's managed policies as data. What each permits follows AWS's description of it, cut down to
// the services that Clary speaks; statements are our own.
#include <openssl/sha.h>

#include "identity/policies.h"

namespace clary::identity {
namespace {

struct Entry {
  const char* path;
  const char* name;
  const char* description;
  const char* document;
};

constexpr const char* kAdministrator = R"({"Version":"2012-10-17","Statement":[
{"Effect":"Allow","Action":"*","Resource":"*"}]})";

constexpr const char* kPowerUser = R"({"Version":"2012-10-17","Statement":[
{"Effect":"Allow","NotAction":["iam:*","organizations:*","account:*"],"Resource":"*"},
{"Effect":"Allow","Action":["iam:CreateServiceLinkedRole","iam:DeleteServiceLinkedRole",
"iam:ListRoles"],"Resource":"*"}]})";

constexpr const char* kSageMaker = R"({"Version":"2012-10-17","Statement":[
{"Sid":"SageMaker","Effect":"Allow","Action":["sagemaker:*","sagemaker-geospatial:*"],
"Resource":"*"},
{"Sid":"BucketsAndListing","Effect":"Allow","Action":["s3:CreateBucket","s3:GetBucketLocation",
"s3:ListBucket","s3:ListAllMyBuckets","s3:GetBucketCors","s3:PutBucketCors","s3:GetBucketAcl",
"s3:PutObjectAcl"],"Resource":"*"},
{"Sid":"ObjectsOfSageMakerBuckets","Effect":"Allow","Action":["s3:GetObject","s3:PutObject",
"s3:DeleteObject","s3:AbortMultipartUpload"],"Resource":["arn:aws:s3:::*SageMaker*",
"arn:aws:s3:::*Sagemaker*","arn:aws:s3:::*sagemaker*","arn:aws:s3:::*aws-glue*"]},
{"Sid":"TaggedObjects","Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::*",
"Condition":{"StringEqualsIgnoreCase":{"s3:ExistingObjectTag/SageMaker":"true"}}},
{"Sid":"LogsAndMetrics","Effect":"Allow","Action":["logs:CreateLogDelivery","logs:CreateLogGroup",
"logs:CreateLogStream","logs:DeleteLogDelivery","logs:Describe*","logs:GetLogDelivery",
"logs:GetLogEvents","logs:FilterLogEvents","logs:ListLogDeliveries","logs:PutLogEvents",
"logs:PutResourcePolicy","logs:UpdateLogDelivery","cloudwatch:PutMetricData",
"cloudwatch:GetMetricData","cloudwatch:GetMetricStatistics","cloudwatch:ListMetrics",
"cloudwatch:DescribeAlarms","cloudwatch:PutMetricAlarm","cloudwatch:DeleteAlarms"],
"Resource":"*"},
{"Sid":"Images","Effect":"Allow","Action":["ecr:BatchCheckLayerAvailability","ecr:BatchGetImage",
"ecr:CreateRepository","ecr:Describe*","ecr:GetAuthorizationToken","ecr:GetDownloadUrlForLayer",
"ecr:StartImageScan"],"Resource":"*"},
{"Sid":"Surroundings","Effect":"Allow","Action":["application-autoscaling:*","kms:DescribeKey",
"kms:ListAliases","iam:ListRoles","iam:GetRole","athena:*","glue:Get*","glue:CreateDatabase",
"glue:CreateTable","secretsmanager:ListSecrets","events:*","sns:ListTopics",
"tag:GetResources","ec2:Describe*",
"ec2:CreateNetworkInterface","ec2:CreateNetworkInterfacePermission","ec2:DeleteNetworkInterface",
"ec2:DeleteNetworkInterfacePermission","ec2:CreateVpcEndpoint","ec2:CreateNetworkInterface",
"ec2:CreateNetworkInterfacePermission","ec2:DeleteNetworkInterface",
"ec2:DeleteNetworkInterfacePermission","cognito-idp:List*","cognito-idp:Describe*"],
"Resource":"*"},
{"Sid":"PassRoles","Effect":"Allow","Action":"iam:PassRole","Resource":"arn:aws:iam::*:role/*",
"Condition":{"StringEquals":{"iam:PassedToService":["sagemaker.amazonaws.com",
"glue.amazonaws.com","events.amazonaws.com","states.amazonaws.com"]}}}]})";

constexpr const char* kSageMakerReadOnly = R"({"Version":"2012-10-17","Statement":[
{"Effect":"Allow","Action":["sagemaker:Describe*","sagemaker:List*","sagemaker:BatchGetMetrics",
"sagemaker:GetDeviceRegistration","sagemaker:GetDeviceFleetReport","sagemaker:GetSearchSuggestions",
"sagemaker:BatchGetRecord","sagemaker:GetRecord","sagemaker:Search","sagemaker:QueryLineage",
"cloudwatch:DescribeAlarms","application-autoscaling:Describe*","cognito-idp:List*",
"cognito-idp:Describe*","ecr:Describe*"],"Resource":"*"}]})";

constexpr const char* kS3 = R"({"Version":"2012-10-17","Statement":[
{"Effect":"Allow","Action":["s3:*","s3-object-lambda:*"],"Resource":"*"}]})";

constexpr const char* kS3ReadOnly = R"({"Version":"2012-10-17","Statement":[
{"Effect":"Allow","Action":["s3:Get*","s3:List*","s3:Describe*","s3-object-lambda:Get*",
"s3-object-lambda:List*"],"Resource":"*"}]})";

constexpr const char* kLogs = R"({"Version":"2012-10-17","Statement":[
{"Effect":"Allow","Action":["logs:*","cloudwatch:GenerateQuery"],"Resource":"*"}]})";

constexpr const char* kCloudWatch = R"({"Version":"2012-10-17","Statement":[
{"Effect":"Allow","Action":["cloudwatch:*","logs:*","sns:CreateTopic","sns:ListTopics",
"sns:Subscribe","autoscaling:Describe*"],"Resource":"*"}]})";

constexpr const char* kEcrReadOnly = R"({"Version":"2012-10-17","Statement":[
{"Effect":"Allow","Action":["ecr:GetAuthorizationToken","ecr:BatchCheckLayerAvailability",
"ecr:GetDownloadUrlForLayer","ecr:GetRepositoryPolicy","ecr:DescribeRepositories","ecr:ListImages",
"ecr:DescribeImages","ecr:BatchGetImage","ecr:GetLifecyclePolicy","ecr:GetLifecyclePolicyPreview",
"ecr:ListTagsForResource","ecr:DescribeImageScanFindings"],"Resource":"*"}]})";

constexpr const char* kEcr = R"({"Version":"2012-10-17","Statement":[
{"Effect":"Allow","Action":["ecr:*","cloudtrail:LookupEvents"],"Resource":"*"}]})";

constexpr const char* kFeatureStore = R"({"Version":"2012-10-17","Statement":[
{"Effect":"Allow","Action":["s3:PutObject","s3:GetBucketAcl","s3:PutObjectAcl"],"Resource":[
"arn:aws:s3:::*SageMaker*","arn:aws:s3:::*Sagemaker*","arn:aws:s3:::*sagemaker*"]},
{"Effect":"Allow","Action":["glue:GetTable","glue:UpdateTable"],"Resource":"*"}]})";

constexpr const char* kAthena = R"({"Version":"2012-10-17","Statement":[
{"Effect":"Allow","Action":["athena:*","glue:*Database*","glue:*Table*","glue:*Partition*"],
"Resource":"*"},
{"Effect":"Allow","Action":["s3:GetBucketLocation","s3:GetObject","s3:ListBucket",
"s3:ListBucketMultipartUploads","s3:ListMultipartUploadParts","s3:AbortMultipartUpload",
"s3:CreateBucket","s3:PutObject"],"Resource":["arn:aws:s3:::aws-athena-query-results-*"]}]})";

constexpr const char* kIam = R"({"Version":"2012-10-17","Statement":[
{"Effect":"Allow","Action":["iam:*"],"Resource":"*"}]})";

constexpr Entry kEntries[] = {
    {"/", "AdministratorAccess", "Full access to all services and resources.", kAdministrator},
    {"/", "AmazonAthenaFullAccess", "Athena, its catalog and its result buckets.", kAthena},
    {"/", "AmazonEC2ContainerRegistryFullAccess", "Full access to image registries.", kEcr},
    {"/", "AmazonEC2ContainerRegistryReadOnly", "Reading image registries.", kEcrReadOnly},
    {"/", "AmazonS3FullAccess", "Full access to all buckets.", kS3},
    {"/", "AmazonS3ReadOnlyAccess", "Reading all buckets.", kS3ReadOnly},
    {"/", "AmazonSageMakerFeatureStoreAccess", "What the offline feature store needs.",
     kFeatureStore},
    {"/", "AmazonSageMakerFullAccess",
     "Full access to SageMaker, and what its jobs need of other services.", kSageMaker},
    {"/", "AmazonSageMakerReadOnly", "Reading SageMaker.", kSageMakerReadOnly},
    {"/", "CloudWatchFullAccess", "Full access to metrics, alarms and logs.", kCloudWatch},
    {"/", "CloudWatchLogsFullAccess", "Full access to logs.", kLogs},
    {"/", "IAMFullAccess", "Full access to IAM.", kIam},
    {"/", "PowerUserAccess", "Full access to all but users, groups and roles.", kPowerUser},
};

std::string id_of(std::string_view arn) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest;
  SHA256(reinterpret_cast<const unsigned char*>(arn.data()), arn.size(), digest.data());
  std::string id = "ANPA";
  for (std::size_t i = 0; i < 17; ++i) id.push_back(kAlphabet[digest[i] & 31]);
  return id;
}

}  // namespace

std::span<const ManagedPolicy> aws_managed_policies() {
  static const std::vector<ManagedPolicy> policies = [] {
    const Timestamp made(std::chrono::sys_days(std::chrono::year(2026) / 1 / 1));
    std::vector<ManagedPolicy> all;
    for (const Entry& entry : kEntries) {
      ManagedPolicy policy;
      policy.account = "aws";
      policy.name = entry.name;
      policy.path = entry.path;
      policy.arn = "arn:aws:iam::aws:policy" + policy.path + policy.name;
      policy.id = id_of(policy.arn);
      policy.description = entry.description;
      policy.versions = {{.id = "v1", .document = entry.document, .created = made}};
      policy.created = policy.updated = made;
      all.push_back(std::move(policy));
    }
    return all;
  }();
  return policies;
}

}  // namespace clary::identity
