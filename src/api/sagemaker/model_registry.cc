#include "api/sagemaker/model_registry.h"

#include "api/sagemaker/algorithms.h"
#include "api/sagemaker/memory_list.h"

namespace clary::api::sagemaker {
namespace {

constexpr std::string_view kLastVersion = "last_version", kPolicy = "policy";

// The package as stored: complete at once, since nothing is scanned or validated here.
void prepare_package(store::Document& package) {
  package.body["ModelPackageStatusDetails"] = {{"ValidationStatuses", json::array()},
                                               {"ImageScanStatuses", json::array()}};
  package.body["CertifyForMarketplace"] =
      find_bool(package.body, "CertifyForMarketplace").value_or(false);
}

}  // namespace

json::object ModelRegistry::delete_group(const json::object& input, Call& call) {
  const Kind& kind = kind_named("model-package-group");
  const store::Document group = resources_.require_named(kind, input, call);
  store::DocumentQuery query;
  query.kind = "model-package";
  query.account = call.account;
  query.region = call.region;
  query.parent = group.key.name;
  query.limit = 1;
  if (!resources_.documents().list(query).documents.empty()) {
    throw wire::ApiError(
        "ConflictException",
        "Model Package Group " + group.arn + " cannot be deleted while it holds model packages.");
  }
  return resources_.remove(kind, input, call);
}

json::object ModelRegistry::put_group_policy(const json::object& input, Call& call) {
  const store::Document group =
      resources_.require_named(kind_named("model-package-group"), input, call);
  const std::string policy = string_or(input, "ResourcePolicy");
  boost::system::error_code error;
  if (!json::parse(policy, error).is_object() || error) {
    fail_validation("ResourcePolicy is not a JSON policy document.");
  }
  resources_.documents().update(group.key, [&](store::Document& document) {
    document.internal[kPolicy] = policy;
    return true;
  });
  return {{"ModelPackageGroupArn", group.arn}};
}

json::object ModelRegistry::get_group_policy(const json::object& input, Call& call) {
  const store::Document group =
      resources_.require_named(kind_named("model-package-group"), input, call);
  const auto policy = find_string(group.internal, kPolicy);
  if (!policy) fail_validation("Cannot find resource policy for: " + group.arn);
  return {{"ResourcePolicy", *policy}};
}

json::object ModelRegistry::delete_group_policy(const json::object& input, Call& call) {
  const store::Document group =
      resources_.require_named(kind_named("model-package-group"), input, call);
  if (!group.internal.contains(kPolicy)) {
    fail_validation("Cannot find resource policy for: " + group.arn);
  }
  resources_.documents().update(group.key, [](store::Document& document) {
    document.internal.erase(kPolicy);
    return true;
  });
  return {};
}

json::object ModelRegistry::create_package(const json::object& given, Call& call) {
  const json::object input = with_source_algorithm(given, resources_, call);
  const std::string name = string_or(input, "ModelPackageName");
  const std::string group = string_or(input, "ModelPackageGroupName");
  if (!name.empty() && !group.empty()) {
    fail_validation(
        "Both ModelPackageName and ModelPackageGroupName are provided in the input. Cannot "
        "determine which one to use.");
  }
  if (name.empty() && group.empty()) fail_validation("Missing ARN.");
  if (input.contains("ValidationSpecification")) {
    fail_validation(
        "ValidationSpecification is not available on this server: create the model package "
        "without it and validate with a transform job of your own.");
  }
  if (!group.empty()) return create_version(group, input, call);
  return resources_.create(kind_named("model-package"), input, call, prepare_package);
}

json::object ModelRegistry::create_version(const std::string& group_name, const json::object& input,
                                           Call& call) {
  const store::Document group =
      resources_.require(kind_named("model-package-group"), group_name, call);
  std::int64_t version = 0;
  resources_.documents().update(group.key, [&](store::Document& document) {
    version = find_int(document.internal, kLastVersion).value_or(0) + 1;
    document.internal[kLastVersion] = version;
    return true;
  });
  const std::string name = group.key.name + "/" + std::to_string(version);
  return resources_.create_named(kind_named("model-package"), name, input, call,
                                 [&](store::Document& package) {
                                   prepare_package(package);
                                   package.parent = group.key.name;
                                   package.body["ModelPackageName"] = group.key.name;
                                   package.body["ModelPackageGroupName"] = group.key.name;
                                   package.body["ModelPackageVersion"] = version;
                                   if (!package.body.contains("ModelApprovalStatus")) {
                                     package.body["ModelApprovalStatus"] = "PendingManualApproval";
                                   }
                                 });
}

json::object ModelRegistry::update_package(const json::object& input, Call& call) {
  return resources_.update(kind_named("model-package"), input, call);
}

json::object ModelRegistry::list_packages(const json::object& input, Call& call) {
  const Kind& kind = kind_named("model-package");
  std::string type = string_or(input, "ModelPackageType", "Unversioned");
  if (auto group = find_string(input, "ModelPackageGroupName")) {
    const store::Document found =
        resources_.require(kind_named("model-package-group"), *group, call);
    json::object by_name = input;
    by_name["ModelPackageGroupName"] = found.key.name;
    return resources_.list(kind, by_name, call,
                           [&](store::DocumentQuery& query) { query.parent = found.key.name; });
  }
  if (type == "Both") return resources_.list(kind, input, call);
  if (type == "Unversioned") {
    return resources_.list(kind, input, call,
                           [](store::DocumentQuery& query) { query.parent = ""; });
  }
  store::DocumentQuery query = query_of(kind, input, call);
  query.limit = 1000;
  query.after.clear();
  std::vector<store::Document> versioned;
  for_each_document(resources_.documents(), query, [&](const store::Document& package) {
    if (!package.parent.empty()) versioned.push_back(package);
  });
  return list_in_memory(kind, std::move(versioned), input, call);
}

json::object ModelRegistry::batch_describe_packages(const json::object& input, Call& call) {
  const Kind& kind = kind_named("model-package");
  json::object summaries, errors;
  for (const json::value& arn : input.at("ModelPackageArnList").as_array()) {
    try {
      summaries[arn.as_string()] = resources_.require(kind, arn.as_string(), call).body;
    } catch (const wire::ApiError& error) {
      errors[arn.as_string()] = {{"ErrorCode", error.code()}, {"ErrorResponse", error.what()}};
    }
  }
  json::object output = {{"ModelPackageSummaries", std::move(summaries)}};
  if (!errors.empty()) output["BatchDescribeModelPackageErrorMap"] = std::move(errors);
  return output;
}

}  // namespace clary::api::sagemaker
