// Framework environments: the layer of a run, and whole runs in one.
#include "agent/python_environment.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "agent/test_support.h"
#include "agent/workload.h"
#include "process/program_run.h"
#include "process/sandbox.h"

namespace clary::agent {
namespace {

namespace fs = std::filesystem;

PythonSpec host_python() {
  const auto said = process::try_program(
      {.arguments = {"/usr/bin/python3", "-I", "-c",
                     "import sys, os; print('%d.%d' % sys.version_info[:2], end=' ');"
                     "print(os.path.realpath(sys.executable), end='')"}},
      std::chrono::seconds(30));
  const std::string text = said ? said->output : "";
  const auto space = text.find(' ');
  PythonSpec python;
  python.name = "host";
  python.interpreter = "/usr/bin/python3";
  python.version = text.substr(0, space);
  python.base = text.substr(space + 1);
  return python;
}

class PythonEnvironmentTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!process::find_bubblewrap()) GTEST_SKIP() << process::kNoBubblewrap;
  }
  // Runs Python code in the environment; the outcome's kind.
  std::string run(const std::string& code, const PythonSpec& python = host_python()) {
    AgentRun run(server_, "");
    run.spec.launch = Launch::kEnvironment;
    run.spec.python = python;
    run.spec.command = {"python3", "-c", code};
    run.start();
    EXPECT_EQ(run.exit_code(), 0);
    return string_or(server_.outcome(), "kind");
  }
  std::string reason() { return string_or(server_.outcome(), "reason"); }
  FakeServer server_;
};

TEST_F(PythonEnvironmentTest, RunsInALayerOfItsOwn) {
  EXPECT_EQ(run("import sys, os, sysconfig, shutil\n"
                "assert sys.prefix == '/opt/clary/env', sys.prefix\n"
                "assert sys.base_prefix == '/usr', sys.base_prefix\n"
                "assert os.environ['VIRTUAL_ENV'] == sys.prefix\n"
                "assert shutil.which('python3') == sys.prefix + '/bin/python3'\n"
                "assert shutil.which('pip') == sys.prefix + '/bin/pip'\n"
                "assert shutil.which('train') == '/opt/clary/python/bin/train'\n"
                "open(sysconfig.get_paths()['purelib'] + '/fresh.py', 'w').write('A = 1')\n"
                "import fresh\n"),
            "succeeded")
      << reason();
}

TEST_F(PythonEnvironmentTest, SeesTheEnvironmentsPackages) {
  const TestFolder folder;
  write_file(folder.path() / "site" / "of_the_environment.py", "VALUE = 5\n");
  fs::permissions(folder.path(), static_cast<fs::perms>(0755));
  PythonSpec python = host_python();
  python.sites = {folder.path() / "site"};
  python.folders = {folder.path()};
  EXPECT_EQ(run("import of_the_environment as e\n"
                "assert e.VALUE == 5\n"
                "try:\n  open(e.__file__, 'a')\n"
                "except OSError: pass\n"
                "else: raise SystemExit('it can be written')\n",
                python),
            "succeeded")
      << reason();
}

TEST_F(PythonEnvironmentTest, SaysThatTheEnvironmentIsGone) {
  PythonSpec python = host_python();
  python.interpreter = "/nonexistent/bin/python3";
  EXPECT_EQ(run("pass", python), "failed");
  EXPECT_NE(reason().find("ClientError"), std::string::npos) << reason();
  EXPECT_NE(reason().find("clary env-create host"), std::string::npos) << reason();
}

TEST(PythonEnvironment, LooksForProgramsAsPathDoes) {
  const TestFolder folder;
  const PythonSpec python = host_python();
  const auto binds = prepare_python(python, folder.path() / "layer");
  const auto find = [&](const std::string& name) {
    return find_in_python(python, folder.path() / "layer", name);
  };
  EXPECT_EQ(find("/bin/bash"), "/bin/bash");
  EXPECT_EQ(find("./mine"), "./mine");
  EXPECT_EQ(find("python"), "/opt/clary/env/bin/python");
  EXPECT_EQ(find("serve"), "/opt/clary/python/bin/serve");
  EXPECT_EQ(find("env"), "/usr/bin/env");
  EXPECT_THROW(find("no-such-program"), CannotLaunch);
  // Made anew: nothing of a run before is left.
  write_file(folder.path() / "layer" / "bin" / "env", "");
  prepare_python(python, folder.path() / "layer");
  EXPECT_FALSE(fs::exists(folder.path() / "layer" / "bin" / "env"));
}

TEST(PythonEnvironment, RefusesFoldersThatWouldBeCode) {
  const TestFolder folder;
  PythonSpec python = host_python();
  python.sites = {"/tmp/it's"};
  EXPECT_THROW(prepare_python(python, folder.path() / "layer"), CannotLaunch);
}

}  // namespace
}  // namespace clary::agent
