#include "agent/agent.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

#include "agent/reporter.h"
#include "agent/run_file.h"
#include "agent/serving.h"
#include "agent/signals.h"
#include "agent/training.h"
#include "agent/transform/transform.h"
#include "base/log.h"
#include "process/enter.h"
#include "process/file_descriptor.h"
#include "process/process_id.h"

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

bool has_flag(int argc, const char* const* argv, std::string_view flag) {
  return std::any_of(argv, argv + argc, [&](const char* word) { return flag == word; });
}

// On a cluster one command starts the agents of all nodes; the first one's folder is named, the
// others' are made of it.
fs::path folder_of_task(const fs::path& first) {
  const char* task = getenv("SLURM_PROCID");
  const int index = task == nullptr ? 0 : atoi(task);
  return index <= 0 ? first : fs::path(first.string() + "-" + std::to_string(index + 1));
}

// Held as long as this process lives: who can take it knows that the agent is gone. Waits a little,
// since the server tries it now and then. Throws when another agent has it.
process::FileDescriptor hold_lock(const fs::path& folder) {
  process::FileDescriptor lock(
      open((folder / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (!lock) throw std::runtime_error("cannot open " + (folder / "lock").string());
  constexpr int kAttempts = 40;
  for (int attempt = 0; flock(lock.get(), LOCK_EX | LOCK_NB) != 0; ++attempt) {
    if (errno != EWOULDBLOCK) break;  // a file system without locks
    if (attempt == kAttempts) throw std::runtime_error("another agent has this run");
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return lock;
}

// Whoever started this writes the same; but it may have been killed before it could, and the next
// server has to know which process has the lock that this one inherited.
void write_own_id(const fs::path& folder) {
  const process::FileDescriptor lock(open((folder / "lock").c_str(), O_WRONLY | O_CLOEXEC));
  const auto own = process::process_id(getpid());
  if (!lock || !own) return;
  const std::string text = process::to_text(*own) + "\n";
  [[maybe_unused]] const ssize_t size = pwrite(lock.get(), text.data(), text.size(), 0);
}

int run_agent(const fs::path& folder) {
  const SystemClock clock;
  StopRequest stop;
  write_own_id(folder);
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
  if (argc > 1 && std::string_view(argv[1]) == "enter") {
    return process::enter_main(argc - 2, argv + 2);
  }
  const char* level = getenv("CLARY_LOG");
  start_log(level == nullptr ? "info" : level);
  const auto folder = run_folder(argc, argv);
  if (!folder) {
    std::fputs("usage: clary agent --run FOLDER\n", stderr);
    return 2;
  }
  try {
    if (!has_flag(argc, argv, "--cluster")) return run_agent(*folder);
    const fs::path own = folder_of_task(*folder);
    const process::FileDescriptor lock = hold_lock(own);
    return run_agent(own);
  } catch (const std::exception& error) {
    spdlog::error("{}", error.what());
    return 3;
  }
}

}  // namespace clary::agent
