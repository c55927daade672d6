#include "agent/container_workload.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <fstream>
#include <utility>

#include "agent/image_pull.h"
#include "base/errors.h"
#include "base/log.h"

namespace clary::agent {
namespace {

namespace fs = std::filesystem;
using containers::Attachment;
using containers::RuntimeError;
using process::FileDescriptor;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kRetry{250};
constexpr seconds kLook{1};           // between two looks into the log of a program that runs
constexpr seconds kExitCodeTime{20};  // how long the runtime is waited for, to say the exit code
constexpr seconds kLastOutputTime{5};
constexpr milliseconds kEndTogether{1000};  // of the output and of the program

std::string cannot_start(const JobSpec& spec, const std::string& why) {
  const std::string verb = spec.command.empty() ? std::string() : " " + spec.command.front();
  return "CannotStartContainerError. Please make sure the container can be run with 'docker run "
         "<image>" +
         verb + "'. " + why;
}

bool is_ready(int file, milliseconds time) {
  pollfd waited{file, POLLIN, 0};
  return ::poll(&waited, 1, static_cast<int>(time.count())) > 0;
}

// What runc says after this, its own process says, which waits for the container's first one
// (libcontainer's process_linux.go), unless it repeats what that one reports. When the first one is
// killed, or does not get memory, it knows no more than that it was gone, and each step that it was
// at has words of its own for that.
bool first_process_was_lost(std::string_view what) {
  constexpr std::string_view kStart = "unable to start container process: ";
  constexpr std::string_view kReported = "error during container init: ";
  const auto start = what.find(kStart);
  if (start == std::string_view::npos) return false;
  what.remove_prefix(start + kStart.size());
  if (what.starts_with("exec")) return false;
  if (!what.starts_with(kReported)) return true;
  what.remove_prefix(kReported.size());
  // "%!w(<nil>)" is its way to say that the other end was closed.
  return what.starts_with("EOF") || what.starts_with("%!w(<nil>)") || what.contains("init-p: ");
}

// What the runtime says when something outside hindered it before the user's program began. Podmans
// that share no lock change the same chains of the firewall, and one that meets another's change is
// refused. And processes of the runtime may be killed, or not get a process or memory.
bool passes_by(std::string_view what) {
  constexpr std::array<std::string_view, 4> kSigns{"netavark", "container process is already dead",
                                                   "no such process", "no logs from conmon"};
  return first_process_was_lost(what) ||
         std::ranges::any_of(kSigns, [&](auto sign) { return what.contains(sign); });
}

// Tries again what may pass by. Throws RuntimeError.
template <class Step>
void retrying(const Step& step) {
  constexpr int kTries = 5;
  for (int i = 1;; ++i) {
    try {
      return step();
    } catch (const RuntimeError& error) {
      if (!passes_by(error.what())) throw;
      if (i == kTries) {
        throw RuntimeError(error.status(),
                           std::string(error.what()) + " (" + std::to_string(kTries) +
                               " times: is the machine out of memory or of processes?)");
      }
      spdlog::warn("tries again: {}", error.what());
    }
    ::poll(nullptr, 0, static_cast<int>(kRetry.count()) * i);
  }
}

FileDescriptor make_event() {
  return FileDescriptor(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
}

void set_non_blocking(const FileDescriptor& file) {
  fcntl(file.get(), F_SETFL, fcntl(file.get(), F_GETFL) | O_NONBLOCK);
}

}  // namespace

ContainerWorkload::ContainerWorkload(const WorkloadOptions& options)
    : options_(options),
      mark_(options.run.folder / "container"),
      output_(process::make_pipe()),
      error_(process::make_pipe()),
      ended_(make_event()),
      stop_(make_event()) {
  for (const process::Pipe* pipe : {&output_, &error_}) set_non_blocking(pipe->reader);
  const auto socket = containers::find_socket(options.run.container_socket);
  if (!socket) {
    throw CannotLaunch("the image " + options.run.spec.image +
                       " cannot be run: " + containers::kNoRuntime);
  }
  runtime_ = std::make_unique<containers::Runtime>(*socket);
  try {
    create();
  } catch (const RuntimeError& error) {
    const std::string what = error.what();
    try {
      if (!id_.empty()) runtime_->remove(id_);
    } catch (const RuntimeError&) {
      // The server removes it: the mark is there.
    }
    throw CannotLaunch(cannot_start(options.run.spec, what));
  }
}

void ContainerWorkload::create() {
  if (!(std::ofstream(mark_) << container_name(options_.run.spec.id) << std::flush)) {
    throw StorageError("write " + mark_.string());
  }
  pull_image(options_.run, *runtime_, SystemClock());
  const containers::ContainerSpec spec = container_spec(options_);
  own_network_ = spec.network != "host" && options_.network == nullptr;
  retrying([&] { set_up(spec); });
  frames_ = std::make_unique<containers::FrameReader>(
      [this](containers::Stream stream, std::string_view bytes) { follow_output(stream, bytes); });
  // Podman has set up the process by now, Docker makes one when it starts.
  if (const int pid = runtime_->inspect(id_).pid; pid > 0) open_process(pid);
}

// Podman sets up the network and the container's first process when it is attached to. A container
// in which that failed is not used again: runc may still know its ID, and refuse it.
void ContainerWorkload::set_up(const containers::ContainerSpec& spec) {
  if (!id_.empty()) runtime_->remove(id_);
  id_.clear();
  id_ = runtime_->create(spec);
  attachment_ = std::make_unique<Attachment>(runtime_->socket(), id_);
}

ContainerWorkload::~ContainerWorkload() {
  eventfd_write(stop_.get(), 1);
  if (thread_.joinable()) thread_.join();
  serving_.reset();
  server_.reset();
  attachment_.reset();
  try {
    if (!id_.empty()) runtime_->remove(id_);
    std::error_code ignored;
    fs::remove(mark_, ignored);
  } catch (const RuntimeError& error) {
    spdlog::warn("the container stays for the server to remove: {}", error.what());
  }
}

void ContainerWorkload::open_process(int pid) {
  pidfd_.reset(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (!pidfd_) return;
  pid_ = pid;
  cgroup_ = process::Cgroup::of_process(options_.run.cgroup_root, pid);
  connect_network(pid);
}

// A container that has a network of its own reaches Clary at the address it has outside, and its
// model server is reached at the gateway's socket.
void ContainerWorkload::connect_network(int pid) {
  const JobSpec& spec = options_.run.spec;
  constexpr std::uint16_t kServingPort = 8080;
  if (geteuid() != 0 || !own_network_) return;
  const std::string path = "/proc/" + std::to_string(pid) + "/ns/net";
  FileDescriptor network(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!network) return;
  if (spec.network) {
    server_ = std::make_unique<Relay>(
        Relay::Options{.listener = listen_in(network, options_.run.server.port),
                       .target = options_.run.server,
                       .network = {}});
  }
  if (!options_.serving_socket.empty()) {
    serving_ = std::make_unique<Relay>(
        Relay::Options{.listener = listen_unix(options_.serving_socket),
                       .target = {.host = "127.0.0.1", .port = kServingPort, .unix_path = {}},
                       .network = std::move(network)});
  }
}

void ContainerWorkload::go() {
  try {
    retrying([&] { runtime_->start(id_); });  // where Docker sets it up
    started_ = true;
    if (!pidfd_) {
      const containers::ContainerState state = runtime_->inspect(id_);
      if (state.pid > 0) open_process(state.pid);
      if (geteuid() != 0 && state.published_port > 0) {
        serving_ = std::make_unique<Relay>(Relay::Options{
            .listener = listen_unix(options_.serving_socket),
            .target = {.host = "127.0.0.1", .port = state.published_port, .unix_path = {}},
            .network = {}});
      }
    }
  } catch (const RuntimeError& error) {
    throw CannotLaunch(cannot_start(options_.run.spec, error.what()));
  }
  thread_ = std::thread([this] { follow(); });
}

void ContainerWorkload::signal(int number, const char* name) {
  // The process itself, which takes no runtime that answers. EPERM: it is another user's.
  if (pidfd_ && syscall(SYS_pidfd_send_signal, pidfd_.get(), number, nullptr, 0) == 0) return;
  if (pidfd_ && errno == ESRCH) return;
  try {
    runtime_->signal(id_, name);
  } catch (const RuntimeError& error) {
    spdlog::warn("{} could not be sent: {}", name, error.what());
  }
}

void ContainerWorkload::terminate() {
  if (!started_) return kill();
  signal(SIGTERM, "SIGTERM");
}

void ContainerWorkload::kill() {
  if (std::exchange(killed_, true)) return;
  if (!started_) return end({.code = 0, .signal = SIGKILL}, "");
  signal(SIGKILL, "SIGKILL");
}

std::optional<process::Exit> ContainerWorkload::poll() {
  const std::lock_guard lock(mutex_);
  return exit_;
}

std::string ContainerWorkload::lost() const {
  const std::lock_guard lock(mutex_);
  return lost_;
}

ResourceSource ContainerWorkload::resources() const {
  ResourceSource source;
  if (cgroup_) source.cgroups = cgroup_->folders();
  source.process = pid_;
  return source;
}

void ContainerWorkload::end(const process::Exit& exit, std::string lost) {
  const std::lock_guard lock(mutex_);
  exit_ = exit;
  lost_ = std::move(lost);
  eventfd_write(ended_.get(), 1);
}

bool ContainerWorkload::stopped_within(milliseconds time) const {
  return is_ready(stop_.get(), time);
}

// Waits for the agent to take it, as a pipe of the program's own would.
void ContainerWorkload::follow_output(containers::Stream stream, std::string_view bytes) {
  const bool is_output = stream == containers::Stream::kOutput;
  (is_output ? output_bytes_ : error_bytes_) += bytes.size();
  const int file = (is_output ? output_ : error_).writer.get();
  while (!bytes.empty()) {
    std::array<pollfd, 2> waited{{{file, POLLOUT, 0}, {stop_.get(), POLLIN, 0}}};
    ::poll(waited.data(), waited.size(), -1);
    if (waited[1].revents != 0) return;
    // A pipe that can be written takes this much without waiting.
    const ssize_t written = write(file, bytes.data(), std::min<std::size_t>(bytes.size(), 4096));
    if (written < 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

// False when it ended.
bool ContainerWorkload::pump_attachment() {
  std::array<char, 64 * 1024> piece;
  const ssize_t got = read(attachment_->descriptor(), piece.data(), piece.size());
  if (got < 0 && (errno == EINTR || errno == EAGAIN)) return true;
  if (got <= 0) return false;
  frames_->feed({piece.data(), static_cast<std::size_t>(got)});
  return true;
}

// What the runtime keeps of the output, without what is here already. It is the only source once an
// attachment broke: a new one would start at a moment nobody knows, with a gap before it.
void ContainerWorkload::read_log() {
  containers::FrameReader rest(
      [this](containers::Stream stream, std::string_view bytes) { follow_output(stream, bytes); },
      output_bytes_, error_bytes_);
  runtime_->logs(id_, rest);
}

// While the program runs. It may take a tenth of the time: a log is read whole each time.
void ContainerWorkload::look_into_log() {
  const auto began = std::chrono::steady_clock::now();
  if (began < next_look_) return;
  try {
    read_log();
  } catch (const RuntimeError&) {
    // It is not back yet.
  }
  const auto now = std::chrono::steady_clock::now();
  next_look_ = now + std::max<std::chrono::steady_clock::duration>(kLook, 9 * (now - began));
}

void ContainerWorkload::follow() {
  try {
    frames_->feed(attachment_->take_first());
    while (true) {
      std::array<pollfd, 3> files{{{attachment_ ? attachment_->descriptor() : -1, POLLIN, 0},
                                   {pidfd_.get(), POLLIN, 0},
                                   {stop_.get(), POLLIN, 0}}};
      ::poll(files.data(), files.size(), attachment_ ? -1 : static_cast<int>(kRetry.count()));
      if (files[2].revents != 0) return;
      if (files[1].revents != 0) break;
      if (files[0].revents != 0 && !pump_attachment()) {
        attachment_.reset();
        broke_ = true;
        if (!pidfd_ || is_ready(pidfd_.get(), kEndTogether)) break;
        spdlog::warn("the container's output broke off; the runtime is asked for it again");
      }
      if (!attachment_) look_into_log();
    }
  } catch (const containers::BadFrame& error) {
    spdlog::error("{}", error.what());
    broke_ = std::exchange(attachment_, nullptr) != nullptr;
    while (pidfd_ && !is_ready(pidfd_.get(), kRetry)) {
      if (stopped_within(milliseconds(0))) return;
    }
  }
  conclude();
}

// What is still on its way, once the program has ended.
void ContainerWorkload::drain_attachment() {
  const auto until = std::chrono::steady_clock::now() + kLastOutputTime;
  while (attachment_) {
    const auto left = std::chrono::ceil<milliseconds>(until - std::chrono::steady_clock::now());
    if (left.count() <= 0 || !is_ready(attachment_->descriptor(), left)) {
      broke_ = true;
      attachment_.reset();
    } else if (!pump_attachment()) {
      attachment_.reset();
    }
  }
}

// The log is whole once the runtime says that the container ended. One that cannot be had (it is
// kept nowhere, say) fails no job. Throws RuntimeError when the runtime is to be asked again.
void ContainerWorkload::read_last_output() {
  try {
    read_log();
  } catch (const RuntimeError& error) {
    if (error.unreachable()) throw;
    spdlog::error("the end of the container's output is lost: {}", error.what());
  }
}

// The program has ended; its output and exit code may still be on their way to the runtime.
void ContainerWorkload::conclude() {
  // At once: the runtime removes the group when it cleans up.
  if (cgroup_ && cgroup_->out_of_memory()) out_of_memory_ = true;
  const auto until = std::chrono::steady_clock::now() + kExitCodeTime;
  std::string why = "the container runtime does not know that its container ended";
  while (!stopped_within(milliseconds(0))) {
    try {
      drain_attachment();
      const containers::ContainerState state = runtime_->inspect(id_);
      if (state.out_of_memory) out_of_memory_ = true;
      if (state.ended) {
        if (broke_) read_last_output();
        return end({.code = state.exit_code, .signal = 0}, "");
      }
    } catch (const RuntimeError& error) {
      why = error.what();
      broke_ = true;
    } catch (const containers::BadFrame& error) {
      spdlog::error("{}", error.what());
      // Of the attachment: the log may do. Of the log: nothing is left to read.
      broke_ = std::exchange(attachment_, nullptr) != nullptr;
    }
    if (std::chrono::steady_clock::now() >= until) {
      constexpr int kUnknown = 255;
      return end({.code = kUnknown, .signal = 0},
                 "the container ended, but its exit code is not known: " + why);
    }
    if (stopped_within(milliseconds(20))) return;
  }
}

}  // namespace clary::agent
