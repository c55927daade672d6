#include "server/service_of_request.h"

#include <array>
#include <string>
#include <utility>

#include "base/text.h"

namespace clary::server {
namespace {

using Pair = std::pair<std::string_view, std::string_view>;

// Credential scope -> model, where one name is enough.
constexpr std::array<Pair, 9> kScopes{{{"s3", "s3"},
                                       {"sts", "sts"},
                                       {"iam", "iam"},
                                       {"logs", "logs"},
                                       {"monitoring", "cloudwatch"},
                                       {"cloudtrail", "cloudtrail"},
                                       {"kms", "kms"},
                                       {"ecr", "ecr"},
                                       {"pricing", "pricing"}}};

constexpr std::string_view kTrailTarget = "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.";
constexpr std::array<Pair, 7> kTargets{{{"SageMaker.", "sagemaker"},
                                        {"Logs_20140328.", "logs"},
                                        {"GraniteServiceVersion20100801.", "cloudwatch"},
                                        {"TrentService.", "kms"},
                                        {kTrailTarget, "cloudtrail"},
                                        {"AmazonEC2ContainerRegistry_V20150921.", "ecr"},
                                        {"AWSPriceListService.", "pricing"}}};

// SageMaker's REST faces share its scope and differ by path.
constexpr std::array<Pair, 7> kSagemakerPaths{
    {{"/endpoints/", "sagemaker-runtime"},
     {"/FeatureGroup/", "sagemaker-featurestore-runtime"},
     {"/BatchGetRecord", "sagemaker-featurestore-runtime"},
     {"/BatchWriteRecord", "sagemaker-featurestore-runtime"},
     {"/ListRecords", "sagemaker-featurestore-runtime"},
     {"/BatchPutMetrics", "sagemaker-metrics"},
     {"/BatchGetMetrics", "sagemaker-metrics"}}};

// First label of an AWS host name -> model.
constexpr std::array<Pair, 10> kHosts{{{"sts", "sts"},
                                       {"iam", "iam"},
                                       {"s3", "s3"},
                                       {"logs", "logs"},
                                       {"monitoring", "cloudwatch"},
                                       {"cloudtrail", "cloudtrail"},
                                       {"kms", "kms"},
                                       {"api", "sagemaker"},
                                       {"runtime", "sagemaker-runtime"},
                                       {"featurestore-runtime", "sagemaker-featurestore-runtime"}}};

template <std::size_t N>
std::string_view look_up(const std::array<Pair, N>& table, std::string_view key) {
  for (const auto& [name, model] : table) {
    if (name == key) return model;
  }
  return {};
}

template <std::size_t N>
std::string_view look_up_prefix(const std::array<Pair, N>& table, std::string_view text) {
  for (const auto& [prefix, model] : table) {
    if (text.starts_with(prefix)) return model;
  }
  return {};
}

std::string_view host_of(const RequestHead& head) {
  std::string_view host = head.headers.get("Host");
  if (const auto colon = host.rfind(':'); colon != std::string_view::npos && !host.ends_with(']')) {
    host = host.substr(0, colon);
  }
  return host;
}

bool ends_in_aws_domain(std::string_view host) {
  return host.ends_with(".amazonaws.com") || host.ends_with(".amazonaws.com.cn") ||
         host.ends_with(".api.aws");
}

// The bucket of BUCKET.s3.REGION.amazonaws.com and BUCKET.s3-REGION...; empty for other hosts.
std::string_view bucket_of_host(std::string_view host) {
  if (!ends_in_aws_domain(host)) return {};
  for (const std::string_view mark : {".s3.", ".s3-"}) {
    if (const auto at = host.rfind(mark); at != std::string_view::npos) return host.substr(0, at);
  }
  return {};
}

}  // namespace

std::string_view service_of(const RequestHead& head, std::string_view signed_service) {
  if (const auto model = look_up(kScopes, signed_service); !model.empty()) return model;
  const std::string_view target = head.headers.get("X-Amz-Target");
  if (signed_service == "sagemaker") {
    if (!target.empty()) return "sagemaker";
    const auto model = look_up_prefix(kSagemakerPaths, head.path);
    return model.empty() ? "sagemaker" : model;
  }
  if (!signed_service.empty()) return {};
  // Nobody signed it: enough is found out to answer in that service's words.
  if (const auto model = look_up_prefix(kTargets, target); !model.empty()) return model;
  const std::string_view host = host_of(head);
  if (ends_in_aws_domain(host)) {
    if (!bucket_of_host(host).empty()) return "s3";
    return look_up(kHosts, host.substr(0, host.find('.')));
  }
  if (const auto model = look_up_prefix(kSagemakerPaths, head.path); !model.empty()) return model;
  if (head.method == "POST" && head.path == "/" &&
      head.headers.get("Content-Type").starts_with("application/x-www-form-urlencoded")) {
    return "sts";
  }
  return "s3";
}

std::string_view bucket_in_host(const RequestHead& head) {
  return bucket_of_host(host_of(head));
}

void to_path_style(RequestHead& head) {
  const std::string_view bucket = bucket_in_host(head);
  if (!bucket.empty()) head.path = "/" + std::string(bucket) + head.path;
}

bool is_aws_host(std::string_view host_and_port) {
  const auto colon = host_and_port.rfind(':');
  if (colon == std::string_view::npos || host_and_port.substr(colon + 1) != "443") return false;
  return ends_in_aws_domain(to_lower(host_and_port.substr(0, colon)));
}

bool is_telemetry(const RequestHead& head) {
  return head.path.starts_with("/telemetry") && host_of(head).starts_with("sm-pysdk-t-");
}

}  // namespace clary::server
