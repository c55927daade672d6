#include "agent/resource_sampler.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <condition_variable>
#include <cstdlib>
#include <fstream>
#include <map>
#include <mutex>
#include <sstream>
#include <thread>

#include "base/text.h"
#include "process/file_descriptor.h"
#include "process/program_run.h"

namespace clary::agent {
namespace {

namespace fs = std::filesystem;
using process::FileDescriptor;
using std::chrono::seconds;

constexpr seconds kFirst{10};
constexpr std::size_t kMostEntries = 2'000'000;
constexpr std::size_t kMostEntriesAtTheEnd = 2000;
constexpr seconds kGpuTimeout{5};

std::optional<std::uint64_t> number_in(const fs::path& file) {
  std::ifstream in(file);
  std::uint64_t value = 0;
  if (!(in >> value)) return std::nullopt;
  return value;
}

// The number after `word` in a flat keyed file.
std::optional<std::uint64_t> keyed_in(const fs::path& file, std::string_view word) {
  std::ifstream in(file);
  std::string key;
  std::uint64_t value = 0;
  while (in >> key >> value) {
    if (key == word) return value;
  }
  return std::nullopt;
}

template <class Read>
auto first_of(const std::vector<fs::path>& folders, Read read) -> decltype(read(folders.front())) {
  for (const fs::path& folder : folders) {
    if (auto value = read(folder)) return value;
  }
  return std::nullopt;
}

struct ProcessLine {
  pid_t parent = 0;
  std::uint64_t ticks = 0;  // of it and of its children that ended
  std::uint64_t resident_pages = 0;
};

// /proc/PID/stat; its fields are counted from behind the name, which may hold anything.
std::optional<ProcessLine> read_process(const fs::path& folder) {
  std::ifstream in(folder / "stat");
  std::string text;
  std::getline(in, text);
  const auto name_end = text.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream fields(text.substr(name_end + 1));
  std::vector<std::string> words;
  for (std::string word; fields >> word;) words.push_back(std::move(word));
  // proc(5) counts from 1, the state being the third.
  const auto field = [&](std::size_t number) -> std::int64_t {
    return number - 3 < words.size() ? std::strtoll(words[number - 3].c_str(), nullptr, 10) : 0;
  };
  ProcessLine line;
  line.parent = static_cast<pid_t>(field(4));
  for (const std::size_t number : {14U, 15U, 16U, 17U}) {
    line.ticks += static_cast<std::uint64_t>(std::max<std::int64_t>(field(number), 0));
  }
  line.resident_pages = static_cast<std::uint64_t>(std::max<std::int64_t>(field(24), 0));
  return line;
}

// A process and all below it: for machines without control groups.
struct TreeUse {
  std::uint64_t ticks = 0, resident_pages = 0;
};
std::optional<TreeUse> use_of_tree(pid_t root) {
  std::map<pid_t, ProcessLine> all;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator("/proc", error)) {
    const std::string name = entry.path().filename();
    pid_t pid = 0;
    const auto parsed = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (parsed.ec != std::errc() || parsed.ptr != name.data() + name.size()) continue;
    if (const auto line = read_process(entry.path())) all.emplace(pid, *line);
  }
  if (!all.contains(root)) return std::nullopt;
  TreeUse use;
  for (const auto& [pid, line] : all) {
    pid_t ancestor = pid;
    // A parent that changes while this reads cannot make a circle last.
    for (int depth = 0; ancestor != root && depth < 1000; ++depth) {
      const auto found = all.find(ancestor);
      if (found == all.end()) break;
      ancestor = found->second.parent;
    }
    if (ancestor != root) continue;
    use.ticks += line.ticks;
    use.resident_pages += line.resident_pages;
  }
  return use;
}

// Bytes received and sent, in a network of the process's own; the host's would be everybody's.
std::optional<std::pair<std::uint64_t, std::uint64_t>> network_bytes_of(pid_t process) {
  if (process == 0) return std::nullopt;
  const fs::path folder = fs::path("/proc") / std::to_string(process);
  std::error_code error;
  const fs::path theirs = fs::read_symlink(folder / "ns/net", error);
  if (error || theirs == fs::read_symlink("/proc/self/ns/net", error)) return std::nullopt;
  std::ifstream in(folder / "net/dev");
  std::pair<std::uint64_t, std::uint64_t> bytes;
  bool any = false;
  for (std::string line; std::getline(in, line);) {
    const auto colon = line.find(':');
    if (colon == std::string::npos || trim(line.substr(0, colon)) == "lo") continue;
    std::istringstream fields(line.substr(colon + 1));
    std::array<std::uint64_t, 9> values{};
    for (std::uint64_t& value : values) fields >> value;
    bytes.first += values[0];
    bytes.second += values[8];
    any = true;
  }
  if (!any) return std::nullopt;
  return bytes;
}

std::uint64_t machine_memory() {
  return static_cast<std::uint64_t>(sysconf(_SC_PHYS_PAGES)) *
         static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

// False when there are more than `most` entries, or `stop` was set.
bool add_up(int folder, std::size_t& most, const std::atomic<bool>& stop, std::uint64_t& bytes) {
  DIR* stream = fdopendir(openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (stream == nullptr) return true;
  bool whole = true;
  while (const dirent* entry = readdir(stream)) {
    const std::string_view name(entry->d_name);
    if (name == "." || name == "..") continue;
    if (most-- == 0 || stop) {
      whole = false;
      break;
    }
    struct stat status = {};
    if (fstatat(folder, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
    bytes += static_cast<std::uint64_t>(status.st_blocks) * 512;
    if (!S_ISDIR(status.st_mode)) continue;
    const FileDescriptor below(
        openat(folder, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (below && !add_up(below.get(), most, stop, bytes)) {
      whole = false;
      break;
    }
  }
  closedir(stream);
  return whole;
}

std::optional<std::uint64_t> add_up(const fs::path& folder, std::size_t most,
                                    const std::atomic<bool>& stop) {
  const FileDescriptor top(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  std::uint64_t bytes = 0;
  if (!top || !add_up(top.get(), most, stop, bytes)) return std::nullopt;
  return bytes;
}

// nvidia-smi in PATH; "" when there is none.
std::string gpu_program() {
  const char* path = std::getenv("PATH");
  std::istringstream folders(path == nullptr ? "/usr/bin" : path);
  for (std::string folder; std::getline(folders, folder, ':');) {
    const std::string program = folder + "/nvidia-smi";
    if (folder.starts_with('/') && access(program.c_str(), X_OK) == 0) return program;
  }
  return "";
}

std::optional<GpuUse> gpu_use(const std::string& program) {
  process::Command command;
  command.arguments = {program, "--query-gpu=utilization.gpu,memory.used,memory.total",
                       "--format=csv,noheader,nounits"};
  command.environment = {"PATH=/usr/bin:/bin"};
  const auto run = process::try_program(command, kGpuTimeout);
  if (!run || process::shell_code(run->exit) != 0) return std::nullopt;
  return gpu_use_from(run->output);
}

}  // namespace

std::optional<double> cpu_seconds_of(const ResourceSource& source) {
  const auto nanoseconds = first_of(
      source.cgroups, [](const fs::path& folder) { return number_in(folder / "cpuacct.usage"); });
  if (nanoseconds) return static_cast<double>(*nanoseconds) / 1e9;
  const auto microseconds = first_of(source.cgroups, [](const fs::path& folder) {
    return keyed_in(folder / "cpu.stat", "usage_usec");
  });
  if (microseconds) return static_cast<double>(*microseconds) / 1e6;
  if (source.process == 0) return std::nullopt;
  const auto tree = use_of_tree(source.process);
  if (!tree) return std::nullopt;
  return static_cast<double>(tree->ticks) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

// Without pages of files that the kernel would give up at once.
std::optional<std::uint64_t> memory_bytes_of(const ResourceSource& source) {
  const auto used = first_of(source.cgroups, [](const fs::path& folder) {
    auto all = number_in(folder / "memory.usage_in_bytes");
    auto idle = keyed_in(folder / "memory.stat", "total_inactive_file");
    if (!all) all = number_in(folder / "memory.current");
    if (!idle) idle = keyed_in(folder / "memory.stat", "inactive_file");
    if (all) *all -= std::min(*all, idle.value_or(0));
    return all;
  });
  if (used || source.process == 0) return used;
  const auto tree = use_of_tree(source.process);
  if (!tree) return std::nullopt;
  return tree->resident_pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

std::optional<std::uint64_t> highest_memory_bytes_of(const ResourceSource& source) {
  return first_of(source.cgroups, [](const fs::path& folder) {
    const auto peak = number_in(folder / "memory.max_usage_in_bytes");
    return peak ? peak : number_in(folder / "memory.peak");
  });
}

std::optional<std::uint64_t> disk_bytes_below(const fs::path& folder, std::size_t most) {
  const std::atomic<bool> never{false};
  return add_up(folder, most, never);
}

std::optional<GpuUse> gpu_use_from(const std::string& text) {
  GpuUse use;
  bool any = false;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::ranges::replace(line, ',', ' ');
    std::istringstream fields(line);
    double utilization = 0, used = 0, total = 0;
    if (!(fields >> utilization >> used >> total) || total <= 0) continue;
    use.utilization += utilization;
    use.memory += 100 * used / total;
    any = true;
  }
  if (!any) return std::nullopt;
  return use;
}

struct ResourceSampler::Slow {
  Slow(fs::path folder_in, seconds every_in)
      : folder(std::move(folder_in)), every(every_in), thread([this] { run(); }) {}
  ~Slow() {
    {
      const std::lock_guard lock(mutex);
      stop = true;
    }
    changed.notify_all();
    thread.join();
  }
  void run() {
    const std::string program = gpu_program();
    while (!stop) {
      const auto bytes = add_up(folder, kMostEntries, stop);
      const auto gpu = program.empty() ? std::nullopt : gpu_use(program);
      std::unique_lock lock(mutex);
      disk_bytes = bytes;
      gpus = gpu;
      changed.wait_for(lock, every, [this] { return stop.load(); });
    }
  }

  const fs::path folder;
  const seconds every;
  std::mutex mutex;
  std::condition_variable changed;
  std::optional<std::uint64_t> disk_bytes;  // guarded by mutex
  std::optional<GpuUse> gpus;               // guarded by mutex
  std::atomic<bool> stop{false};
  std::thread thread;  // last: started when all else is ready
};

ResourceSampler::ResourceSampler(ResourceSource source, ResourceLimits limits, const Clock& clock)
    : source_(std::move(source)),
      limits_(std::move(limits)),
      clock_(clock),
      next_(clock.steady_now() + kFirst),
      last_(clock.steady_now()),
      cpu_seconds_(cpu_seconds_of(source_)) {}

ResourceSampler::~ResourceSampler() = default;

void ResourceSampler::put(json::array& metrics, const char* name, double value,
                          const char* unit) const {
  metrics.push_back({{"name", name},
                     {"value", value},
                     {"time", clock_.now().time_since_epoch().count()},
                     {"unit", unit},
                     {"resource", true}});
}

// The sum over the cores: up to 400 % with four.
void ResourceSampler::put_cpu(json::array& metrics) {
  const auto now = clock_.steady_now();
  const auto used = cpu_seconds_of(source_);
  const double passed = std::chrono::duration<double>(now - last_).count();
  if (used && cpu_seconds_ && passed > 0) {
    put(metrics, "CPUUtilization", std::max(0.0, 100 * (*used - *cpu_seconds_) / passed),
        "Percent");
  }
  cpu_seconds_ = used;
  last_ = now;
}

void ResourceSampler::put_network(json::array& metrics) {
  const auto bytes = network_bytes_of(source_.process);
  if (bytes) {
    const auto before = network_.value_or(std::pair<std::uint64_t, std::uint64_t>{});
    const auto since = [](std::uint64_t now, std::uint64_t then) {
      return static_cast<double>(now - std::min(now, then));
    };
    put(metrics, "NetworkReceivedBytes", since(bytes->first, before.first), "Bytes");
    put(metrics, "NetworkSentBytes", since(bytes->second, before.second), "Bytes");
  }
  network_ = bytes;
}

json::array ResourceSampler::sample() {
  json::array metrics;
  sampled_ = true;
  next_ = clock_.steady_now() + limits_.every;
  put_cpu(metrics);
  const std::uint64_t memory = limits_.memory_bytes == 0 ? machine_memory() : limits_.memory_bytes;
  if (const auto used = memory_bytes_of(source_)) {
    put(metrics, "MemoryUtilization",
        100 * static_cast<double>(*used) / static_cast<double>(memory), "Percent");
  }
  put_network(metrics);
  if (!slow_) {
    slow_ = std::make_unique<Slow>(limits_.folder, limits_.every);
    return metrics;
  }
  const std::lock_guard lock(slow_->mutex);
  if (slow_->disk_bytes && limits_.volume_bytes > 0) {
    put(metrics, "DiskUtilization",
        100 * static_cast<double>(*slow_->disk_bytes) / static_cast<double>(limits_.volume_bytes),
        "Percent");
  }
  if (slow_->gpus) {
    put(metrics, "GPUUtilization", slow_->gpus->utilization, "Percent");
    put(metrics, "GPUMemoryUtilization", slow_->gpus->memory, "Percent");
  }
  return metrics;
}

json::array ResourceSampler::only_sample() {
  json::array metrics;
  if (sampled_) return metrics;
  put_cpu(metrics);
  const std::uint64_t memory = limits_.memory_bytes == 0 ? machine_memory() : limits_.memory_bytes;
  if (const auto peak = highest_memory_bytes_of(source_)) {
    put(metrics, "MemoryUtilization",
        100 * static_cast<double>(*peak) / static_cast<double>(memory), "Percent");
  }
  const auto disk = limits_.volume_bytes == 0
                        ? std::nullopt
                        : disk_bytes_below(limits_.folder, kMostEntriesAtTheEnd);
  if (disk) {
    put(metrics, "DiskUtilization",
        100 * static_cast<double>(*disk) / static_cast<double>(limits_.volume_bytes), "Percent");
  }
  return metrics;
}

}  // namespace clary::agent
