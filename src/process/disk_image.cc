#include "process/disk_image.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <array>
#include <stdexcept>
#include <system_error>

#include "process/spawn.h"

namespace clary::process {
namespace {

namespace fs = std::filesystem;

constexpr int kLoopAttempts = 16;  // another program may take the free device first
constexpr std::size_t kMostSaid = 4096;

[[noreturn]] void broken(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

std::optional<fs::path> find_tool(std::string_view name) {
  for (const char* folder : {"/usr/sbin", "/sbin", "/usr/bin"}) {
    const fs::path file = fs::path(folder) / name;
    if (::access(file.c_str(), X_OK) == 0) return file;
  }
  return std::nullopt;
}

bool is_over(const FileDescriptor& device, const struct stat& image) {
  loop_info64 info{};
  return ioctl(device.get(), LOOP_GET_STATUS64, &info) == 0 && info.lo_device == image.st_dev &&
         info.lo_inode == image.st_ino;
}

}  // namespace

std::optional<std::string> why_no_disk_images(std::initializer_list<std::string_view> tools) {
  if (::geteuid() != 0) return "mounting the file system for it takes root";
  for (const std::string_view tool : tools) {
    if (!find_tool(tool)) {
      return std::string(tool) + " is not installed (apt-get install e2fsprogs)";
    }
  }
  if (::access("/dev/loop-control", R_OK | W_OK) != 0) return "/dev/loop-control cannot be opened";
  return std::nullopt;
}

ToolEnd run_tool(std::string_view tool, const std::vector<std::string>& arguments,
                 std::chrono::milliseconds patience, int inherited) {
  const auto program = find_tool(tool);
  if (!program) throw std::runtime_error(std::string(tool) + " is not installed");
  const FileDescriptor output(memfd_create("said", MFD_CLOEXEC));
  Command command;
  command.arguments = {*program};
  command.arguments.insert(command.arguments.end(), arguments.begin(), arguments.end());
  command.environment = {"PATH=/usr/sbin:/sbin:/usr/bin:/bin", "LC_ALL=C"};
  command.standard_output = command.standard_error = output.get();
  if (inherited >= 0) command.inherited = {inherited};
  Child child = spawn(command);
  const auto ended = child.wait(patience);
  if (!ended) {
    child.signal(SIGKILL);
    child.wait(patience);
    throw std::runtime_error(std::string(tool) + " did not end in time");
  }
  ToolEnd end{.code = shell_code(*ended), .said = std::string(kMostSaid, '\0')};
  const ssize_t got = pread(output.get(), end.said.data(), end.said.size(), 0);
  end.said.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return end;
}

LoopDevice attach(const FileDescriptor& image) {
  const FileDescriptor control(open("/dev/loop-control", O_RDWR | O_CLOEXEC));
  if (!control) broken("/dev/loop-control");
  for (int attempt = 0;; ++attempt) {
    const int number = ioctl(control.get(), LOOP_CTL_GET_FREE);
    if (number < 0) broken("a free loop device");
    const std::string name = "/dev/loop" + std::to_string(number);
    FileDescriptor device(open(name.c_str(), O_RDWR | O_CLOEXEC));
    loop_config config{};
    config.fd = static_cast<std::uint32_t>(image.get());
    config.info.lo_flags = LO_FLAGS_AUTOCLEAR;
    if (device && ioctl(device.get(), LOOP_CONFIGURE, &config) == 0) {
      return {std::move(device), name};
    }
    if ((device && errno != EBUSY) || attempt == kLoopAttempts) broken(name);
  }
}

std::optional<LoopDevice> find_attached(const fs::path& image) {
  struct stat wanted{};
  if (stat(image.c_str(), &wanted) != 0) return std::nullopt;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/sys/block", error)) {
    const std::string device = entry.path().filename();
    if (!device.starts_with("loop") || !fs::exists(entry.path() / "loop/backing_file", error)) {
      continue;
    }
    LoopDevice found{.file = FileDescriptor(open(("/dev/" + device).c_str(), O_RDWR | O_CLOEXEC)),
                     .name = "/dev/" + device};
    if (found.file && is_over(found.file, wanted)) return found;
  }
  return std::nullopt;
}

bool is_mounted(const fs::path& place) {
  struct stat inside{}, outside{};
  return stat(place.c_str(), &inside) == 0 && stat(place.parent_path().c_str(), &outside) == 0 &&
         inside.st_dev != outside.st_dev;
}

std::string device_name(const fs::path& folder) {
  struct stat status{};
  if (stat(folder.c_str(), &status) != 0) return "";
  std::error_code error;
  const std::string number =
      std::to_string(major(status.st_dev)) + ":" + std::to_string(minor(status.st_dev));
  return fs::canonical("/sys/dev/block/" + number, error).filename();
}

}  // namespace clary::process
