// `clary job`: one job from its request to its outcome.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <iostream>

#include "cli/client_flags.h"
#include "cli/job_cost.h"
#include "cli/job_view.h"
#include "cli/jobs_command.h"

namespace clary::cli {
namespace {

constexpr std::size_t kMostCreators = 500;

using Path = std::initializer_list<std::string_view>;

// What a document is shown with; sections without content do not appear.
class Page {
 public:
  Page() : terminal_(terminal_of(STDOUT_FILENO)) {}

  void title(const JobView& job) {
    std::cout << printable(job.name) << "  " << job.kind->label << "  "
              << toned(terminal_, tone_of(job.status), printable(job.status)) << '\n';
  }
  void section(std::string_view name, const Table& table) {
    if (table.empty()) return;
    std::cout << '\n' << name << '\n';
    table.print(std::cout, terminal_, "  ");
  }
  // Whole, however long: people have to read it.
  void text(std::string_view name, const std::string& words, Tone tone) {
    if (words.empty()) return;
    std::cout << '\n' << name << "\n  " << toned(terminal_, tone, printable(words)) << '\n';
  }

 private:
  const Terminal terminal_;
};

std::string first_of(const json::object& document, std::initializer_list<Path> paths) {
  for (const Path path : paths) {
    if (std::string text = text_at(document, path); !text.empty()) return text;
  }
  return {};
}

template <class Use>
void each_of(const json::object& document, Path path, Use use) {
  const json::object* here = &document;
  for (auto step = path.begin(); step + 1 != path.end(); ++step) {
    here = find_object(*here, *step);
    if (here == nullptr) return;
  }
  const json::array* array = find_array(*here, *(path.end() - 1));
  if (array == nullptr) return;
  for (const json::value& value : *array) {
    if (value.is_object()) use(value.get_object());
  }
}

std::string instances_of(const json::object& document) {
  const json::object* resources = find_object(document, "ResourceConfig");
  if (resources == nullptr) resources = find_object(document, "TransformResources");
  if (const json::object* definition = find_object(document, "TrainingJobDefinition")) {
    resources = find_object(*definition, "ResourceConfig");
  }
  if (const json::object* outer = find_object(document, "ProcessingResources")) {
    resources = find_object(*outer, "ClusterConfig");
  }
  if (resources == nullptr) return {};
  std::string text = fmt::format("{} x {}", find_int(*resources, "InstanceCount").value_or(1),
                                 string_or(*resources, "InstanceType"));
  if (const auto volume = find_int(*resources, "VolumeSizeInGB")) {
    text += fmt::format(", volume {} GB", *volume);
  }
  return text;
}

// "90 s x 2 at $0.1150 an hour: $0.0058".
std::string bill_of(const JobView& job, Prices& prices, Timestamp now) {
  std::string text = std::to_string(job.billable_seconds(now)) + " s";
  for (const InstanceUse& use : job.uses) {
    text += fmt::format("{} x {}", &use == &job.uses.front() ? "" : " +", use.count);
    if (const auto price = prices.per_hour(use.type)) {
      text += " at " + money_text(price) + " an hour";
    }
  }
  const std::optional<double> cost = prices.cost_of(job, now);
  return cost ? text + ": " + money_text(cost) : text;
}

Table facts_of(const FoundJob& job, const std::string& bill, Timestamp now) {
  const json::object& document = job.document;
  Table facts({});
  const auto fact = [&](std::string name, const std::string& value) {
    if (!value.empty()) facts.add({{std::move(name), Tone::kFaint}, {printable(value)}});
  };
  fact("created", fmt::format("{} ({} ago){}", iso8601(job.view.created),
                              duration_text(now - job.view.created),
                              job.view.user.empty() ? "" : " by " + job.view.user));
  if (job.view.started) fact("ran", duration_text(job.view.duration(now)));
  fact("image",
       first_of(document, {{"AlgorithmSpecification", "TrainingImage"},
                           {"AlgorithmSpecification", "AlgorithmName"},
                           {"AppSpecification", "ImageUri"},
                           {"TrainingJobDefinition", "AlgorithmSpecification", "TrainingImage"}}));
  fact("model", text_at(document, {"ModelName"}));
  fact("instances", instances_of(document));
  if (!job.view.kind->tuning()) fact("billed", bill);
  fact("role", first_of(document, {{"RoleArn"}, {"TrainingJobDefinition", "RoleArn"}}));
  if (job.view.kind->tuning()) fact("progress", job.view.detail);
  fact("best", text_at(document, {"BestTrainingJob", "TrainingJobName"}));
  fact("ARN", text_at(document, {job.view.kind->member("Arn")}));
  return facts;
}

Table timeline_of(const json::object& document, Timestamp now) {
  Table steps({});
  each_of(document, {"SecondaryStatusTransitions"}, [&](const json::object& step) {
    const auto start = find_double(step, "StartTime");
    if (!start) return;
    const Timestamp began = from_epoch_seconds(*start);
    const auto end = find_double(step, "EndTime");
    steps.add({{iso8601(began).substr(11, 8)},
               {printable(string_or(step, "Status"))},
               {duration_text((end ? from_epoch_seconds(*end) : now) - began)},
               {printable(string_or(step, "StatusMessage")), Tone::kFaint}});
  });
  return steps;
}

Table inputs_of(const json::object& document) {
  Table inputs({});
  const auto add = [&](const std::string& name, const std::string& where, const std::string& more) {
    if (!where.empty()) inputs.add({{printable(name)}, {printable(where)}, {printable(more)}});
  };
  each_of(document, {"InputDataConfig"}, [&](const json::object& channel) {
    add(string_or(channel, "ChannelName"),
        first_of(channel, {{"DataSource", "S3DataSource", "S3Uri"},
                           {"DataSource", "FileSystemDataSource", "DirectoryPath"}}),
        string_or(channel, "ContentType"));
  });
  each_of(document, {"ProcessingInputs"}, [&](const json::object& input) {
    add(string_or(input, "InputName"), text_at(input, {"S3Input", "S3Uri"}),
        text_at(input, {"S3Input", "LocalPath"}));
  });
  if (const json::object* input = find_object(document, "TransformInput")) {
    add("data", text_at(*input, {"DataSource", "S3DataSource", "S3Uri"}),
        string_or(*input, "ContentType"));
  }
  return inputs;
}

Table outputs_of(const json::object& document) {
  Table outputs({});
  const auto add = [&](const std::string& name, const std::string& where) {
    if (!where.empty()) outputs.add({{printable(name)}, {printable(where)}});
  };
  const std::string model = text_at(document, {"ModelArtifacts", "S3ModelArtifacts"});
  add("model", model);
  if (model.empty()) add("output", text_at(document, {"OutputDataConfig", "S3OutputPath"}));
  each_of(document, {"ProcessingOutputConfig", "Outputs"}, [&](const json::object& output) {
    add(string_or(output, "OutputName"), text_at(output, {"S3Output", "S3Uri"}));
  });
  add("output", text_at(document, {"TransformOutput", "S3OutputPath"}));
  return outputs;
}

Table metrics_of(const json::object& document) {
  Table metrics({});
  each_of(document, {"FinalMetricDataList"}, [&](const json::object& metric) {
    metrics.add({{printable(string_or(metric, "MetricName"))},
                 {fmt::format("{:g}", find_double(metric, "Value").value_or(0))}});
  });
  return metrics;
}

Table hyperparameters_of(const json::object& document) {
  Table table({});
  const json::object* all = find_object(document, "HyperParameters");
  if (const json::object* best = find_object(document, "BestTrainingJob")) {
    all = find_object(*best, "TunedHyperParameters");
  }
  if (all == nullptr) return table;
  for (const auto& [name, value] : *all) {
    if (value.is_string()) table.add({{printable(name)}, {printable(value.get_string())}});
  }
  return table;
}

int show(const Endpoint& endpoint, const std::string& name, bool as_json) {
  const SystemClock clock;
  AwsClient client(endpoint, clock);
  FoundJob job = find_job(client, name);
  if (as_json) {
    std::cout << json::serialize(job.document) << '\n';
    return 0;
  }
  const auto users = creators(client, *job.view.kind, job.view.created, kMostCreators);
  if (const auto user = users.find(name); user != users.end()) job.view.user = user->second;
  const Timestamp now = clock.now();
  Prices prices(client);
  Page page;
  page.title(job.view);
  page.section("About", facts_of(job, bill_of(job.view, prices, now), now));
  page.section("Timeline (UTC)", timeline_of(job.document, now));
  page.section("Hyperparameters", hyperparameters_of(job.document));
  page.section("Inputs", inputs_of(job.document));
  page.section("Outputs", outputs_of(job.document));
  page.section("Metrics", metrics_of(job.document));
  page.text("Exit message", text_at(job.document, {"ExitMessage"}), Tone::kPlain);
  page.text("Failure", text_at(job.document, {"FailureReason"}), Tone::kBad);
  page.text("Next",
            job.view.kind->tuning() ? "clary tune watch " + name + "    how the search goes"
            : job.view.final()      ? "clary logs " + name + "    what it printed"
                                    : "clary logs -f " + name + "    what it prints",
            Tone::kPlain);
  return 0;
}

}  // namespace

std::function<int()> add_job(CLI::App& app) {
  const auto name = std::make_shared<std::string>();
  const auto as_json = std::make_shared<bool>(false);
  app.add_option("JOB", *name, "Its name")->required();
  app.add_flag("--json", *as_json, "What Describe answers, as JSON");
  return
      [name, as_json, flags = ClientFlags(app)] { return show(flags.endpoint(), *name, *as_json); };
}

}  // namespace clary::cli
