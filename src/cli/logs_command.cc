#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <deque>
#include <iostream>
#include <thread>

#include "cli/client_flags.h"
#include "cli/job_view.h"
#include "cli/jobs_command.h"

namespace clary::cli {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kPoll{300};
constexpr std::chrono::minutes kPatience{30};  // with a server that restarts

struct Options {
  std::string name;
  bool follow = false, times = false;
  std::size_t tail = 0;  // 0: everything
};

struct Line {
  std::int64_t time = 0;  // milliseconds since the epoch
  std::size_t order = 0;  // in which it came: lines of one moment keep it
  std::string stream, text;
};

// churn-1/algo-2-1700000000 -> algo-2
std::string instance_of(const std::string& stream) {
  std::string name = stream.substr(stream.rfind('/') + 1);
  const auto dash = name.rfind('-');
  const bool timed =
      dash != std::string::npos && name.size() - dash > 9 &&
      std::ranges::all_of(name.substr(dash + 1), [](char c) { return c >= '0' && c <= '9'; });
  if (timed) name.resize(dash);
  return name;
}

// The lines of all streams of a job, each exactly once: a stream's token says how far it was read,
// and outlives a restart of the server.
class Streams {
 public:
  Streams(AwsClient& client, std::string group, std::string prefix)
      : client_(client), group_(std::move(group)), prefix_(std::move(prefix)) {}

  // What has come since the last time, in order of time.
  std::vector<Line> fresh() {
    find();
    std::vector<Line> lines;
    for (auto& [stream, token] : tokens_) read(stream, token, lines);
    std::ranges::sort(lines, {}, [](const Line& line) { return std::pair(line.time, line.order); });
    return lines;
  }
  std::size_t count() const { return tokens_.size(); }

 private:
  void find() {
    json::object input{{"logGroupName", group_}, {"logStreamNamePrefix", prefix_}};
    while (true) {
      json::object output;
      try {
        output = client_.call(kLogs, "DescribeLogStreams", input);
      } catch (const AwsError& error) {
        if (error.code() == "ResourceNotFoundException") return;  // nothing was ever logged
        throw;
      }
      for (const json::value& stream : *find_array(output, "logStreams")) {
        tokens_.try_emplace(string_or(stream.as_object(), "logStreamName"));
      }
      const auto next = find_string(output, "nextToken");
      if (!next) return;
      input["nextToken"] = *next;
    }
  }

  void read(const std::string& stream, std::string& token, std::vector<Line>& lines) {
    while (true) {
      json::object input{
          {"logGroupName", group_}, {"logStreamName", stream}, {"startFromHead", true}};
      if (!token.empty()) input["nextToken"] = token;
      const json::object output = client_.call(kLogs, "GetLogEvents", input);
      token = string_or(output, "nextForwardToken");
      const json::array* events = find_array(output, "events");
      if (events == nullptr || events->empty()) return;
      for (const json::value& value : *events) {
        const json::object& event = value.as_object();
        lines.push_back({.time = find_int(event, "timestamp").value_or(0),
                         .order = lines.size(),
                         .stream = stream,
                         .text = string_or(event, "message")});
      }
    }
  }

  AwsClient& client_;
  const std::string group_, prefix_;
  std::map<std::string, std::string> tokens_;  // by stream
};

class Printer {
 public:
  Printer(const Options& options, std::int64_t instances)
      : options_(options), several_(instances > 1), out_(terminal_of(STDOUT_FILENO)) {}

  void print(const std::vector<Line>& lines, std::size_t streams) {
    several_ = several_ || streams > 1;
    for (const Line& line : lines) {
      std::string before;
      if (options_.times) before += iso8601_ms(Timestamp(milliseconds(line.time))) + " ";
      if (several_) before += instance_of(line.stream) + "  ";
      std::cout << toned(out_, Tone::kFaint, before)
                << (out_.is_terminal ? printable(line.text) : line.text) << '\n';
    }
    std::cout.flush();
  }

 private:
  const Options& options_;
  bool several_;
  const Terminal out_;
};

void say(const std::string& text) {
  const Terminal terminal = terminal_of(STDERR_FILENO);
  std::cerr << toned(terminal, Tone::kFaint, "-- " + printable(text)) << '\n';
}

// Until the job has ended and everything it wrote is printed: a job's lines are stored before its
// end is.
int follow(AwsClient& client, FoundJob job, Streams& streams, Printer& printer) {
  client.be_patient(kPatience, [] { say("the server is away; waiting for it"); });
  std::string told;
  while (true) {
    if (!job.view.final() && !job.view.detail.empty() && job.view.detail != told) {
      told = job.view.detail;
      say(told);
    }
    const bool last = job.view.final();
    printer.print(streams.fresh(), streams.count());
    if (last) break;
    if (!std::cout) return 1;  // nobody reads any more
    std::this_thread::sleep_for(kPoll);
    job = describe_job(client, *job.view.kind, job.view.name);
  }
  const JobView& view = job.view;
  say(fmt::format("{} job {}: {} after {}{}", view.kind->label, view.name, view.status,
                  duration_text(view.duration(view.ended.value_or(view.created))),
                  view.detail.empty() ? "" : ": " + view.detail));
  return exit_code_of(view);
}

int logs(const Endpoint& endpoint, const Options& options) {
  const SystemClock clock;
  AwsClient client(endpoint, clock);
  FoundJob job = find_job(client, options.name);
  if (job.view.kind->tuning()) {
    throw std::runtime_error("a tuning job logs nothing itself; its training jobs, " +
                             options.name + "-001-... and on, do: `clary jobs --name " +
                             options.name + "` lists them, `clary tune watch " + options.name +
                             "` follows the search");
  }
  Streams streams(client, job.view.kind->log_group(), options.name + "/");
  Printer printer(options, job.view.instances());
  std::vector<Line> lines = streams.fresh();
  if (options.tail > 0 && lines.size() > options.tail) {
    lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(options.tail));
  }
  printer.print(lines, streams.count());
  if (options.follow) return follow(client, std::move(job), streams, printer);
  if (lines.empty()) {
    say(fmt::format("nothing was logged yet; the job is {}{}", job.view.status,
                    job.view.detail.empty() ? "" : ": " + job.view.detail));
  }
  return 0;
}

}  // namespace

std::function<int()> add_logs(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  app.add_option("JOB", options->name, "Its name")->required();
  app.add_flag("-f,--follow", options->follow,
               "Go on until the job ends; exit code 0 completed, 3 failed, 4 stopped");
  app.add_flag("-t,--timestamps", options->times, "Each line's time in front of it");
  app.add_option("-n,--tail", options->tail, "Only the last so many lines of what is there");
  return [options, flags = ClientFlags(app)] { return logs(flags.endpoint(), *options); };
}

}  // namespace clary::cli
