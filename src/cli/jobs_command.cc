#include "cli/jobs_command.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <sstream>
#include <thread>

#include "cli/client_flags.h"
#include "cli/job_view.h"

namespace clary::cli {
namespace {

constexpr std::chrono::milliseconds kRefresh{1000};
constexpr std::chrono::hours kWatchPatience{24};

struct Filter {
  std::string type, status, name, user, since;
  std::size_t count = 20;
  bool as_json = false, watch = false;
};

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
std::vector<std::string> names_of(AwsClient& client, const JobKind& kind, const Filter& filter,
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

std::vector<JobView> jobs_of_kind(AwsClient& client, const JobKind& kind, const Filter& filter,
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
  const auto users = creators(client, kind, jobs.back().created);
  for (JobView& job : jobs) {
    if (const auto found = users.find(job.name); found != users.end()) job.user = found->second;
  }
  if (!filter.user.empty()) {
    std::erase_if(
        jobs, [&](const JobView& job) { return job.user.find(filter.user) == std::string::npos; });
  }
  return jobs;
}

// Newest first, of all kinds together.
std::vector<JobView> jobs_of(AwsClient& client, const Filter& filter, Timestamp now) {
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

json::object to_json(const JobView& job, Timestamp now) {
  json::object object{{"name", job.name},
                      {"type", job.kind->label},
                      {"status", job.status},
                      {"detail", job.detail},
                      {"created", iso8601_ms(job.created)},
                      {"seconds", static_cast<double>(job.duration(now).count()) / 1000},
                      {"user", job.user}};
  if (job.started) object["started"] = iso8601_ms(*job.started);
  if (job.ended) object["ended"] = iso8601_ms(*job.ended);
  return object;
}

void print_jobs(std::ostream& out, const Terminal& terminal, const std::vector<JobView>& jobs,
                Timestamp now) {
  if (jobs.empty()) {
    out << "no jobs\n";
    return;
  }
  Table table({"NAME", "TYPE", "STATUS", "AGE", "TIME", "USER", "DETAIL"});
  for (const JobView& job : jobs) {
    table.add({{printable(job.name)},
               {std::string(job.kind->label)},
               {printable(job.status), tone_of(job.status)},
               {duration_text(now - job.created)},
               {duration_text(job.duration(now))},
               {job.user.empty() ? "-" : printable(job.user)},
               {printable(job.detail), Tone::kFaint}});
  }
  table.print(out, terminal);
}

// A terminal is drawn over; elsewhere the table comes again when a job did something.
int watch(AwsClient& client, const Filter& filter, const Clock& clock, const Terminal& terminal) {
  client.be_patient(kWatchPatience, [] { std::cerr << "the server is away; waiting for it\n"; });
  std::string last;
  while (true) {
    const Timestamp now = clock.now();
    const std::vector<JobView> jobs = jobs_of(client, filter, now);
    std::string state;
    for (const JobView& job : jobs)
      state += job.name + '\0' + job.status + '\0' + job.detail + '\0';
    if (terminal.is_terminal) {
      std::ostringstream out;
      print_jobs(out, terminal, jobs, now);
      std::cout << "\x1b[H\x1b[2J" << out.str() << std::flush;
    } else if (state != last || last.empty()) {
      if (!last.empty()) std::cout << '\n';
      print_jobs(std::cout, terminal, jobs, now);
      std::cout.flush();
    }
    if (!std::cout) return 1;  // nobody reads any more
    last = state.empty() ? "-" : state;
    std::this_thread::sleep_for(kRefresh);
  }
}

int list(const Endpoint& endpoint, const Filter& filter) {
  const SystemClock clock;
  AwsClient client(endpoint, clock);
  const Terminal terminal = terminal_of(STDOUT_FILENO);
  if (filter.watch) return watch(client, filter, clock, terminal);
  const Timestamp now = clock.now();
  const std::vector<JobView> jobs = jobs_of(client, filter, now);
  if (!filter.as_json) {
    print_jobs(std::cout, terminal, jobs, now);
    return 0;
  }
  json::array all;
  for (const JobView& job : jobs) all.emplace_back(to_json(job, now));
  std::cout << json::serialize(all) << '\n';
  return 0;
}

}  // namespace

std::function<int()> add_jobs(CLI::App& app) {
  const auto filter = std::make_shared<Filter>();
  app.add_option("--type", filter->type, "Only training, processing or transform jobs");
  app.add_option("--status", filter->status, "Only jobs of this status, such as failed");
  app.add_option("--name", filter->name, "Only jobs whose name holds this");
  app.add_option("--user", filter->user, "Only jobs of users whose name holds this");
  app.add_option("--since", filter->since, "Only jobs created in the last 15m, 2h, 7d");
  app.add_option("-n", filter->count, "How many at most, newest first [20]")
      ->check(CLI::Range(1, 1000));
  CLI::Option* const as_json = app.add_flag("--json", filter->as_json, "As a JSON array");
  app.add_flag("--watch", filter->watch, "Show it again and again, until interrupted")
      ->excludes(as_json);
  return [filter, flags = ClientFlags(app)] { return list(flags.endpoint(), *filter); };
}

std::function<int()> add_stop(CLI::App& app) {
  const auto name = std::make_shared<std::string>();
  app.add_option("JOB", *name, "Its name")->required();
  return [name, flags = ClientFlags(app)] {
    const SystemClock clock;
    AwsClient client(flags.endpoint(), clock);
    const JobView job = find_job(client, *name).view;
    if (job.final()) {
      throw std::runtime_error("the " + std::string(job.kind->label) + " job " + job.name +
                               " has ended already: " + job.status);
    }
    client.call(kSageMaker, job.kind->operation("Stop"), {{job.kind->member("Name"), *name}});
    std::cout << "stopping " << job.kind->label << " job " << job.name
              << "; follow it with: " << job.kind->follow_command(job.name) << '\n';
    return 0;
  };
}

}  // namespace clary::cli
