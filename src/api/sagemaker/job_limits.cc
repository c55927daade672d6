#include "api/sagemaker/job_limits.h"

#include <algorithm>
#include <array>
#include <map>

#include "api/sagemaker/notebook_document.h"
#include "api/sagemaker/resources.h"
#include "api/sagemaker/training_document.h"

namespace clary::api::sagemaker {
namespace {

// What quotas count.
struct Counted {
  std::string_view create, kind, use;
  // Where its input has InstanceType and InstanceCount; "" at the top, one instance.
  std::string_view resources;
};

constexpr std::array<Counted, 5> kCounted{
    {{"CreateTrainingJob", "training-job", "training job", "ResourceConfig"},
     {"CreateProcessingJob", "processing-job", "processing job",
      "ProcessingResources.ClusterConfig"},
     {"CreateTransformJob", "transform-job", "transform job", "TransformResources"},
     {"CreateNotebookInstance", kNotebookKind, "notebook instance", ""},
     {"StartNotebookInstance", kNotebookKind, "notebook instance", ""}}};

const Counted* counted(std::string_view create) {
  const auto found = std::ranges::find(kCounted, create, &Counted::create);
  return found == kCounted.end() ? nullptr : found;
}

using Instances = std::map<std::string, std::int64_t>;  // by type

// The instances that a job asks for or has.
Instances instances_of(const Counted& counted, const json::object& body) {
  Instances instances;
  const auto add = [&](const json::object& group) {
    instances[string_or(group, "InstanceType")] += find_int(group, "InstanceCount").value_or(0);
  };
  if (counted.resources.empty()) return {{string_or(body, "InstanceType"), 1}};
  const json::value* resources = at_path(body, counted.resources);
  if (resources == nullptr || !resources->is_object()) return instances;
  if (const json::array* groups = find_array(resources->get_object(), "InstanceGroups")) {
    for (const json::value& group : *groups) add(group.as_object());
  } else {
    add(resources->get_object());
  }
  return instances;
}

std::string use_of(const Counted& counted, const json::object& body) {
  const bool spot = find_bool(body, "EnableManagedSpotTraining").value_or(false);
  return (spot ? "spot " : "") + std::string(counted.use);
}

// AWS's sentence, and who can change it here.
[[noreturn]] void exceeded(const std::string& quota, std::int64_t limit, std::int64_t used,
                           std::int64_t wanted) {
  throw wire::ApiError(
      "ResourceLimitExceeded",
      "The account-level service limit '" + quota + "' is " + std::to_string(limit) +
          " Instances, with current utilization of " + std::to_string(used) +
          " Instances and a request delta of " + std::to_string(wanted) +
          " Instances. Please ask the owner of this server to increase this quota (clary quota "
          "set).");
}

// What says the instances that a request wants: itself, or the document of what it starts again.
json::object asked_for(const json::object& input, const Counted& counted, const Call& call,
                       store::Documents& documents) {
  if (!counted.create.starts_with("Start")) return input;
  const auto document =
      documents.find_shared({std::string(counted.kind), std::string(call.account),
                             std::string(call.region), string_or(input, "NotebookInstanceName")});
  return document == nullptr ? json::object() : document->body;
}

}  // namespace

void JobLimits::check(std::string_view create, const json::object& input, const Call& call) {
  const Counted& job = *counted(create);
  const std::string use = use_of(job, input), account(call.account);
  for (const auto& [type, wanted] : instances_of(job, asked_for(input, job, call, documents_))) {
    const std::string quota = quota_name(type, use);
    const auto limit = quotas_->limit(account, quota);
    if (!limit) continue;
    std::int64_t used = 0;
    for (const store::Document& other :
         documents_.with_status(job.kind, {"InProgress", "Pending", "InService", "Stopping"})) {
      const bool counts = other.key.account == account && other.key.region == call.region &&
                          use_of(job, other.body) == use;
      if (!counts) continue;
      const Instances has = instances_of(job, other.body);
      if (const auto found = has.find(type); found != has.end()) used += found->second;
    }
    if (used + wanted > *limit) exceeded(quota, *limit, used, wanted);
  }
}

void JobLimits::put_waiting(json::object& output, const Call& call) {
  if (string_or(output, "SecondaryStatus") != "Starting") return;
  const auto job =
      documents_.find_shared({"training-job", std::string(call.account), std::string(call.region),
                              string_or(output, "TrainingJobName")});
  const auto message = job == nullptr ? std::nullopt : waiting_(string_or(job->internal, kRunId));
  json::value* transitions = output.if_contains("SecondaryStatusTransitions");
  if (!message || transitions == nullptr || transitions->as_array().empty()) return;
  transitions->as_array().back().as_object()["StatusMessage"] =
      "Starting the training job: " + *message;
}

OperationEntry JobLimits::guarded(OperationEntry entry) {
  if (quotas_ != nullptr && counted(entry.name) != nullptr) {
    entry.plain = [this, name = entry.name, create = std::move(entry.plain)](
                      const json::object& input, Call& call) {
      if (quotas_->empty()) return create(input, call);
      const auto held = quotas_->hold();
      check(name, input, call);
      return create(input, call);
    };
  } else if (waiting_ && entry.name == "DescribeTrainingJob") {
    entry.plain = [this, describe = std::move(entry.plain)](const json::object& input, Call& call) {
      json::object output = describe(input, call);
      put_waiting(output, call);
      return output;
    };
  }
  return entry;
}

}  // namespace clary::api::sagemaker
