#include "cli/jobs_command.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <sstream>
#include <thread>

#include "cli/client_flags.h"
#include "cli/job_cost.h"
#include "cli/job_list.h"

namespace clary::cli {
namespace {

constexpr std::chrono::milliseconds kRefresh{1000};
constexpr std::chrono::hours kWatchPatience{24};

struct Given {
  JobFilter filter;
  bool as_json = false, watch = false;
};

json::object to_json(const JobView& job, Prices& prices, Timestamp now) {
  json::object object{{"name", job.name},
                      {"type", job.kind->label},
                      {"status", job.status},
                      {"detail", job.detail},
                      {"created", iso8601_ms(job.created)},
                      {"seconds", static_cast<double>(job.duration(now).count()) / 1000},
                      {"user", job.user},
                      {"billable_seconds", job.billable_seconds(now)}};
  if (const auto cost = prices.cost_of(job, now)) object["cost"] = *cost;
  if (job.started) object["started"] = iso8601_ms(*job.started);
  if (job.ended) object["ended"] = iso8601_ms(*job.ended);
  return object;
}

void print_jobs(std::ostream& out, const Terminal& terminal, const std::vector<JobView>& jobs,
                Prices& prices, Timestamp now) {
  if (jobs.empty()) {
    out << "no jobs\n";
    return;
  }
  Table table({"NAME", "TYPE", "STATUS", "AGE", "TIME", "COST", "USER", "DETAIL"});
  for (const JobView& job : jobs) {
    table.add({{printable(job.name)},
               {std::string(job.kind->label)},
               {printable(job.status), tone_of(job.status)},
               {duration_text(now - job.created)},
               {duration_text(job.duration(now))},
               {money_text(prices.cost_of(job, now))},
               {job.user.empty() ? "-" : printable(job.user)},
               {printable(job.detail), Tone::kFaint}});
  }
  table.print(out, terminal);
}

// A terminal is drawn over; elsewhere the table comes again when a job did something.
int watch(AwsClient& client, const JobFilter& filter, const Clock& clock,
          const Terminal& terminal) {
  client.be_patient(kWatchPatience, [] { std::cerr << "the server is away; waiting for it\n"; });
  Prices prices(client);
  std::string last;
  while (true) {
    const Timestamp now = clock.now();
    const std::vector<JobView> jobs = jobs_of(client, filter, now);
    std::string state;
    for (const JobView& job : jobs)
      state += job.name + '\0' + job.status + '\0' + job.detail + '\0';
    if (terminal.is_terminal) {
      std::ostringstream out;
      print_jobs(out, terminal, jobs, prices, now);
      std::cout << "\x1b[H\x1b[2J" << out.str() << std::flush;
    } else if (state != last || last.empty()) {
      if (!last.empty()) std::cout << '\n';
      print_jobs(std::cout, terminal, jobs, prices, now);
      std::cout.flush();
    }
    if (!std::cout) return 1;  // nobody reads any more
    last = state.empty() ? "-" : state;
    std::this_thread::sleep_for(kRefresh);
  }
}

int list(const Endpoint& endpoint, const Given& given) {
  const SystemClock clock;
  AwsClient client(endpoint, clock);
  const Terminal terminal = terminal_of(STDOUT_FILENO);
  if (given.watch) return watch(client, given.filter, clock, terminal);
  const Timestamp now = clock.now();
  const std::vector<JobView> jobs = jobs_of(client, given.filter, now);
  Prices prices(client);
  if (!given.as_json) {
    print_jobs(std::cout, terminal, jobs, prices, now);
    return 0;
  }
  json::array all;
  for (const JobView& job : jobs) all.emplace_back(to_json(job, prices, now));
  std::cout << json::serialize(all) << '\n';
  return 0;
}

}  // namespace

std::function<int()> add_jobs(CLI::App& app) {
  const auto given = std::make_shared<Given>();
  JobFilter& filter = given->filter;
  app.add_option("--type", filter.type, "Only training, processing or transform jobs");
  app.add_option("--status", filter.status, "Only jobs of this status, such as failed");
  app.add_option("--name", filter.name, "Only jobs whose name holds this");
  app.add_option("--user", filter.user, "Only jobs of users whose name holds this");
  app.add_option("--since", filter.since, "Only jobs created in the last 15m, 2h, 7d");
  app.add_option("-n", filter.count, "How many at most, newest first [20]")
      ->check(CLI::Range(1, 1000));
  CLI::Option* const as_json = app.add_flag("--json", given->as_json, "As a JSON array");
  app.add_flag("--watch", given->watch, "Show it again and again, until interrupted")
      ->excludes(as_json);
  return [given, flags = ClientFlags(app)] { return list(flags.endpoint(), *given); };
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
