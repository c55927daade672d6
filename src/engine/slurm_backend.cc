#include "engine/slurm_backend.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>
#include <utility>

#include "base/errors.h"
#include "base/log.h"
#include "base/text.h"
#include "engine/run_folder.h"
#include "process/program_run.h"

namespace clary::engine {
namespace {

namespace fs = std::filesystem;
using SteadyClock = std::chrono::steady_clock;
using std::chrono::seconds;

constexpr std::string_view kHandle = "slurm:";
// Slurm's commands try for long to reach a controller that is away.
constexpr seconds kCommandTimeout{20};
constexpr int kMostSubmissions = 4;

// A run's agent holds a lock on this file of its folder from before its first report on.
enum class AgentState { kNotStarted, kAlive, kGone, kUnknown };

AgentState agent_state(const fs::path& run) {
  std::error_code error;
  if (!fs::exists(run / "spool.jsonl", error)) return AgentState::kNotStarted;
  const process::FileDescriptor lock(open((run / "lock").c_str(), O_RDWR | O_CLOEXEC));
  if (!lock) return AgentState::kUnknown;
  if (flock(lock.get(), LOCK_EX | LOCK_NB) == 0) return AgentState::kGone;
  return errno == EWOULDBLOCK ? AgentState::kAlive : AgentState::kUnknown;
}

// How many instances the run of that folder is one of.
int instances_in(const fs::path& run) {
  boost::system::error_code error;
  const json::value file = json::parse(read_small_file(run / "run.json"), error);
  const json::object* object = error ? nullptr : file.if_object();
  const json::object* spec = object == nullptr ? nullptr : find_object(*object, "spec");
  const auto count = spec == nullptr ? std::nullopt : find_int(*spec, "instance_count");
  return static_cast<int>(count.value_or(1));
}

// What is known of one submission.
struct Watched {
  std::set<std::string> members;  // those whose end has not been told
  std::set<std::string> all;
  int instances = 1;
  int submissions = 1;
  SteadyClock::time_point submitted = SteadyClock::now();
  SlurmJob job;  // as squeue said last; id 0: not in Slurm as far as is known
  bool stop_wanted = false, kill_wanted = false;
  std::optional<SteadyClock::time_point> stop_sent, left;
};

}  // namespace

struct SlurmBackend::Impl {
  Impl(SlurmOptions options_in, const SlurmTiming& timing_in)
      : options(std::move(options_in)), timing(timing_in) {
    environment = agent_environment();
    std::error_code error;
    fs::create_directories(options.folder / "runs", error);
    if (error) {
      throw StorageError("create " + (options.folder / "runs").string() + ": " + error.message());
    }
    write_private_file(script(), std::string(slurm_script()));
    thread = std::thread([this] { poll_all(); });
  }
  ~Impl() {
    {
      const std::lock_guard lock(mutex);
      stopping = true;
      wake.notify_all();
    }
    thread.join();
  }

  const SlurmOptions options;
  const SlurmTiming timing;
  std::vector<std::string> environment;

  std::mutex mutex;
  std::condition_variable wake;
  bool stopping = false;                           // guarded by mutex; so is all below
  std::map<std::string, Watched> watched;          // by the first instance's run id
  std::map<std::string, std::string> gang_by_run;  // run id -> that id
  std::map<std::string, std::string> reasons;      // of runs that ended, by run id
  std::function<void(const std::string&)> exited;
  bool reachable = true;
  std::thread thread;

  fs::path folder(const std::string& id) const { return options.folder / "runs" / id; }
  fs::path script() const { return options.folder / "agent.sh"; }

  process::ProgramRun run(const std::string& program, std::vector<std::string> arguments) const;
  std::vector<SlurmJob> jobs(const std::string& name) const;
  std::uint64_t submit(const JobSpec& first) const;
  void submit_again(const std::string& gang);
  void prepare(const JobSpec& spec, const AgentAccess& access) const;

  void poll_all();
  void poll_once();
  std::vector<std::string> take_in(const std::vector<SlurmJob>& jobs,
                                   std::vector<std::string>& lost);
  void look_at(const std::string& gang, Watched& one, std::vector<std::string>& ended,
               std::vector<std::string>& lost);
  void send_signals();
  void end(Watched& one, const std::string& id, const std::string& reason,
           std::vector<std::string>& ended);
};

process::ProgramRun SlurmBackend::Impl::run(const std::string& program,
                                            std::vector<std::string> arguments) const {
  const std::string path = process::find_program(program);
  if (path.empty()) throw std::runtime_error("Slurm's command " + program + " is not in PATH");
  arguments.insert(arguments.begin(), path);
  process::Command command;
  command.arguments = std::move(arguments);
  command.environment = environment;
  return process::run_program(std::move(command), kCommandTimeout);
}

// Those of that name, or all of this user's.
std::vector<SlurmJob> SlurmBackend::Impl::jobs(const std::string& name) const {
  std::vector<std::string> arguments{"--noheader", "--me", "--states=all",
                                     "--format=" + std::string(kSqueueFormat)};
  if (!name.empty()) arguments.push_back("--name=" + name);
  const process::ProgramRun squeue = run("squeue", std::move(arguments));
  if (process::shell_code(squeue.exit) != 0) {
    throw std::runtime_error("squeue: " + std::string(trim(squeue.error)));
  }
  return parse_squeue(squeue.output);
}

// The new job's id; 0 when Slurm does not answer now. Throws when it refuses.
std::uint64_t SlurmBackend::Impl::submit(const JobSpec& first) const {
  SlurmNode most{options.node_cpus, options.node_memory_bytes};
  if (most.cpus == 0 || most.memory_bytes == 0) {
    std::vector<std::string> arguments{"--noheader", "--format=%c|%m"};
    if (!options.partition.empty()) arguments.push_back("--partition=" + options.partition);
    const SlurmNode largest = parse_largest_node(run("sinfo", std::move(arguments)).output);
    if (most.cpus == 0) most.cpus = largest.cpus;
    if (most.memory_bytes == 0) most.memory_bytes = largest.memory_bytes;
  }
  const process::ProgramRun sbatch =
      run("sbatch", sbatch_arguments(options, first, most, script(), folder(first.id)));
  const auto id = parse_job_id(sbatch.output);
  if (process::shell_code(sbatch.exit) == 0 && id) return *id;
  // One that took too long may have come through; its job is found by name then.
  if (sbatch.exit.signal != 0 || is_unreachable(sbatch.error)) return 0;
  throw std::runtime_error("Slurm refused the job: " + std::string(trim(sbatch.error)));
}

void SlurmBackend::Impl::prepare(const JobSpec& spec, const AgentAccess& access) const {
  const fs::path run = folder(spec.id);
  std::error_code error;
  fs::create_directories(run, error);
  if (error) throw StorageError("create " + run.string() + ": " + error.message());
  fs::permissions(run, fs::perms::owner_all, error);
  // What an undone submission of the same run left behind is none of this one's.
  for (const auto* name : {"spool.jsonl", "lock"}) {
    if (!has_token(run, access)) fs::remove(run / name, error);
  }
  // The agents stay in the control groups that Slurm gave them.
  write_run_file(run, spec, access, {.data_folder = options.folder, .cgroup_root = "/dev/null"});
}

void SlurmBackend::Impl::end(Watched& one, const std::string& id, const std::string& reason,
                             std::vector<std::string>& ended) {
  if (one.members.erase(id) == 0) return;
  reasons[id] = reason;
  ended.push_back(id);
}

// With the mutex held.
void SlurmBackend::Impl::look_at(const std::string& gang, Watched& one,
                                 std::vector<std::string>& ended, std::vector<std::string>& lost) {
  const std::set<std::string> members = one.members;
  if (is_final_state(one.job.state)) {
    for (const std::string& id : members) end(one, id, slurm_reason(one.job), ended);
    return;
  }
  const bool missing = one.job.id == 0;
  bool any_started = false;
  for (const std::string& id : members) {
    const AgentState state = agent_state(folder(id));
    any_started |= state != AgentState::kNotStarted;
    if (state == AgentState::kGone || (missing && state == AgentState::kUnknown)) {
      end(one, id,
          "InternalServerError: the agent of this job ended without a report on " +
              (one.job.nodes.empty() ? "a node of Slurm" : one.job.nodes) + " (" +
              slurm_job_name(gang) +
              "): it was killed, or its node failed. Please start the job again.",
          ended);
    }
  }
  if (!missing || any_started || SteadyClock::now() - one.submitted <= timing.unseen_for) return;
  if (one.stop_wanted || one.kill_wanted) {
    for (const std::string& id : members) end(one, id, "", ended);
  } else if (!members.empty()) {
    lost.push_back(gang);
  }
}

// What squeue said, for all that is watched. Returns whose agents have ended; `lost`: whose job
// Slurm knows nothing of, though no agent of it ever started.
std::vector<std::string> SlurmBackend::Impl::take_in(const std::vector<SlurmJob>& all,
                                                     std::vector<std::string>& lost) {
  std::map<std::string_view, const SlurmJob*> newest;
  for (const SlurmJob& job : all) {
    const SlurmJob*& known = newest[job.name];
    if (known == nullptr || known->id < job.id) known = &job;
  }
  std::vector<std::string> ended;
  const std::lock_guard lock(mutex);
  reachable = true;
  for (auto& [gang, one] : watched) {
    const auto found = newest.find(slurm_job_name(gang));
    one.job = found == newest.end() ? SlurmJob() : *found->second;
    look_at(gang, one, ended, lost);
  }
  return ended;
}

// Slurm's controller lost the job, or could not be reached when it was submitted.
void SlurmBackend::Impl::submit_again(const std::string& gang) {
  {
    const std::lock_guard lock(mutex);
    const auto found = watched.find(gang);
    if (found == watched.end() || found->second.stop_wanted) return;
  }
  spdlog::warn("run {}: Slurm does not know its job; it is submitted again", gang);
  std::string refused;
  std::uint64_t id = 0;
  try {
    const json::value run = json::parse(read_small_file(folder(gang) / "run.json"));
    id = submit(job_spec_from_json(run.at("spec").as_object()));
  } catch (const std::exception& error) {
    refused = error.what();
  }
  std::vector<std::string> ended;
  std::function<void(const std::string&)> callback;
  {
    const std::lock_guard lock(mutex);
    const auto found = watched.find(gang);
    if (found == watched.end()) return;
    Watched& one = found->second;
    one.submitted = SteadyClock::now();
    if (id != 0) ++one.submissions;
    if (refused.empty() && one.submissions > kMostSubmissions) {
      refused = "Slurm lost the job again and again";
    }
    if (!refused.empty()) {
      const std::set<std::string> members = one.members;
      for (const std::string& member : members) {
        end(one, member, "InternalServerError: " + refused, ended);
      }
    }
    callback = exited;
  }
  if (!callback) return;
  for (const std::string& member : ended) callback(member);
}

// Stops that are wanted and jobs that nobody needs any more.
void SlurmBackend::Impl::send_signals() {
  std::vector<std::vector<std::string>> commands;
  {
    const std::lock_guard lock(mutex);
    const auto now = SteadyClock::now();
    for (auto one = watched.begin(); one != watched.end();) {
      Watched& job = one->second;
      const std::string id = std::to_string(job.job.id);
      const bool there = job.job.id != 0 && !is_final_state(job.job.state);
      const bool leftover = job.left && now - *job.left > timing.leave_after;
      if (there && (job.kill_wanted || leftover)) {
        commands.push_back({id});
      } else if (there && job.stop_wanted &&
                 (!job.stop_sent || now - *job.stop_sent > timing.stop_again_after)) {
        job.stop_sent = now;
        // One that waits just goes; the agents of one that runs are told.
        commands.push_back({"--state=PENDING", id});
        commands.push_back({"--signal=TERM", job.instances == 1 ? "--batch" : "--quiet", id});
      }
      one = job.left && (!there || leftover) ? watched.erase(one) : std::next(one);
    }
  }
  for (std::vector<std::string>& arguments : commands) run("scancel", std::move(arguments));
}

void SlurmBackend::Impl::poll_once() {
  std::vector<std::string> lost;
  const std::vector<std::string> ended = take_in(jobs(""), lost);
  std::function<void(const std::string&)> callback;
  {
    const std::lock_guard lock(mutex);
    callback = exited;
  }
  for (const std::string& id : ended) {
    if (callback) callback(id);
  }
  for (const std::string& gang : lost) submit_again(gang);
  send_signals();
}

void SlurmBackend::Impl::poll_all() {
  while (true) {
    {
      std::unique_lock lock(mutex);
      if (watched.empty()) {
        wake.wait(lock, [&] { return stopping || !watched.empty(); });
      } else {
        wake.wait_for(lock, timing.every);
      }
      if (stopping) return;
    }
    try {
      poll_once();
    } catch (const std::exception& error) {
      const std::lock_guard lock(mutex);
      // Once for each time that it goes away.
      if (std::exchange(reachable, false)) spdlog::warn("Slurm: {}", error.what());
    }
  }
}

SlurmBackend::SlurmBackend(SlurmOptions options, SlurmTiming timing)
    : impl_(std::make_unique<Impl>(std::move(options), timing)) {}

SlurmBackend::~SlurmBackend() = default;

std::string SlurmBackend::start(const JobSpec& spec, const AgentAccess& access) {
  return start_gang({{spec, access}}).front();
}

std::vector<std::string> SlurmBackend::start_gang(const std::vector<AgentStart>& gang) {
  const JobSpec& first = gang.front().spec;
  const bool again = std::ranges::all_of(gang, [&](const AgentStart& one) {
    return has_token(impl_->folder(one.spec.id), one.access);
  });
  std::uint64_t id = 0;
  if (again) {
    // A crash forgot what came of it.
    for (const SlurmJob& job : impl_->jobs(slurm_job_name(first.id))) id = std::max(id, job.id);
  } else {
    for (const AgentStart& one : gang) impl_->prepare(one.spec, one.access);
  }
  if (id == 0) id = impl_->submit(first);
  const std::lock_guard lock(impl_->mutex);
  Watched& one = impl_->watched[first.id] = Watched();
  one.instances = static_cast<int>(gang.size());
  if (id == 0) one.submitted -= impl_->timing.unseen_for;
  std::vector<std::string> handles;
  for (const AgentStart& start : gang) {
    one.members.insert(start.spec.id);
    impl_->gang_by_run[start.spec.id] = first.id;
    handles.push_back(std::string(kHandle) + first.id);
  }
  one.all = one.members;
  impl_->wake.notify_all();
  return handles;
}

void SlurmBackend::adopt(const std::string& spec_id, std::string_view handle) {
  const std::string gang(handle.substr(std::min(kHandle.size(), handle.size())));
  const std::lock_guard lock(impl_->mutex);
  Watched& one = impl_->watched[gang];
  one.members.insert(spec_id);
  one.all.insert(spec_id);
  one.instances = std::max(one.instances, instances_in(impl_->folder(spec_id)));
  impl_->gang_by_run[spec_id] = gang;
  impl_->wake.notify_all();
}

RunState SlurmBackend::state(std::string_view handle) {
  const std::string gang(handle.substr(std::min(kHandle.size(), handle.size())));
  const std::lock_guard lock(impl_->mutex);
  const auto found = impl_->watched.find(gang);
  if (found == impl_->watched.end()) return RunState::kUnknown;
  return found->second.members.empty() ? RunState::kGone : RunState::kAlive;
}

void SlurmBackend::stop(std::string_view handle) {
  const std::string gang(handle.substr(std::min(kHandle.size(), handle.size())));
  const std::lock_guard lock(impl_->mutex);
  const auto found = impl_->watched.find(gang);
  if (found == impl_->watched.end()) return;
  found->second.stop_wanted = true;
  impl_->wake.notify_all();
}

void SlurmBackend::kill(std::string_view handle) {
  const std::string gang(handle.substr(std::min(kHandle.size(), handle.size())));
  const std::lock_guard lock(impl_->mutex);
  const auto found = impl_->watched.find(gang);
  if (found == impl_->watched.end()) return;
  found->second.kill_wanted = true;
  impl_->wake.notify_all();
}

std::vector<json::object> SlurmBackend::unsent_reports(const std::string& spec_id,
                                                       std::uint64_t after) {
  return read_spool(impl_->folder(spec_id), after);
}

void SlurmBackend::forget(const std::string& spec_id) {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->reasons.erase(spec_id);
    const auto known = impl_->gang_by_run.find(spec_id);
    if (known != impl_->gang_by_run.end()) {
      const auto found = impl_->watched.find(known->second);
      if (found != impl_->watched.end()) {
        found->second.members.erase(spec_id);
        found->second.all.erase(spec_id);
        if (found->second.all.empty()) found->second.left = SteadyClock::now();
      }
      impl_->gang_by_run.erase(known);
    }
  }
  std::error_code error;
  fs::remove_all(impl_->folder(spec_id), error);
  if (error) spdlog::warn("run {}: its folder could not be removed: {}", spec_id, error.message());
}

void SlurmBackend::on_exit(std::function<void(const std::string& spec_id)> callback) {
  const std::lock_guard lock(impl_->mutex);
  impl_->exited = std::move(callback);
}

std::string SlurmBackend::note(const std::string& spec_id) {
  const std::lock_guard lock(impl_->mutex);
  const auto known = impl_->gang_by_run.find(spec_id);
  if (known == impl_->gang_by_run.end()) return {};
  const auto found = impl_->watched.find(known->second);
  if (found == impl_->watched.end()) return {};
  const SlurmJob& job = found->second.job;
  if (!impl_->reachable || job.id == 0) return "Waiting for Slurm to take the job";
  if (!is_waiting_state(job.state)) return {};
  return "Waiting for Slurm: job " + std::to_string(job.id) + " is " + job.state +
         (job.reason.empty() || job.reason == "None" ? "" : " (" + job.reason + ")");
}

std::string SlurmBackend::end_reason(const std::string& spec_id) {
  const std::lock_guard lock(impl_->mutex);
  const auto found = impl_->reasons.find(spec_id);
  return found == impl_->reasons.end() ? std::string() : found->second;
}

}  // namespace clary::engine
