#include "cli/job_list.h"

#include <algorithm>
#include <stdexcept>

namespace clary::cli {
namespace {

constexpr std::size_t kMostCreators = 500;

// "in-progress" and "InProgress" are the same to people.
std::string status_of(const std::string& word) {
  std::string plain;
  for (const char c : to_lower(word)) {
    if (c != '-' && c != '_') plain.push_back(c);
  }
  for (const std::string_view status :
       {"InProgress", "Completed", "Failed", "Stopping", "Stopped"}) {
    if (to_lower(status) == plain) return std::string(status);
  }
  throw std::runtime_error("\"" + word +
                           "\" is no status; they are InProgress, Completed, Failed, Stopping and "
                           "Stopped");
}

// Names of the newest jobs of a kind that pass what the service can filter.
std::vector<std::string> names_of(AwsClient& client, const JobKind& kind, const JobFilter& filter,
                                  Timestamp now, std::size_t count) {
  json::object input{{"SortBy", "CreationTime"},
                     {"SortOrder", "Descending"},
                     {"MaxResults", std::min<std::size_t>(count, 100)}};
  if (!filter.status.empty()) input["StatusEquals"] = status_of(filter.status);
  if (!filter.name.empty()) input["NameContains"] = filter.name;
  if (!filter.since.empty()) {
    input["CreationTimeAfter"] = epoch_seconds(now - parse_duration(filter.since));
  }
  std::vector<std::string> names;
  while (names.size() < count) {
    const json::object output = client.call(kSageMaker, kind.operation("List"), input);
    const json::array* page = find_array(output, kind.member("Summaries"));
    if (page == nullptr) break;
    for (const json::value& each : *page) {
      names.push_back(string_or(each.as_object(), kind.member("Name")));
    }
    const auto token = find_string(output, "NextToken");
    if (!token) break;
    input["NextToken"] = *token;
  }
  if (names.size() > count) names.resize(count);
  return names;
}

std::vector<JobView> jobs_of_kind(AwsClient& client, const JobKind& kind, const JobFilter& filter,
                                  Timestamp now) {
  // Whose a job is, the service does not filter by: look at more of them.
  const std::size_t looked_at = filter.user.empty() ? filter.count : filter.count * 10;
  std::vector<JobView> jobs;
  for (const std::string& name : names_of(client, kind, filter, now, looked_at)) {
    try {
      jobs.push_back(describe_job(client, kind, name).view);
    } catch (const AwsError&) {
      // Deleted since it was listed.
    }
  }
  if (jobs.empty()) return jobs;
  const auto users =
      creators(client, kind, jobs.back().created, std::max(kMostCreators, 2 * jobs.size()));
  for (JobView& job : jobs) {
    if (const auto found = users.find(job.name); found != users.end()) job.user = found->second;
  }
  if (!filter.user.empty()) {
    std::erase_if(
        jobs, [&](const JobView& job) { return job.user.find(filter.user) == std::string::npos; });
  }
  return jobs;
}

}  // namespace

std::vector<JobView> jobs_of(AwsClient& client, const JobFilter& filter, Timestamp now) {
  std::vector<JobView> jobs;
  for (const JobKind& kind : job_kinds()) {
    if (!filter.type.empty() && &job_kind(filter.type) != &kind) continue;
    try {
      auto more = jobs_of_kind(client, kind, filter, now);
      std::ranges::move(more, std::back_inserter(jobs));
    } catch (const AwsError& error) {
      if (!filter.type.empty() || !not_built(error)) throw;
    }
  }
  std::ranges::sort(jobs, std::greater<>(),
                    [](const JobView& job) { return std::pair(job.created, job.name); });
  if (jobs.size() > filter.count) jobs.resize(filter.count);
  return jobs;
}

}  // namespace clary::cli
