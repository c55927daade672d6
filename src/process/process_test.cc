#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <future>
#include <system_error>

#include "process/cgroup.h"
#include "process/exit_watch.h"
#include "process/process_id.h"
#include "process/sandbox.h"
#include "process/shared_libraries.h"
#include "process/spawn.h"
#include "process/syscall_filter.h"

namespace clary::process {
namespace {

namespace fs = std::filesystem;
using std::chrono::seconds;

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = fs::temp_directory_path() / "clary-process-XXXXXX";
    path_ = mkdtemp(pattern.data());
  }
  ~TemporaryFolder() { fs::remove_all(path_); }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

std::string read_all(const FileDescriptor& file) {
  std::string text;
  char buffer[4096];
  for (ssize_t size; (size = read(file.get(), buffer, sizeof buffer)) > 0;) {
    text.append(buffer, static_cast<std::size_t>(size));
  }
  return text;
}

std::string output_of(Command command, int* code = nullptr) {
  Pipe pipe = make_pipe();
  command.standard_output = pipe.writer.get();
  Child child = spawn(command);
  pipe.writer.reset();
  std::string text = read_all(pipe.reader);
  const auto exit = child.wait(seconds(20));
  if (code != nullptr) *code = exit ? shell_code(*exit) : -1;
  return text;
}

TEST(Spawn, GivesExitCodesAndSignals) {
  EXPECT_EQ(spawn({.arguments = {"/bin/true"}}).wait(seconds(20))->code, 0);
  EXPECT_EQ(spawn({.arguments = {"/bin/false"}}).wait(seconds(20))->code, 1);
  Child sleeper = spawn({.arguments = {"/bin/sleep", "60"}});
  EXPECT_FALSE(sleeper.poll().has_value());
  sleeper.signal(SIGKILL);
  EXPECT_EQ(shell_code(*sleeper.wait(seconds(20))), 128 + SIGKILL);
}

TEST(Spawn, SaysWhatFailed) {
  try {
    spawn({.arguments = {"/no/such/program"}});
    FAIL();
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code().value(), ENOENT);
    EXPECT_NE(std::string(error.what()).find("/no/such/program"), std::string::npos);
  }
}

TEST(Spawn, PassesOnlyTheEnvironmentAndDescriptorsAskedFor) {
  setenv("CLARY_TEST_SECRET", "x", 1);
  EXPECT_EQ(output_of({.arguments = {"/usr/bin/env"}, .environment = {"A=b"}}), "A=b\n");
  // A descriptor without close-on-exec, as a careless library leaves them.
  const FileDescriptor stray(open("/dev/null", O_RDONLY));
  const std::string listed = output_of({.arguments = {"/bin/ls", "/proc/self/fd"}});
  EXPECT_EQ(listed, "0\n1\n2\n3\n") << "3 is ls's own";
}

TEST(Spawn, ASignalToTheSessionReachesWhatTheChildStarted) {
  Pipe pipe = make_pipe();
  Child child = spawn({.arguments = {"/bin/sh", "-c", "sleep 60 & echo ready; wait"},
                       .standard_output = pipe.writer.get(),
                       .new_session = true});
  pipe.writer.reset();
  char line[6];
  ASSERT_EQ(read(pipe.reader.get(), line, sizeof line), 6);
  child.signal_session(SIGKILL);
  EXPECT_EQ(read_all(pipe.reader), "") << "ends when the last process that holds the pipe has";
  EXPECT_EQ(child.wait(seconds(20))->signal, SIGKILL);
}

TEST(ProcessId, IsTrueOnlyForThatProcess) {
  Child child = spawn({.arguments = {"/bin/sleep", "60"}, .new_session = true});
  const auto id = process_id(child.pid());
  ASSERT_TRUE(id.has_value());
  EXPECT_EQ(parse_process_id(to_text(*id)), *id);
  EXPECT_TRUE(alive(*id));
  EXPECT_FALSE(alive({id->pid, id->start_time + 1}));
  EXPECT_FALSE(send_signal({id->pid, id->start_time + 1}, SIGKILL));
  EXPECT_EQ(getsid(child.pid()), child.pid());
  EXPECT_TRUE(send_signal(*id, SIGKILL));
  EXPECT_EQ(child.wait(seconds(20))->signal, SIGKILL);
  EXPECT_FALSE(alive(*id));
  EXPECT_FALSE(parse_process_id("12").has_value());
  EXPECT_FALSE(parse_process_id("x:1").has_value());
}

TEST(ExitWatch, TellsOnceAndReaps) {
  ExitWatch watch;
  Child child = spawn({.arguments = {"/bin/sleep", "60"}});
  const ProcessId id = *process_id(child.pid());
  std::promise<void> ended;
  watch.watch(id, [&] { ended.set_value(); });
  child.signal(SIGKILL);
  ASSERT_EQ(ended.get_future().wait_for(seconds(20)), std::future_status::ready);
  EXPECT_NE(kill(child.pid(), 0), 0) << "no zombie is left";
  std::promise<void> again;
  watch.watch(id, [&] { again.set_value(); });
  EXPECT_EQ(again.get_future().wait_for(seconds(20)), std::future_status::ready);
}

TEST(SharedLibraries, ReadsElfAndNothingElse) {
  EXPECT_TRUE(library_folders("/bin/true").empty());
  EXPECT_TRUE(library_folders("/etc/passwd").empty());
  EXPECT_TRUE(library_folders("/no/such/file").empty());
}

TEST(Cgroup, WritesVersionOneLimits) {
  const TemporaryFolder root;
  for (const char* controller : {"memory", "cpu", "pids"}) {
    fs::create_directories(root.path() / controller / "job");
  }
  std::ofstream(root.path() / "memory/job/memory.limit_in_bytes") << "";
  std::ofstream(root.path() / "memory/job/memory.oom_control") << "under_oom 0\noom_kill 2\n";
  std::ofstream(root.path() / "cpu/job/cpu.cfs_quota_us") << "";
  const auto group = Cgroup::create(root.path(), "job", {.memory_bytes = 4096, .cpus = 0.5});
  ASSERT_TRUE(group.has_value());
  std::string text;
  std::ifstream(root.path() / "memory/job/memory.limit_in_bytes") >> text;
  EXPECT_EQ(text, "4096");
  std::ifstream(root.path() / "cpu/job/cpu.cfs_quota_us") >> text;
  EXPECT_EQ(text, "50000");
  EXPECT_EQ(group->entry_files().size(), 2U);
  EXPECT_TRUE(group->out_of_memory());
}

TEST(Cgroup, IsAbsentWhereNothingCanBeWritten) {
  EXPECT_FALSE(Cgroup::create("/no/such/root", "job", {.memory_bytes = 4096}).has_value());
}

class SandboxTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!find_bubblewrap()) GTEST_SKIP() << kNoBubblewrap;
    sandbox_.opt_ml = folder_.path();
  }
  std::string run(const std::vector<std::string>& program, int* code = nullptr) {
    return output_of(command(program), code);
  }
  Command command(const std::vector<std::string>& program) {
    sandbox_.files = etc_files(sandbox_.network);
    return {.arguments = sandbox_command(*find_bubblewrap(), sandbox_, program),
            .environment = {"PATH=/usr/bin:/bin"},
            .inherited = inherited_by(sandbox_)};
  }
  TemporaryFolder folder_;
  Sandbox sandbox_;
};

TEST_F(SandboxTest, HasItsOwnOptMlAndAReadOnlyRoot) {
  int code = 0;
  run({"/usr/bin/touch", "/opt/ml/here"}, &code);
  EXPECT_EQ(code, 0);
  EXPECT_TRUE(fs::exists(folder_.path() / "here"));
  run({"/usr/bin/touch", "/usr/there"}, &code);
  EXPECT_NE(code, 0);
  run({"/usr/bin/touch", "/there"}, &code);
  EXPECT_NE(code, 0);
  EXPECT_EQ(run({"/bin/ls", "/home", "/root"}, &code), "");
  EXPECT_NE(code, 0);
}

TEST_F(SandboxTest, HasTheMachinesAccountsToRead) {
  EXPECT_NE(run({"/bin/cat", "/etc/passwd"}).find("root:"), std::string::npos);
  EXPECT_EQ(run({"/bin/stat", "-L", "-c", "%a", "/etc/passwd"}), "444\n");
  int code = 0;
  run({"/bin/sh", "-c", "echo x >> /etc/passwd"}, &code);
  EXPECT_NE(code, 0);
  EXPECT_EQ(run({"/bin/cat", "/etc/resolv.conf"}), "");
  sandbox_.network = true;
  EXPECT_EQ(run({"/bin/ls", "/etc/services"}), "/etc/services\n");
}

TEST_F(SandboxTest, HasNoCapabilitiesNoNetworkAndItsName) {
  const std::string status = run({"/bin/cat", "/proc/self/status"});
  EXPECT_NE(status.find("CapEff:\t0000000000000000"), std::string::npos) << status;
  EXPECT_NE(status.find("NoNewPrivs:\t1"), std::string::npos);
  EXPECT_EQ(run({"/bin/hostname"}), "algo-1\n");
  const std::string interfaces = run({"/bin/cat", "/proc/net/dev"});
  EXPECT_NE(interfaces.find("lo:"), std::string::npos);
  EXPECT_EQ(interfaces.find("eth0:"), std::string::npos);
}

// What a workload tries against the kernel and against others; Python makes the calls.
enum class Becomes { kByOurs, kBySetpriv };
class UserTest : public SandboxTest, public testing::WithParamInterface<Becomes> {};
INSTANTIATE_TEST_SUITE_P(Ways, UserTest, testing::Values(Becomes::kByOurs, Becomes::kBySetpriv));

TEST_P(UserTest, IsNotRootOfTheHost) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can become somebody else";
  constexpr uid_t kSomebody = 0x70000001;
  sandbox_.user = kSomebody;
  const FileDescriptor become = open_become();
  ASSERT_TRUE(become);
  if (GetParam() == Becomes::kByOurs) sandbox_.become = become.get();
  ASSERT_EQ(chown(folder_.path().c_str(), kSomebody, kSomebody), 0);
  fs::permissions(folder_.path(), fs::perms{0755});
  int code = 0;
  EXPECT_EQ(run({"/usr/bin/id", "-u"}), "1879048193\n");
  run({"/usr/bin/touch", "/opt/ml/here", "/tmp/x", "/dev/shm/x"}, &code);
  EXPECT_EQ(code, 0);
  // Who owns the kernel's files may write them, capability or not.
  // (ns_last_pid is everybody's to open; writing it needs a capability.)
  EXPECT_EQ(run({"/usr/bin/find", "/proc/sys", "-writable", "-not", "-name", "ns_last_pid"}), "");
  const std::string status = run({"/bin/cat", "/proc/self/status"});
  for (const char* set : {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"}) {
    EXPECT_NE(status.find(std::string(set) + ":\t0000000000000000"), std::string::npos) << status;
  }
  EXPECT_NE(status.find("NoNewPrivs:\t1"), std::string::npos);
  EXPECT_NE(status.find("Groups:\t \n"), std::string::npos) << status;
  if (GetParam() == Becomes::kBySetpriv) return;
  // ls itself has the folder open.
  EXPECT_EQ(run({"/bin/ls", "/proc/self/fd"}), "0\n1\n2\n3\n");
  run({"/no/such/program"}, &code);
  EXPECT_EQ(code, 127);
}

TEST_F(SandboxTest, SystemCallsOutOfReach) {
  const FileDescriptor filter = make_syscall_filter();
  sandbox_.syscall_filter = filter.get();
  const std::string program = R"(
import ctypes, os, socket
libc = ctypes.CDLL(None, use_errno=True)
def call(name, number, *arguments):
    result = libc.syscall(number, *arguments)
    print(name, "done" if result >= 0 else os.strerror(ctypes.get_errno()))
call("mount", 165, b"none", b"/tmp", b"tmpfs", 0, None)
call("unshare", 272, 0x10000000)
call("keyctl", 250, 0, -3, 0)
call("bpf", 321, 0, None, 0)
call("io_uring", 425, 1, None)
call("ptrace", 101, 0, 0, 0, 0)
for name, family in (("inet", socket.AF_INET), ("packet", 17), ("alg", 38)):
    try:
        socket.socket(family, socket.SOCK_STREAM if family == 2 else 3)
        print(name, "done")
    except OSError as error:
        print(name, error.strerror)
print("thread", __import__("threading").Thread(target=print).start())
)";
  int code = 0;
  const std::string said = run({"/usr/bin/python3", "-c", program}, &code);
  EXPECT_EQ(code, 0) << said;
  for (const char* line :
       {"mount Operation not permitted", "unshare Operation not permitted",
        "keyctl Operation not permitted", "bpf Operation not permitted",
        "io_uring Function not implemented", "ptrace done", "inet done",
        "packet Operation not permitted", "alg Operation not permitted", "thread None"}) {
    EXPECT_NE(said.find(line), std::string::npos) << line << " is not in\n" << said;
  }
}

TEST(Spawn, LimitsFilesAndCoreDumps) {
  const std::string limits = output_of({.arguments = {"/bin/cat", "/proc/self/limits"},
                                        .open_files = 77,
                                        .file_bytes = 4096,
                                        .core_dumps = false});
  EXPECT_THAT(limits, testing::ContainsRegex("Max open files +77 +77"));
  EXPECT_THAT(limits, testing::ContainsRegex("Max file size +4096 +4096"));
  EXPECT_THAT(limits, testing::ContainsRegex("Max core file size +0 +0"));
}

TEST_F(SandboxTest, WaitsForTheStartSignal) {
  Pipe start = make_pipe();
  sandbox_.start_signal = start.reader.get();
  Child child = spawn(command({"/usr/bin/touch", "/opt/ml/x"}));
  EXPECT_FALSE(child.wait(std::chrono::milliseconds(100)).has_value());
  EXPECT_FALSE(fs::exists(folder_.path() / "x"));
  ASSERT_EQ(write(start.writer.get(), "1", 1), 1);
  EXPECT_EQ(child.wait(seconds(20))->code, 0);
  EXPECT_TRUE(fs::exists(folder_.path() / "x"));
}

TEST_F(SandboxTest, MemoryLimitKills) {
  const auto group = Cgroup::create("/sys/fs/cgroup", "clary-test-" + std::to_string(getpid()),
                                    {.memory_bytes = 64 << 20});
  if (!group) GTEST_SKIP() << "control groups cannot be written here";
  Command fill = command({"/bin/dd", "if=/dev/zero", "of=/dev/null", "bs=512M", "count=1"});
  fill.cgroups = group->entry_files();
  Child child = spawn(fill);
  const auto exit = child.wait(seconds(20));
  ASSERT_TRUE(exit.has_value());
  EXPECT_EQ(shell_code(*exit), 128 + SIGKILL);
  EXPECT_TRUE(group->out_of_memory());
  EXPECT_TRUE(group->remove());
}

}  // namespace
}  // namespace clary::process
