#include "cli/tune_command.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <set>
#include <thread>

#include "cli/client_flags.h"
#include "cli/tune_view.h"

namespace clary::cli {
namespace {

constexpr std::chrono::milliseconds kRefresh{500};
constexpr std::chrono::minutes kClocksApart{5};  // this machine's and the server's
constexpr std::chrono::minutes kPatience{30};    // with a server that restarts

struct Options {
  std::string name;
  bool once = false;
};

// What a GetMetricData asks to know the importance of each hyperparameter; empty for a job whose
// definitions have ranges of their own, which has none.
json::array importance_queries(const json::object& description) {
  json::array queries;
  const json::object* ranges =
      find_object(description.at("HyperParameterTuningJobConfig").as_object(), "ParameterRanges");
  if (ranges == nullptr) return queries;
  for (const auto& [kind, list] : *ranges) {
    if (!kind.ends_with("ParameterRanges") || !list.is_array()) continue;
    for (const json::value& range : list.get_array()) {
      queries.push_back(
          {{"Id", "q" + std::to_string(queries.size())},
           {"Label", range.at("Name")},
           {"MetricStat",
            {{"Metric",
              {{"Namespace", "/aws/sagemaker/HyperParameterTuningJobs"},
               {"MetricName", "Importance"},
               {"Dimensions",
                json::array{
                    json::object{{"Name", "TuningJobName"},
                                 {"Value", description.at("HyperParameterTuningJobName")}},
                    json::object{{"Name", "HyperParameterName"}, {"Value", range.at("Name")}}}}}},
             {"Period", 1},
             {"Stat", "Average"}}}});
    }
  }
  return queries;
}

// By the newest value of each. Who may look at the job and not at metrics sees all the rest.
std::map<std::string, double> importance_of(AwsClient& client, const json::object& description,
                                            Timestamp now) {
  std::map<std::string, double> shares;
  json::array queries = importance_queries(description);
  if (queries.empty()) return shares;
  try {
    const json::object output = client.call(kCloudWatch, "GetMetricData",
                                            {{"MetricDataQueries", std::move(queries)},
                                             {"StartTime", description.at("CreationTime")},
                                             {"EndTime", epoch_seconds(now + kClocksApart)},
                                             {"ScanBy", "TimestampDescending"}});
    for (const json::value& result : *find_array(output, "MetricDataResults")) {
      const json::array& values = result.at("Values").as_array();
      if (values.empty()) continue;
      shares[string_or(result.as_object(), "Label")] = values.front().to_number<double>();
    }
  } catch (const AwsError& error) {
    if (error.status() != 403) throw;
  }
  return shares;
}

TuneView look(AwsClient& client, const std::string& name, Timestamp now) {
  const json::object named{{"HyperParameterTuningJobName", name}};
  const json::object description =
      client.call(kSageMaker, "DescribeHyperParameterTuningJob", named);
  json::object input = named;
  input["MaxResults"] = 100;
  json::array jobs;
  while (true) {
    const json::object page =
        client.call(kSageMaker, "ListTrainingJobsForHyperParameterTuningJob", input);
    for (const json::value& job : *find_array(page, "TrainingJobSummaries")) jobs.push_back(job);
    const auto next = find_string(page, "NextToken");
    if (!next) return tune_view(description, jobs, importance_of(client, description, now));
    input["NextToken"] = *next;
  }
}

// Draws over what it drew before.
class Screen {
 public:
  explicit Screen(const Terminal& terminal) : terminal_(terminal) {}
  void show(const TuneView& view, Timestamp now) {
    const std::vector<std::string> lines = drawn(view, terminal_, now);
    if (drawn_ > 0) std::cout << "\x1b[" << drawn_ << "A\x1b[J";
    for (const std::string& line : lines) std::cout << line << '\n';
    drawn_ = lines.size();
    std::cout.flush();
  }

 private:
  const Terminal terminal_;
  std::size_t drawn_ = 0;
};

// Where there is no terminal: a line for each training job that ended, and the picture at the end.
class Lines {
 public:
  void show(const TuneView& view) {
    for (const Evaluation& evaluation : view.evaluations) {
      if (!evaluation.final() || !told_.insert(evaluation.name).second) continue;
      std::cout << evaluation.name << "  " << evaluation.status << "  "
                << (evaluation.objective ? number_text(*evaluation.objective) : "-") << "  "
                << chosen_text(evaluation) << '\n';
    }
    std::cout.flush();
  }

 private:
  std::set<std::string> told_;
};

int exit_code(const TuneView& view) {
  if (view.status == "Failed") return 3;
  return view.status == "Stopped" ? 4 : 0;
}

int watch(const Endpoint& endpoint, const Options& options) {
  const SystemClock clock;
  AwsClient client(endpoint, clock);
  const Terminal terminal = terminal_of(STDOUT_FILENO);
  Screen screen(terminal);
  Lines lines;
  TuneView view = look(client, options.name, clock.now());
  client.be_patient(kPatience, [] { std::cerr << "the server is away; waiting for it\n"; });
  while (true) {
    if (terminal.is_terminal) {
      screen.show(view, clock.now());
    } else {
      lines.show(view);
    }
    if (view.final() || options.once || !std::cout) break;
    std::this_thread::sleep_for(kRefresh);
    view = look(client, options.name, clock.now());
  }
  if (!terminal.is_terminal) {
    for (const std::string& line : drawn(view, terminal, clock.now())) std::cout << line << '\n';
  }
  return exit_code(view);
}

}  // namespace

std::function<int()> add_tune(CLI::App& app) {
  app.require_subcommand(1);
  CLI::App* command = app.add_subcommand(
      "watch", "Show a tuning job while it runs: progress, the best so far, what matters");
  const auto options = std::make_shared<Options>();
  command->add_option("JOB", options->name, "Its name")->required();
  command->add_flag("--once", options->once, "Only as it is now");
  return [options, flags = ClientFlags(*command)] { return watch(flags.endpoint(), *options); };
}

}  // namespace clary::cli
