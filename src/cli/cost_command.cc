// `clary cost`: what jobs cost together, by user, day, type or instance type.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>

#include "cli/client_flags.h"
#include "cli/job_cost.h"
#include "cli/job_list.h"
#include "cli/jobs_command.h"

namespace clary::cli {
namespace {

constexpr std::size_t kMostJobs = 100'000;  // of each type
constexpr double kSecondsPerHour = 3600;

struct Given {
  JobFilter filter{
      .type = {}, .status = {}, .name = {}, .user = {}, .since = "30d", .count = kMostJobs};
  std::string by = "user";
  bool as_json = false;
};

struct Sum {
  std::size_t jobs = 0, without_price = 0;
  double instance_hours = 0, dollars = 0;
  void operator+=(const Sum& other) {
    jobs += other.jobs;
    without_price += other.without_price;
    instance_hours += other.instance_hours;
    dollars += other.dollars;
  }
};

std::string group_of(const JobView& job, const std::string& by) {
  if (by == "day") return iso8601(job.created).substr(0, 10);
  if (by == "type") return std::string(job.kind->label);
  if (by == "user") return job.user.empty() ? "-" : job.user;
  std::string types;  // of instances
  for (const InstanceUse& use : job.uses) {
    if (!types.empty()) types += " + ";
    types += use.type;
  }
  return types.empty() ? "-" : types;
}

Sum sum_of(const JobView& job, Prices& prices, Timestamp now) {
  Sum sum;
  sum.jobs = 1;
  sum.instance_hours =
      static_cast<double>(job.billable_seconds(now) * job.instances()) / kSecondsPerHour;
  const std::optional<double> cost = prices.cost_of(job, now);
  sum.without_price = cost ? 0 : 1;
  sum.dollars = cost.value_or(0);
  return sum;
}

std::string head_of(std::string by) {
  std::ranges::transform(by, by.begin(), [](char c) { return static_cast<char>(c - 'a' + 'A'); });
  return by;
}

void add_row(Table& table, const std::string& name, const Sum& sum) {
  std::string note;
  if (sum.without_price > 0) {
    note = std::to_string(sum.without_price) + " of the jobs ran where no price is known";
  }
  table.add({{printable(name)},
             {std::to_string(sum.jobs)},
             {fmt::format("{:.2f}", sum.instance_hours)},
             {money_text(sum.dollars)},
             {note, Tone::kFaint}});
}

int show(const Endpoint& endpoint, const Given& given) {
  const SystemClock clock;
  AwsClient client(endpoint, clock);
  const Timestamp now = clock.now();
  Prices prices(client);
  std::map<std::string, Sum> groups;
  Sum all;
  for (const JobView& job : jobs_of(client, given.filter, now)) {
    if (job.kind->tuning()) continue;  // its training jobs are in the list
    const Sum sum = sum_of(job, prices, now);
    groups[group_of(job, given.by)] += sum;
    all += sum;
  }
  if (given.as_json) {
    json::array rows;
    for (const auto& [name, sum] : groups) {
      rows.push_back({{given.by, name},
                      {"jobs", sum.jobs},
                      {"instance_hours", sum.instance_hours},
                      {"dollars", sum.dollars},
                      {"jobs_without_price", sum.without_price}});
    }
    std::cout << json::serialize(rows) << '\n';
    return 0;
  }
  if (groups.empty()) {
    std::cout << "no jobs\n";
    return 0;
  }
  Table table({head_of(given.by), "JOBS", "INSTANCE HOURS", "COST", ""});
  for (const auto& [name, sum] : groups) add_row(table, name, sum);
  if (groups.size() > 1) add_row(table, "all", all);
  table.print(std::cout, terminal_of(STDOUT_FILENO));
  return 0;
}

}  // namespace

std::function<int()> add_cost(CLI::App& app) {
  const auto given = std::make_shared<Given>();
  app.add_option("--by", given->by, "user, day, type (of job) or instance [user]")
      ->check(CLI::IsMember({"user", "day", "type", "instance"}));
  app.add_option("--since", given->filter.since, "Jobs created in the last 2h, 7d [30d]");
  app.add_option("--type", given->filter.type, "Only training, processing or transform jobs");
  app.add_option("--user", given->filter.user, "Only jobs of users whose name holds this");
  app.add_flag("--json", given->as_json, "As a JSON array");
  return [given, flags = ClientFlags(app)] { return show(flags.endpoint(), *given); };
}

}  // namespace clary::cli
