#include "agent/agent.h"

#include <stdlib.h>

#include <cstdio>
#include <filesystem>
#include <optional>
#include <string_view>

#include "agent/reporter.h"
#include "agent/run_file.h"
#include "agent/serving.h"
#include "agent/signals.h"
#include "agent/training.h"
#include "agent/transform/transform.h"
#include "base/log.h"

namespace clary::agent {
namespace {

namespace fs = std::filesystem;

std::optional<fs::path> run_folder(int argc, const char* const* argv) {
  for (int i = 1; i + 1 < argc; ++i) {
    if (std::string_view(argv[i]) == "--run") return fs::path(argv[i + 1]);
  }
  return std::nullopt;
}

json::object run_as_asked(const RunFile& run, Reporter& reporter, StopRequest& stop,
                          const Clock& clock) {
  switch (run.spec.mode) {
    case JobSpec::Mode::kServe:
      return serve(run, reporter, stop, clock);
    case JobSpec::Mode::kTransform:
      return transform(run, reporter, stop, clock);
    case JobSpec::Mode::kRunToEnd:
      break;
  }
  return run_to_end(run, reporter, stop, clock);
}

int run_agent(const fs::path& folder) {
  const SystemClock clock;
  StopRequest stop;
  const RunFile run = read_run_file(folder);
  ReporterOptions options;
  options.server = run.server;
  options.run_id = run.spec.id;
  options.token = run.report_token;
  options.spool = folder / "spool.jsonl";
  options.on_stop = [&stop] { stop.ask(); };
  Reporter reporter(options, clock);
  json::object outcome;
  try {
    outcome = run_as_asked(run, reporter, stop, clock);
  } catch (const std::exception& error) {
    spdlog::error("{}", error.what());
    outcome = outcome_report("failed", 0, std::string("InternalServerError: ") + error.what());
  }
  return reporter.finish(std::move(outcome)) ? 0 : 3;
}

}  // namespace

int agent_main(int argc, const char* const* argv) {
  const char* level = getenv("CLARY_LOG");
  start_log(level == nullptr ? "info" : level);
  const auto folder = run_folder(argc, argv);
  if (!folder) {
    std::fputs("usage: clary agent --run FOLDER\n", stderr);
    return 2;
  }
  try {
    return run_agent(*folder);
  } catch (const std::exception& error) {
    spdlog::error("{}", error.what());
    return 3;
  }
}

}  // namespace clary::agent
