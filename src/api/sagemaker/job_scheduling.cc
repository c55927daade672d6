#include "api/sagemaker/job_scheduling.h"

#include <charconv>

#include "api/sagemaker/instance_types.h"
#include "api/sagemaker/resources.h"

namespace clary::api::sagemaker {
namespace {

constexpr std::string_view kUser = "scheduled_user", kPriority = "priority";
constexpr int kHighestPriority = 9999;

// A role's sessions count as one user: their names are often random.
std::string user_of(const identity::Principal& principal) {
  const bool session = principal.kind == identity::Principal::Kind::kAssumedRole;
  return session ? principal.account + ":role/" + principal.name : principal.arn;
}

}  // namespace

void keep_scheduling(const json::object& input, const Call& call, store::Document& job) {
  job.internal[kUser] = user_of(call.principal);
  const auto tags = tags_of(input);
  const auto tag = tags.find(std::string(kPriorityTag));
  if (tag == tags.end()) return;
  const std::string& text = tag->second;
  int priority = -1;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), priority);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size() || priority < 0 ||
      priority > kHighestPriority) {
    fail_validation("The tag " + std::string(kPriorityTag) + " is a whole number from 0 to " +
                    std::to_string(kHighestPriority) + ", not \"" + text + "\".");
  }
  job.internal[kPriority] = priority;
}

void put_scheduling(const store::Document& job, std::string_view instance_type,
                    engine::JobSpec& spec) {
  spec.user = string_or(job.internal, kUser);
  spec.priority = static_cast<int>(find_int(job.internal, kPriority).value_or(0));
  spec.spot = find_bool(job.body, "EnableManagedSpotTraining").value_or(false);
  spec.instance_type = instance_type;
  const InstanceSize size = instance_size(instance_type);
  spec.limits.cpus = size.cpus;
  spec.limits.memory_bytes = size.memory_bytes;
  spec.limits.gpus = size.gpus;
}

}  // namespace clary::api::sagemaker
