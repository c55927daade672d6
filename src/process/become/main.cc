// `clary-become USER PROGRAM [ARGUMENT...]`: the first program of a sandbox. Gives up every right
// there is, becomes USER, and then PROGRAM. Linked statically and without the C++ library, since
// one starts with every workload.
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace {

[[noreturn]] void fail(const char* what) {
  fprintf(stderr, "clary-become: %s: %s\n", what, strerror(errno));
  _exit(127);
}

void give_up_rights(uid_t user) {
  prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  for (int capability = 0; prctl(PR_CAPBSET_READ, capability) >= 0; ++capability) {
    if (prctl(PR_CAPBSET_DROP, capability) != 0) fail("drop a capability for good");
  }
  if (setgroups(0, nullptr) != 0 || setresgid(user, user, user) != 0 ||
      setresuid(user, user, user) != 0) {
    fail("become the workload's user");
  }
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  const __user_cap_data_struct none[2] = {};
  if (syscall(SYS_capset, &header, none) != 0) fail("give up capabilities");
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) fail("forbid new privileges");
}

}  // namespace

int main(int argc, char** argv) {
  char* end = nullptr;
  const unsigned long user = argc < 3 ? 0 : strtoul(argv[1], &end, 10);
  // Never root, whatever stands there.
  if (user == 0 || user >= 0xffffffffUL || *end != '\0') {
    fprintf(stderr, "usage: clary-become USER PROGRAM [ARGUMENT...]\n");
    return 127;
  }
  give_up_rights(static_cast<uid_t>(user));
  // What set up the sandbox is not the workload's to see; this program among it.
  if (syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC) != 0) fail("close what is open");
  execvp(argv[2], argv + 2);
  fail(argv[2]);
}
