// The jobs of a server as people look at them, whatever their kind: training, processing,
// transform, hyperparameter tuning.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "cli/aws_client.h"
#include "cli/terminal.h"

namespace clary::cli {

// SageMaker names everything of a kind by one word: DescribeTrainingJob, TrainingJobName,
// TrainingJobStatus, /aws/sagemaker/TrainingJobs.
struct JobKind {
  std::string_view label, word;
  std::string operation(std::string_view verb) const;  // Describe -> DescribeTrainingJob
  std::string member(std::string_view part) const;     // Name -> TrainingJobName
  std::string log_group() const;
  // What shows how a job of it goes on: "clary logs -f NAME"; a tuning job logs nothing itself.
  std::string follow_command(const std::string& name) const;
  bool tuning() const { return label == "tuning"; }
};
std::span<const JobKind> job_kinds();
// A server may have fewer kinds than this program knows.
bool not_built(const AwsError& error);
// Throws std::runtime_error that lists the kinds.
const JobKind& job_kind(const std::string& label);

// Instances of one type that a job has.
struct InstanceUse {
  std::string type;  // "ml.m5.large"; "" when the document does not say
  std::int64_t count = 1;
};

struct JobView {
  const JobKind* kind = nullptr;
  std::string name, status;
  // Of one that goes on: what it does or waits for; else why it failed. Of a tuning job: how many
  // of its training jobs are done, and the best value.
  std::string detail;
  Timestamp created;
  std::optional<Timestamp> started, ended;
  std::string user;  // who created it; "" when the audit log is not ours to read
  std::vector<InstanceUse> uses;
  std::optional<std::int64_t> billed;  // seconds, of one that ended, where Describe says
  std::int64_t instances() const;
  bool final() const { return status == "Completed" || status == "Failed" || status == "Stopped"; }
  // Of the work itself; before it starts, of the waiting.
  std::chrono::milliseconds duration(Timestamp now) const;
  // For how long each of its instances is to be paid, until now: from when it got them. Whole ones.
  std::int64_t billable_seconds(Timestamp now) const;
};

// `document`: what Describe answered.
JobView view_of(const JobKind& kind, const json::object& document);
Tone tone_of(const std::string& status);

struct FoundJob {
  JobView view;
  json::object document;
};
// The job of that name, of whatever kind. Throws std::runtime_error when there is none.
FoundJob find_job(AwsClient& client, const std::string& name);
FoundJob describe_job(AwsClient& client, const JobKind& kind, const std::string& name);

// By job name, who created those that were created since; about `most` of them at most.
std::map<std::string, std::string> creators(AwsClient& client, const JobKind& kind, Timestamp since,
                                            std::size_t most);

// The member at the end of a path, where all of it is there and ends in a string; else "".
std::string text_at(const json::object& object, std::initializer_list<std::string_view> path);

// How `clary` ends after a job: 0 completed, 3 failed, 4 stopped.
int exit_code_of(const JobView& job);

}  // namespace clary::cli
