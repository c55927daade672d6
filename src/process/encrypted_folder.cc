#include "process/encrypted_folder.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <string>
#include <vector>

#include "process/spawn.h"

namespace clary::process {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

constexpr milliseconds kPatience{20000};
constexpr long kFuse = 0x65735546;  // FUSE_SUPER_MAGIC, statfs(2)

std::optional<fs::path> find_program() {
  for (const char* folder : {"/usr/bin", "/usr/local/bin"}) {
    const fs::path file = fs::path(folder) / "gocryptfs";
    if (::access(file.c_str(), X_OK) == 0) return file;
  }
  return std::nullopt;
}

bool is_mounted(const fs::path& place) {
  struct statfs facts{};
  return ::statfs(place.c_str(), &facts) == 0 && facts.f_type == kFuse;
}

// What a short program says on stderr, once its other end is closed.
std::string read_all(int file) {
  std::string text;
  char buffer[512];
  for (ssize_t size; (size = ::read(file, buffer, sizeof buffer)) > 0;) {
    text.append(buffer, static_cast<std::size_t>(size));
  }
  return text;
}

struct Started {
  Child child;
  Pipe errors;
};

Started start(std::vector<std::string> arguments, std::string_view secret) {
  Pipe input = make_pipe(), errors = make_pipe();
  Command command;
  command.arguments = std::move(arguments);
  command.environment = {"PATH=/usr/local/bin:/usr/bin:/bin"};
  command.standard_input = input.reader.get();
  command.standard_error = errors.writer.get();
  command.core_dumps = false;  // its memory holds the key
  Child child = spawn(command);
  input.reader = FileDescriptor();
  errors.writer = FileDescriptor();
  const std::string line = std::string(secret) + "\n";
  if (::write(input.writer.get(), line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
    child.signal(SIGKILL);
  }
  return {std::move(child), std::move(errors)};
}

[[noreturn]] void fail(Started& started) {
  started.child.signal(SIGKILL);
  started.child.wait(kPatience);
  throw std::runtime_error("the encrypted volume cannot be mounted: " +
                           read_all(started.errors.reader.get()));
}

}  // namespace

std::optional<std::string> why_no_encrypted_folders() {
  if (!find_program()) return "gocryptfs is not installed (apt-get install gocryptfs fuse3)";
  if (::access("/dev/fuse", R_OK | W_OK) != 0) return "/dev/fuse cannot be opened";
  if (::geteuid() != 0) return "mounting for the users of jobs takes root";
  return std::nullopt;
}

EncryptedFolder::EncryptedFolder(fs::path sealed, fs::path place, std::string_view secret)
    : sealed_(std::move(sealed)), place_(std::move(place)) {
  const auto program = find_program();
  if (!program) throw std::runtime_error(*why_no_encrypted_folders());
  fs::create_directories(sealed_);
  fs::create_directories(place_);
  // The secret is random: stretching it would only take time.
  Started made = start(
      {program->string(), "-init", "-q", "-nosyslog", "-scryptn", "10", "--", sealed_.string()},
      secret);
  const auto ended = made.child.wait(kPatience);
  if (!ended || shell_code(*ended) != 0) fail(made);
  // It goes to the background once the mount is in use, and not before: until then it opens a file
  // in it itself, and would wait for ever for a folder that we make at that moment.
  Started mounted = start({program->string(), "-q", "-nosyslog", "-allow_other", "--",
                           sealed_.string(), place_.string()},
                          secret);
  const auto up = mounted.child.wait(kPatience);
  if (!up || shell_code(*up) != 0 || !is_mounted(place_)) {
    detach_mount(place_);
    fail(mounted);
  }
  errors_ = std::move(mounted.errors.reader);
}

EncryptedFolder::~EncryptedFolder() {
  // The program ends with its mount.
  detach_mount(place_);
  std::error_code ignored;
  fs::remove_all(sealed_, ignored);
}

void detach_mount(const fs::path& place) {
  struct statfs facts{};
  // The mount of a program that was killed answers nothing but "not connected".
  const bool mounted =
      ::statfs(place.c_str(), &facts) == 0 ? facts.f_type == kFuse : errno == ENOTCONN;
  if (!mounted) return;
  ::umount2(place.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW);
}

}  // namespace clary::process
