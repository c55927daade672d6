#include "process/spread_folders.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>

#include <system_error>

#include "process/file_descriptor.h"

namespace clary::process {

void make_spreading_folder(const std::filesystem::path& folder) {
  std::error_code ignored;
  std::filesystem::create_directories(folder, ignored);
  const FileDescriptor file(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  long flags = 0;  // the kernel reads and writes an int, whatever the request's number says
  if (!file || ioctl(file.get(), FS_IOC_GETFLAGS, &flags) != 0) return;
  if ((flags & FS_TOPDIR_FL) != 0) return;
  flags |= FS_TOPDIR_FL;
  ioctl(file.get(), FS_IOC_SETFLAGS, &flags);
}

}  // namespace clary::process
