#include "process/syscall_filter.h"

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <system_error>

namespace clary::process {
namespace {

struct ContextFree {
  void operator()(scmp_filter_ctx context) const { seccomp_release(context); }
};
using Context = std::unique_ptr<void, ContextFree>;

// Mounts and name spaces: the sandbox's own walls.
constexpr std::array kWalls{SCMP_SYS(mount),        SCMP_SYS(umount2),    SCMP_SYS(pivot_root),
                            SCMP_SYS(chroot),       SCMP_SYS(setns),      SCMP_SYS(unshare),
                            SCMP_SYS(fsopen),       SCMP_SYS(fsconfig),   SCMP_SYS(fsmount),
                            SCMP_SYS(fspick),       SCMP_SYS(move_mount), SCMP_SYS(open_tree),
                            SCMP_SYS(mount_setattr)};
// The kernel itself, its clock, its logs and its keys.
constexpr std::array kKernel{SCMP_SYS(bpf),           SCMP_SYS(perf_event_open),
                             SCMP_SYS(kexec_load),    SCMP_SYS(kexec_file_load),
                             SCMP_SYS(init_module),   SCMP_SYS(finit_module),
                             SCMP_SYS(delete_module), SCMP_SYS(reboot),
                             SCMP_SYS(swapon),        SCMP_SYS(swapoff),
                             SCMP_SYS(acct),          SCMP_SYS(quotactl),
                             SCMP_SYS(settimeofday),  SCMP_SYS(clock_settime),
                             SCMP_SYS(clock_adjtime), SCMP_SYS(adjtimex),
                             SCMP_SYS(iopl),          SCMP_SYS(ioperm),
                             SCMP_SYS(syslog),        SCMP_SYS(vhangup),
                             SCMP_SYS(add_key),       SCMP_SYS(request_key),
                             SCMP_SYS(keyctl),        SCMP_SYS(lookup_dcookie)};
// Ways around permissions, and calls whose past is full of holes.
constexpr std::array kHoles{SCMP_SYS(open_by_handle_at), SCMP_SYS(name_to_handle_at),
                            SCMP_SYS(userfaultfd),       SCMP_SYS(process_vm_readv),
                            SCMP_SYS(process_vm_writev), SCMP_SYS(kcmp),
                            SCMP_SYS(pidfd_getfd),       SCMP_SYS(fanotify_init)};
constexpr std::array kMissing{SCMP_SYS(clone3), SCMP_SYS(io_uring_setup), SCMP_SYS(io_uring_enter),
                              SCMP_SYS(io_uring_register)};
// Sockets that talk to the kernel's inner parts or to other machines beside IP.
constexpr std::array kFamilies{AF_PACKET, AF_VSOCK, AF_ALG, AF_KEY, AF_XDP, AF_BLUETOOTH, AF_TIPC};

void must(int result, const char* what) {
  if (result < 0) throw std::system_error(-result, std::generic_category(), what);
}

template <std::size_t kSize>
void refuse(const Context& filter, const std::array<int, kSize>& calls, int error) {
  for (const int call : calls) {
    must(seccomp_rule_add(filter.get(), SCMP_ACT_ERRNO(static_cast<unsigned>(error)), call, 0),
         "seccomp_rule_add");
  }
}

void refuse_if(const Context& filter, int call, const scmp_arg_cmp& argument) {
  must(seccomp_rule_add(filter.get(), SCMP_ACT_ERRNO(EPERM), call, 1, argument),
       "seccomp_rule_add");
}

void refuse_arguments(const Context& filter) {
  // New name spaces by clone: the flags stand in one register, which clone3 hides in memory.
  for (const unsigned long flag : {CLONE_NEWUSER, CLONE_NEWNS, CLONE_NEWNET, CLONE_NEWPID,
                                   CLONE_NEWIPC, CLONE_NEWUTS, CLONE_NEWCGROUP}) {
    refuse_if(filter, SCMP_SYS(clone), scmp_arg_cmp{0, SCMP_CMP_MASKED_EQ, flag, flag});
  }
  // Typing into the terminal of whoever started the server.
  for (const unsigned long request :
       {static_cast<unsigned long>(TIOCSTI), 0x541CUL /*TIOCLINUX*/}) {
    refuse_if(filter, SCMP_SYS(ioctl), scmp_arg_cmp{1, SCMP_CMP_MASKED_EQ, 0xFFFFFFFFUL, request});
  }
  for (const int family : kFamilies) {
    refuse_if(filter, SCMP_SYS(socket),
              scmp_arg_cmp{0, SCMP_CMP_EQ, static_cast<scmp_datum_t>(family), 0});
  }
}

}  // namespace

FileDescriptor make_syscall_filter() {
  const Context filter(seccomp_init(SCMP_ACT_ALLOW));
  if (!filter) throw std::system_error(ENOMEM, std::generic_category(), "seccomp_init");
  refuse(filter, kWalls, EPERM);
  refuse(filter, kKernel, EPERM);
  refuse(filter, kHoles, EPERM);
  refuse(filter, kMissing, ENOSYS);
  refuse_arguments(filter);
  FileDescriptor file(memfd_create("syscall-filter", MFD_CLOEXEC));
  if (!file) throw std::system_error(errno, std::generic_category(), "memfd_create");
  must(seccomp_export_bpf(filter.get(), file.get()), "seccomp_export_bpf");
  if (lseek(file.get(), 0, SEEK_SET) != 0) {
    throw std::system_error(errno, std::generic_category(), "lseek");
  }
  return file;
}

}  // namespace clary::process
