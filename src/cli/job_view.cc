#include "cli/job_view.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <numeric>
#include <stdexcept>

namespace clary::cli {
namespace {

constexpr std::array<JobKind, 4> kKinds{{{"training", "Training"},
                                         {"processing", "Processing"},
                                         {"transform", "Transform"},
                                         {"tuning", "HyperParameterTuning"}}};

std::optional<Timestamp> time_at(const json::object& document, std::string_view member) {
  const auto seconds = find_double(document, member);
  if (!seconds) return std::nullopt;
  return from_epoch_seconds(*seconds);
}

std::string last_message(const json::object& document) {
  const json::array* steps = find_array(document, "SecondaryStatusTransitions");
  if (steps == nullptr || steps->empty() || !steps->back().is_object()) return {};
  return string_or(steps->back().get_object(), "StatusMessage");
}

// "12/40, best 0.931": training jobs that have ended, of how many; none is "wanted" where only a
// criterion ends the search.
std::string tuning_progress(const json::object& document) {
  std::int64_t done = 0;
  if (const json::object* counters = find_object(document, "TrainingJobStatusCounters")) {
    for (const std::string_view end :
         {"Completed", "RetryableError", "NonRetryableError", "Stopped"}) {
      done += find_int(*counters, end).value_or(0);
    }
  }
  std::string text = std::to_string(done) + "/";
  const json::object* config = find_object(document, "HyperParameterTuningJobConfig");
  const json::object* limits = config == nullptr ? nullptr : find_object(*config, "ResourceLimits");
  const auto wanted =
      limits == nullptr ? std::nullopt : find_int(*limits, "MaxNumberOfTrainingJobs");
  text += wanted ? std::to_string(*wanted) : "?";
  const json::object* best = find_object(document, "BestTrainingJob");
  const json::object* metric =
      best == nullptr ? nullptr : find_object(*best, "FinalHyperParameterTuningJobObjectiveMetric");
  if (const auto value = metric == nullptr ? std::nullopt : find_double(*metric, "Value")) {
    text += fmt::format(", best {:.6g}", *value);
  }
  return text;
}

void add_use(const json::object& resources, std::vector<InstanceUse>& uses) {
  uses.push_back({.type = string_or(resources, "InstanceType"),
                  .count = find_int(resources, "InstanceCount").value_or(1)});
}

std::vector<InstanceUse> uses_of(const json::object& document) {
  std::vector<InstanceUse> uses;
  for (const std::string_view member : {"ResourceConfig", "TransformResources"}) {
    const json::object* resources = find_object(document, member);
    if (resources == nullptr) continue;
    const json::array* groups = find_array(*resources, "InstanceGroups");
    if (groups == nullptr || groups->empty()) {
      add_use(*resources, uses);
      continue;
    }
    for (const json::value& group : *groups) {
      if (group.is_object()) add_use(group.get_object(), uses);
    }
  }
  if (const json::object* resources = find_object(document, "ProcessingResources")) {
    const json::object* cluster = find_object(*resources, "ClusterConfig");
    if (cluster != nullptr) add_use(*cluster, uses);
  }
  return uses;
}

}  // namespace

std::string JobKind::operation(std::string_view verb) const {
  return std::string(verb) + std::string(word) + (verb == "List" ? "Jobs" : "Job");
}

std::string JobKind::member(std::string_view part) const {
  return std::string(word) + "Job" + std::string(part);
}

std::string JobKind::log_group() const {
  return "/aws/sagemaker/" + std::string(word) + "Jobs";
}

std::string JobKind::follow_command(const std::string& name) const {
  return (tuning() ? "clary tune watch " : "clary logs -f ") + name;
}

std::span<const JobKind> job_kinds() {
  return kKinds;
}

bool not_built(const AwsError& error) {
  return error.code() == "UnsupportedOperationException";
}

const JobKind& job_kind(const std::string& label) {
  for (const JobKind& kind : kKinds) {
    if (kind.label == label) return kind;
  }
  throw std::runtime_error("there are no jobs of type \"" + label +
                           "\"; the types are training, processing, transform and tuning");
}

std::chrono::milliseconds JobView::duration(Timestamp now) const {
  return ended.value_or(now) - started.value_or(created);
}

std::int64_t JobView::instances() const {
  if (uses.empty()) return 1;
  const auto add = [](std::int64_t sum, const InstanceUse& use) { return sum + use.count; };
  return std::accumulate(uses.begin(), uses.end(), std::int64_t{0}, add);
}

std::int64_t JobView::billable_seconds(Timestamp now) const {
  if (billed) return *billed;
  if (!started || (kind != nullptr && kind->tuning())) return 0;  // its training jobs are billed
  const double seconds = epoch_seconds(ended.value_or(now)) - epoch_seconds(*started);
  return std::max<std::int64_t>(1, static_cast<std::int64_t>(std::ceil(seconds)));
}

JobView view_of(const JobKind& kind, const json::object& document) {
  JobView view;
  view.kind = &kind;
  view.name = string_or(document, kind.member("Name"));
  view.status = string_or(document, kind.member("Status"));
  view.created = time_at(document, "CreationTime").value_or(Timestamp());
  view.started = time_at(document, std::string(kind.word) + "StartTime");
  view.ended = time_at(document, std::string(kind.word) + "EndTime");
  view.uses = uses_of(document);
  view.billed = find_int(document, "BillableTimeInSeconds");
  if (kind.tuning()) {
    view.started = view.created;
    view.detail = tuning_progress(document);
    const std::string reason = string_or(document, "FailureReason");
    if (!reason.empty()) view.detail += ": " + reason;
  } else if (view.status == "Failed") {
    view.detail = string_or(document, "FailureReason");
  } else if (!view.final()) {
    view.detail = last_message(document);
  }
  if (view.detail.empty()) view.detail = string_or(document, "ExitMessage");
  return view;
}

Tone tone_of(const std::string& status) {
  if (status == "Completed") return Tone::kGood;
  if (status == "Failed") return Tone::kBad;
  if (status == "Stopped") return Tone::kFaint;
  return Tone::kBusy;
}

FoundJob describe_job(AwsClient& client, const JobKind& kind, const std::string& name) {
  FoundJob found;
  found.document =
      client.call(kSageMaker, kind.operation("Describe"), {{kind.member("Name"), name}});
  found.view = view_of(kind, found.document);
  return found;
}

FoundJob find_job(AwsClient& client, const std::string& name) {
  std::optional<AwsError> refusal;
  for (const JobKind& kind : kKinds) {
    try {
      return describe_job(client, kind, name);
    } catch (const AwsError& error) {
      const bool absent = error.code() == "ResourceNotFound" ||
                          error.code() == "ValidationException" || not_built(error);
      if (!absent && !refusal) refusal = error;
    }
  }
  if (refusal) throw *refusal;
  throw std::runtime_error("there is no training, processing, transform or tuning job \"" + name +
                           "\"; `clary jobs` lists those that are there");
}

std::map<std::string, std::string> creators(AwsClient& client, const JobKind& kind, Timestamp since,
                                            std::size_t most) {
  std::map<std::string, std::string> users;
  json::object input{
      {"LookupAttributes",
       {{{"AttributeKey", "EventName"}, {"AttributeValue", kind.operation("Create")}}}},
      {"StartTime", std::floor(epoch_seconds(since)) - 1}};
  try {
    while (users.size() < most) {
      const json::object output = client.call(kCloudTrail, "LookupEvents", input);
      const json::array* events = find_array(output, "Events");
      if (events == nullptr) break;
      for (const json::value& event : *events) {
        const json::array* resources = find_array(event.as_object(), "Resources");
        if (resources == nullptr) continue;
        for (const json::value& resource : *resources) {
          std::string name = string_or(resource.as_object(), "ResourceName");
          name = name.substr(name.rfind('/') + 1);
          users.emplace(std::move(name), string_or(event.as_object(), "Username"));
        }
      }
      const auto token = find_string(output, "NextToken");
      if (!token) break;
      input["NextToken"] = *token;
    }
  } catch (const AwsError&) {
    // Not everybody may read the audit log; the jobs are theirs to see all the same.
  }
  return users;
}

std::string text_at(const json::object& object, std::initializer_list<std::string_view> path) {
  const json::object* here = &object;
  for (auto step = path.begin(); step != path.end(); ++step) {
    if (step + 1 == path.end()) return string_or(*here, *step);
    here = find_object(*here, *step);
    if (here == nullptr) return {};
  }
  return {};
}

int exit_code_of(const JobView& job) {
  if (job.status == "Completed") return 0;
  return job.status == "Failed" ? 3 : 4;
}

}  // namespace clary::cli
