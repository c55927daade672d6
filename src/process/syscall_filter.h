// The system calls a workload may not make: those that only reach into the kernel or into other
// processes, which training and serving never need. What is left is what containers allow, since
// frameworks expect it.
#pragma once

#include "process/file_descriptor.h"

namespace clary::process {

// A compiled seccomp filter in memory, for bubblewrap's --seccomp (Sandbox::syscall_filter); it is
// at its start, and each reader needs a descriptor of its own. Refused calls fail with EPERM, or
// ENOSYS where programs have another way to go (clone3, io_uring). Foreign architectures are
// killed. Throws std::system_error.
FileDescriptor make_syscall_filter();

}  // namespace clary::process
