#include "process/frozen.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <system_error>

#include "process/spawn.h"

namespace clary::process {
namespace {

[[noreturn]] void broken(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

// The file system of the device, without a place: it goes with the descriptor, also when this
// program is killed. The same one that is mounted already, as the device is.
FileDescriptor root_of(const std::filesystem::path& device) {
  for (const bool read_only : {false, true}) {  // as it is mounted: the kernel may have given it up
    const FileDescriptor context(fsopen("ext4", FSOPEN_CLOEXEC));
    if (!context) broken("fsopen");
    if (read_only) fsconfig(context.get(), FSCONFIG_SET_FLAG, "ro", nullptr, 0);
    if (fsconfig(context.get(), FSCONFIG_SET_STRING, "source", device.c_str(), 0) != 0 ||
        fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0) {
      if (errno == EBUSY && !read_only) continue;
      broken("mount " + device.string());
    }
    const FileDescriptor mounted(fsmount(context.get(), FSMOUNT_CLOEXEC, 0));
    FileDescriptor root(openat(mounted.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!root) broken("the root of " + device.string());
    return root;
  }
  broken("mount " + device.string());
}

// Thaws once the other end of `alive` is closed, which happens when the program ends in any way; or
// a time after it was told that the freeze is done. Only system calls: the program may have
// threads.
int start_guard(int root, const Pipe& alive, int at_most_ms) {
  const int child = ::fork();
  if (child != 0) return child;
  ::setsid();  // what ends its parent's group does not end it
  ::close(alive.writer.get());
  char byte = 0;
  ssize_t got = 0;
  while ((got = ::read(alive.reader.get(), &byte, 1)) < 0 && errno == EINTR) {
  }
  pollfd end{.fd = alive.reader.get(), .events = POLLIN, .revents = 0};
  while (got > 0 && ::poll(&end, 1, at_most_ms) < 0 && errno == EINTR) {
  }
  ::ioctl(root, FITHAW, 0);
  ::_exit(0);
}

}  // namespace

Frozen::Frozen(const std::filesystem::path& device, std::chrono::milliseconds at_most)
    : root_(root_of(device)) {
  Pipe alive = make_pipe();
  guard_ = start_guard(root_.get(), alive, static_cast<int>(at_most.count()));
  if (guard_ < 0) broken("fork");
  alive_ = std::move(alive.writer);
  while (::ioctl(root_.get(), FIFREEZE, 0) != 0) {
    if (errno == EINTR) continue;
    if (errno == EBUSY && ::ioctl(root_.get(), FITHAW, 0) == 0) continue;  // left by a killed one
    const int error = errno;
    (void)thaw();
    errno = error;
    broken("freeze " + device.string());
  }
  (void)!::write(alive_.get(), "x", 1);
}

bool Frozen::thaw() {
  if (guard_ < 0) return false;
  const bool done = ::ioctl(root_.get(), FITHAW, 0) == 0;
  alive_.reset();
  while (::waitpid(guard_, nullptr, 0) < 0 && errno == EINTR) {
  }
  guard_ = -1;
  root_.reset();
  return done;
}

}  // namespace clary::process
