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
"iam:ListRoles","organizations:DescribeOrganization","account:ListRegions",
"account:GetAccountInformation"],"Resource":"*"}]})";

constexpr const char* kSageMaker = R"({"Version":"2012-10-17","Statement":[
{"Sid":"AllButStudioAndHumanWorkflows","Effect":"Allow","Action":["sagemaker:*",
"sagemaker-geospatial:*"],"NotResource":["arn:aws:sagemaker:*:*:domain/*",
"arn:aws:sagemaker:*:*:user-profile/*","arn:aws:sagemaker:*:*:app/*",
"arn:aws:sagemaker:*:*:space/*","arn:aws:sagemaker:*:*:partner-app/*",
"arn:aws:sagemaker:*:*:flow-definition/*"]},
{"Sid":"Studio","Effect":"Allow","Action":["sagemaker:CreatePresignedDomainUrl",
"sagemaker:DescribeDomain","sagemaker:ListDomains","sagemaker:DescribeUserProfile",
"sagemaker:ListUserProfiles","sagemaker:DescribeSpace","sagemaker:ListSpaces",
"sagemaker:DescribeApp","sagemaker:ListApps"],"Resource":"*"},
{"Sid":"AppsAndSpacesWithoutOwner","Effect":"Allow","Action":["sagemaker:CreateApp",
"sagemaker:DeleteApp","sagemaker:CreateSpace","sagemaker:UpdateSpace","sagemaker:DeleteSpace",
"sagemaker:AddTags"],"Resource":["arn:aws:sagemaker:*:*:app/*","arn:aws:sagemaker:*:*:space/*"],
"Condition":{"Null":{"sagemaker:OwnerUserProfileArn":"true"}}},
{"Sid":"AppsAndSpacesOfTheCaller","Effect":"Allow","Action":["sagemaker:CreateApp",
"sagemaker:DeleteApp","sagemaker:CreateSpace","sagemaker:UpdateSpace","sagemaker:DeleteSpace"],
"Resource":["arn:aws:sagemaker:*:*:app/*","arn:aws:sagemaker:*:*:space/*"],"Condition":{
"ArnLike":{"sagemaker:OwnerUserProfileArn":
"arn:aws:sagemaker:*:*:user-profile/${sagemaker:DomainId}/${sagemaker:UserProfileName}"},
"StringEquals":{"sagemaker:SpaceSharingType":["Private","Shared"]}}},
{"Sid":"HumanWorkflows","Effect":"Allow","Action":"sagemaker:*","Resource":
"arn:aws:sagemaker:*:*:flow-definition/*","Condition":{"StringEqualsIfExists":{
"sagemaker:WorkteamType":["private-crowd","vendor-crowd"]}}},
{"Sid":"Buckets","Effect":"Allow","Action":["s3:CreateBucket","s3:GetBucketLocation",
"s3:ListBucket","s3:ListAllMyBuckets","s3:GetBucketCors","s3:PutBucketCors"],"Resource":"*"},
{"Sid":"ObjectsOfSageMakerBuckets","Effect":"Allow","Action":["s3:GetObject","s3:PutObject",
"s3:DeleteObject","s3:AbortMultipartUpload"],"Resource":["arn:aws:s3:::*SageMaker*",
"arn:aws:s3:::*Sagemaker*","arn:aws:s3:::*sagemaker*","arn:aws:s3:::*aws-glue*"]},
{"Sid":"ListsOfAccess","Effect":"Allow","Action":["s3:GetBucketAcl","s3:PutObjectAcl"],
"Resource":["arn:aws:s3:::*SageMaker*","arn:aws:s3:::*Sagemaker*","arn:aws:s3:::*sagemaker*"]},
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
{"Sid":"ImagesOfSageMaker","Effect":"Allow","Action":["ecr:SetRepositoryPolicy",
"ecr:CompleteLayerUpload","ecr:BatchDeleteImage","ecr:UploadLayerPart",
"ecr:DeleteRepositoryPolicy","ecr:InitiateLayerUpload","ecr:DeleteRepository","ecr:PutImage"],
"Resource":"arn:aws:ecr:*:*:repository/*sagemaker*"},
{"Sid":"Surroundings","Effect":"Allow","Action":["application-autoscaling:DeleteScalingPolicy",
"application-autoscaling:DeleteScheduledAction","application-autoscaling:DeregisterScalableTarget",
"application-autoscaling:Describe*","application-autoscaling:PutScalingPolicy",
"application-autoscaling:PutScheduledAction","application-autoscaling:RegisterScalableTarget",
"kms:DescribeKey","kms:ListAliases","iam:ListRoles","iam:GetRole","lambda:ListFunctions",
"secretsmanager:ListSecrets","sns:ListTopics","tag:GetResources",
"ec2:Describe*","ec2:CreateNetworkInterface","ec2:CreateNetworkInterfacePermission",
"ec2:DeleteNetworkInterface","ec2:DeleteNetworkInterfacePermission","ec2:CreateVpcEndpoint",
"cognito-idp:List*","cognito-idp:Describe*","glue:Get*","glue:CreateDatabase","glue:CreateTable"],
"Resource":"*"},
{"Sid":"Secrets","Effect":"Allow","Action":["secretsmanager:DescribeSecret",
"secretsmanager:GetSecretValue","secretsmanager:CreateSecret"],
"Resource":"arn:aws:secretsmanager:*:*:secret:AmazonSageMaker-*"},
{"Sid":"ServiceRole","Effect":"Allow","Action":"iam:CreateServiceLinkedRole","Resource":
"arn:aws:iam::*:role/aws-service-role/sagemaker.application-autoscaling.amazonaws.com/*",
"Condition":{"StringLike":{"iam:AWSServiceName":
"sagemaker.application-autoscaling.amazonaws.com"}}},
{"Sid":"PassRolesToSageMaker","Effect":"Allow","Action":"iam:PassRole","Resource":
"arn:aws:iam::*:role/*","Condition":{"StringEquals":{"iam:PassedToService":
"sagemaker.amazonaws.com"}}},
{"Sid":"PassSageMakersRolesOn","Effect":"Allow","Action":"iam:PassRole","Resource":
"arn:aws:iam::*:role/*AmazonSageMaker*","Condition":{"StringEquals":{"iam:PassedToService":[
"glue.amazonaws.com","robomaker.amazonaws.com","states.amazonaws.com"]}}}]})";

constexpr const char* kSageMakerModelRegistry = R"({"Version":"2012-10-17","Statement":[
{"Effect":"Allow","Action":["sagemaker:CreateModelPackage","sagemaker:CreateModelPackageGroup",
"sagemaker:DescribeModelPackage","sagemaker:DescribeModelPackageGroup",
"sagemaker:UpdateModelPackage","sagemaker:DeleteModelPackage","sagemaker:DeleteModelPackageGroup",
"sagemaker:ListModelPackages","sagemaker:ListModelPackageGroups","sagemaker:ListTags",
"sagemaker:AddTags","sagemaker:DeleteTags","sagemaker:Search","sagemaker:QueryLineage",
"sagemaker:DescribeAction","sagemaker:CreateModel","sagemaker:CreateInferenceRecommendationsJob",
"sagemaker:DescribeInferenceRecommendationsJob"],"Resource":"*"},
{"Effect":"Allow","Action":["s3:GetBucketLocation","s3:ListBucket","s3:ListAllMyBuckets"],
"Resource":"*"},
{"Effect":"Allow","Action":["s3:GetObject","s3:PutObject"],"Resource":[
"arn:aws:s3:::*SageMaker*","arn:aws:s3:::*Sagemaker*","arn:aws:s3:::*sagemaker*"]},
{"Effect":"Allow","Action":["ecr:BatchGetImage","ecr:DescribeImages"],"Resource":"*"},
{"Effect":"Allow","Action":["tag:GetResources","resource-groups:GetGroupQuery",
"resource-groups:CreateGroup","resource-groups:Tag"],"Resource":"*"},
{"Effect":"Allow","Action":"iam:PassRole","Resource":"arn:aws:iam::*:role/*","Condition":{
"StringEquals":{"iam:PassedToService":"sagemaker.amazonaws.com"}}}]})";

constexpr const char* kGroundTruth = R"({"Version":"2012-10-17","Statement":[
{"Effect":"Allow","Action":"lambda:InvokeFunction","Resource":[
"arn:aws:lambda:*:*:function:*GtRecipe*","arn:aws:lambda:*:*:function:*LabelingFunction*",
"arn:aws:lambda:*:*:function:*SageMaker*","arn:aws:lambda:*:*:function:*sagemaker*"]},
{"Effect":"Allow","Action":["s3:AbortMultipartUpload","s3:GetObject","s3:PutObject"],"Resource":[
"arn:aws:s3:::*GroundTruth*","arn:aws:s3:::*Groundtruth*","arn:aws:s3:::*groundtruth*",
"arn:aws:s3:::*SageMaker*","arn:aws:s3:::*Sagemaker*","arn:aws:s3:::*sagemaker*"]},
{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{
"StringEqualsIgnoreCase":{"s3:ExistingObjectTag/SageMaker":"true"}}},
{"Effect":"Allow","Action":["s3:GetBucketLocation","s3:ListBucket"],"Resource":"*"},
{"Effect":"Allow","Action":["cloudwatch:PutMetricData","logs:CreateLogStream",
"logs:CreateLogGroup","logs:DescribeLogStreams","logs:PutLogEvents"],"Resource":"*"}]})";

constexpr const char* kReadOnly = R"({"Version":"2012-10-17","Statement":[
{"Effect":"Allow","Action":["sagemaker:Describe*","sagemaker:List*","sagemaker:BatchGet*",
"sagemaker:Get*","sagemaker:QueryLineage","sagemaker:Search","s3:Get*","s3:List*",
"iam:Get*","iam:List*","iam:Generate*","iam:Simulate*","sts:GetAccessKeyInfo",
"sts:GetCallerIdentity","sts:GetSessionToken","kms:Describe*","kms:Get*","kms:List*",
"logs:Describe*","logs:Get*","logs:FilterLogEvents","logs:List*","logs:StartQuery",
"logs:StopQuery","logs:TestMetricFilter","logs:StartLiveTail","logs:StopLiveTail",
"cloudwatch:Describe*","cloudwatch:Get*","cloudwatch:List*","cloudtrail:Describe*",
"cloudtrail:Get*","cloudtrail:List*","cloudtrail:LookupEvents","ecr:BatchCheck*","ecr:BatchGet*",
"ecr:Describe*","ecr:Get*","ecr:List*","application-autoscaling:Describe*","tag:Get*",
"athena:Get*","athena:List*","athena:BatchGet*","glue:Get*","glue:List*","glue:BatchGet*",
"events:Describe*","events:List*","sns:Get*","sns:List*","pricing:DescribeServices",
"pricing:GetAttributeValues","pricing:GetProducts"],"Resource":"*"}]})";

constexpr const char* kViewOnly = R"({"Version":"2012-10-17","Statement":[
{"Effect":"Allow","Action":["sagemaker:Describe*","sagemaker:List*","s3:ListAllMyBuckets",
"s3:ListBucket","iam:List*","iam:GetAccountSummary","iam:GetLoginProfile","kms:List*",
"logs:Describe*","cloudwatch:Describe*","cloudwatch:Get*","cloudwatch:List*",
"cloudtrail:DescribeTrails","cloudtrail:LookupEvents","cloudtrail:GetTrailStatus",
"cloudtrail:ListTags","cloudtrail:ListTrails","ecr:DescribeRepositories","ecr:ListImages",
"athena:List*","events:ListRuleNamesByTarget","events:ListRules","sns:List*"],"Resource":"*"}]})";

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

constexpr const char* kLogsReadOnly = R"({"Version":"2012-10-17","Statement":[
{"Effect":"Allow","Action":["logs:Describe*","logs:Get*","logs:List*","logs:StartQuery",
"logs:StopQuery","logs:TestMetricFilter","logs:FilterLogEvents","logs:StartLiveTail",
"logs:StopLiveTail","cloudwatch:GenerateQuery"],"Resource":"*"}]})";

constexpr const char* kCloudWatchReadOnly = R"({"Version":"2012-10-17","Statement":[
{"Effect":"Allow","Action":["autoscaling:Describe*","application-autoscaling:DescribeScalingPolicies",
"cloudwatch:BatchGet*","cloudwatch:Describe*","cloudwatch:GenerateQuery","cloudwatch:Get*",
"cloudwatch:List*","logs:Get*","logs:List*","logs:StartQuery","logs:StopQuery","logs:Describe*",
"logs:TestMetricFilter","logs:FilterLogEvents","logs:StartLiveTail","logs:StopLiveTail","sns:Get*",
"sns:List*"],"Resource":"*"}]})";

constexpr const char* kCloudTrailReadOnly = R"({"Version":"2012-10-17","Statement":[
{"Effect":"Allow","Action":["cloudtrail:Get*","cloudtrail:Describe*","cloudtrail:List*",
"cloudtrail:LookupEvents"],"Resource":"*"}]})";

constexpr const char* kKeysPowerUser = R"({"Version":"2012-10-17","Statement":[
{"Effect":"Allow","Action":["kms:CreateAlias","kms:CreateKey","kms:DeleteAlias","kms:Describe*",
"kms:GenerateRandom","kms:Get*","kms:List*","kms:TagResource","kms:UntagResource",
"iam:ListGroups","iam:ListRoles","iam:ListUsers"],"Resource":"*"}]})";

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

constexpr const char* kIamReadOnly = R"({"Version":"2012-10-17","Statement":[
{"Effect":"Allow","Action":["iam:GenerateCredentialReport",
"iam:GenerateServiceLastAccessedDetails","iam:Get*","iam:List*","iam:SimulateCustomPolicy",
"iam:SimulatePrincipalPolicy"],"Resource":"*"}]})";

constexpr const char* kChangePassword = R"({"Version":"2012-10-17","Statement":[
{"Effect":"Allow","Action":"iam:ChangePassword","Resource":"arn:aws:iam::*:user/${aws:username}"},
{"Effect":"Allow","Action":"iam:GetAccountPasswordPolicy","Resource":"*"}]})";

constexpr const char* kPrices = R"({"Version":"2012-10-17","Statement":[
{"Effect":"Allow","Action":["pricing:*"],"Resource":"*"}]})";

constexpr const char* kEcrPowerUser = R"({"Version":"2012-10-17","Statement":[
{"Effect":"Allow","Action":["ecr:GetAuthorizationToken","ecr:BatchCheckLayerAvailability",
"ecr:GetDownloadUrlForLayer","ecr:GetRepositoryPolicy","ecr:DescribeRepositories","ecr:ListImages",
"ecr:DescribeImages","ecr:BatchGetImage","ecr:GetLifecyclePolicy","ecr:GetLifecyclePolicyPreview",
"ecr:ListTagsForResource","ecr:DescribeImageScanFindings","ecr:InitiateLayerUpload",
"ecr:UploadLayerPart","ecr:CompleteLayerUpload","ecr:PutImage"],"Resource":"*"}]})";

constexpr Entry kEntries[] = {
    {"/", "AWSCloudTrail_ReadOnlyAccess", "Reading the record of requests.", kCloudTrailReadOnly},
    {"/", "AWSKeyManagementServicePowerUser", "Making keys and seeing them; not using them.",
     kKeysPowerUser},
    {"/", "AWSPriceListServiceFullAccess", "Reading prices.", kPrices},
    {"/", "AdministratorAccess", "Full access to all services and resources.", kAdministrator},
    {"/", "AmazonAthenaFullAccess", "Athena, its catalog and its result buckets.", kAthena},
    {"/", "AmazonEC2ContainerRegistryFullAccess", "Full access to image registries.", kEcr},
    {"/", "AmazonEC2ContainerRegistryPowerUser", "Reading and writing images.", kEcrPowerUser},
    {"/", "AmazonEC2ContainerRegistryReadOnly", "Reading image registries.", kEcrReadOnly},
    {"/", "AmazonS3FullAccess", "Full access to all buckets.", kS3},
    {"/", "AmazonS3ReadOnlyAccess", "Reading all buckets.", kS3ReadOnly},
    {"/", "AmazonSageMakerFeatureStoreAccess", "What the offline feature store needs.",
     kFeatureStore},
    {"/", "AmazonSageMakerFullAccess",
     "Full access to SageMaker, and what its jobs need of other services.", kSageMaker},
    {"/", "AmazonSageMakerGroundTruthExecution", "What labelling jobs need.", kGroundTruth},
    {"/", "AmazonSageMakerModelRegistryFullAccess", "Registering and reading model packages.",
     kSageMakerModelRegistry},
    {"/", "AmazonSageMakerReadOnly", "Reading SageMaker.", kSageMakerReadOnly},
    {"/", "CloudWatchFullAccess", "Full access to metrics, alarms and logs.", kCloudWatch},
    {"/", "CloudWatchFullAccessV2", "Full access to metrics, alarms and logs.", kCloudWatch},
    {"/", "CloudWatchLogsFullAccess", "Full access to logs.", kLogs},
    {"/", "CloudWatchLogsReadOnlyAccess", "Reading logs.", kLogsReadOnly},
    {"/", "CloudWatchReadOnlyAccess", "Reading metrics, alarms and logs.", kCloudWatchReadOnly},
    {"/", "IAMFullAccess", "Full access to IAM.", kIam},
    {"/", "IAMReadOnlyAccess", "Reading IAM.", kIamReadOnly},
    {"/", "IAMUserChangePassword", "Changing one's own password.", kChangePassword},
    {"/", "PowerUserAccess", "Full access to all but users, groups and roles.", kPowerUser},
    {"/", "ReadOnlyAccess", "Reading all services and resources.", kReadOnly},
    {"/job-function/", "ViewOnlyAccess", "Seeing what there is, not what is in it.", kViewOnly},
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
