#include "engine/environment_builder.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <set>
#include <system_error>

#include "base/random.h"
#include "engine/environments.h"
#include "process/spawn.h"

namespace clary::engine {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::hours kBuildTime{4};

[[noreturn]] void fail(const std::string& what) {
  throw EnvironmentBuildError(what);
}

void make_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) fail("cannot create " + folder.string() + ": " + error.message());
}

// Held by pip too, so that one that outlives us keeps others out.
process::FileDescriptor lock_folder(const fs::path& folder) {
  const fs::path file = folder / "lock";
  process::FileDescriptor lock(open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock) fail("cannot open " + file.string() + ": " + strerror(errno));
  if (flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    fail("somebody else is making this environment at the moment");
  }
  return lock;
}

fs::path target_of(const fs::path& link) {
  std::error_code error;
  return fs::read_symlink(link, error).filename();
}

// Builds that were never finished, and those before the last: jobs may still run in that one.
void remove_leftovers(const fs::path& folder) {
  const std::set<fs::path> kept{target_of(folder / "current"), target_of(folder / "previous")};
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    const bool build = entry.is_directory() && !entry.is_symlink();
    if (build && !kept.contains(entry.path().filename())) fs::remove_all(entry.path(), error);
  }
}

void point(const fs::path& link, const fs::path& target) {
  const fs::path fresh = link.string() + ".new";
  std::error_code error;
  fs::remove(fresh, error);
  fs::create_symlink(target, fresh, error);
  if (!error) fs::rename(fresh, link, error);
  if (error) fail("cannot link " + link.string() + ": " + error.message());
}

void run(std::vector<std::string> arguments, const BuildOptions& options, int lock) {
  process::Command command;
  command.arguments = std::move(arguments);
  command.environment = options.environment;
  command.standard_output = command.standard_error = options.output;
  command.inherited = {lock};
  const std::string shown = command.arguments[0] + " " + command.arguments[1];
  try {
    process::Child child = process::spawn(command);
    const auto exit = child.wait(std::chrono::milliseconds(kBuildTime));
    if (!exit) child.signal(SIGKILL);
    if (!exit || process::shell_code(*exit) != 0) {
      fail(shown + " ... failed" +
           (exit ? " with exit code " + std::to_string(process::shell_code(*exit)) : ""));
    }
  } catch (const std::system_error& error) {
    fail(std::string("cannot start ") + error.what());
  }
}

std::string find_uv(const std::vector<std::string>& environment) {
  for (const std::string& variable : environment) {
    if (!variable.starts_with("PATH=")) continue;
    std::string_view path = std::string_view(variable).substr(5);
    while (!path.empty()) {
      const auto end = std::min(path.find(':'), path.size());
      const fs::path uv = fs::path(path.substr(0, end)) / "uv";
      path.remove_prefix(std::min(end + 1, path.size()));
      if (uv.is_absolute() && access(uv.c_str(), X_OK) == 0) return uv;
    }
  }
  return "";
}

void install(const EnvironmentEntry& entry, const BuildOptions& options, const fs::path& build,
             int lock) {
  const std::string python = build / "bin/python3";
  const std::string uv = find_uv(options.environment);
  std::vector<std::string> words;
  if (uv.empty()) {
    run({entry.python, "-m", "venv", build}, options, lock);
    words = {python, "-m", "pip", "install", "--disable-pip-version-check"};
  } else {
    // Jobs install their requirements with pip, which uv leaves out unless asked.
    run({uv, "venv", "--seed", "--python", entry.python, build}, options, lock);
    words = {uv, "pip", "install", "--compile-bytecode", "--python", python};
  }
  if (!entry.packages.empty()) {
    words.insert(words.end(), entry.packages.begin(), entry.packages.end());
    run(std::move(words), options, lock);
  }
  if (entry.jars.empty()) return;
  words = {python, options.runtime / "clary_runtime" / "spark_jars.py"};
  words.insert(words.end(), entry.jars.begin(), entry.jars.end());
  try {
    run(std::move(words), options, lock);
  } catch (const EnvironmentBuildError& error) {
    fail(std::string(error.what()) + "; to do without its Java packages, set jars = [] for " +
         entry.name + " in environments.toml");
  }
}

void check(const EnvironmentEntry& entry, const fs::path& build) {
  const auto facts = look_at_python(build / "bin/python3", entry.imports);
  if (!facts) fail("the Python of the new environment does not run");
  if (facts->missing.empty()) return;
  std::string names;
  for (const std::string& name : facts->missing) names += " " + name;
  fail("its packages do not bring:" + names);
}

// A link that survives a crash must not lead to files that did not.
void sync_files(const fs::path& folder) {
  const process::FileDescriptor opened(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!opened || syncfs(opened.get()) != 0) {
    fail("cannot write " + folder.string() + ": " + strerror(errno));
  }
}

}  // namespace

fs::path build_environment(const EnvironmentEntry& entry, const BuildOptions& given) {
  if (!entry.interpreter.empty()) {
    fail("the environment " + entry.name + " uses " + entry.interpreter +
         " as it is; install into that, or take `interpreter` out of its entry");
  }
  BuildOptions options = given;
  for (const auto& [name, value] : entry.variables) {
    options.environment.push_back(name + "=" + value);
  }
  const fs::path folder = fs::absolute(options.folder) / entry.name;
  make_folder(folder);
  const process::FileDescriptor lock = lock_folder(folder);
  remove_leftovers(folder);
  const fs::path name = random_hex(6);
  const mode_t mask = umask(022);  // jobs run as users of their own
  try {
    install(entry, options, folder / name, lock.get());
    check(entry, folder / name);
    sync_files(folder / name);
  } catch (...) {
    umask(mask);
    std::error_code ignored;
    fs::remove_all(folder / name, ignored);
    throw;
  }
  umask(mask);
  const fs::path before = target_of(folder / "current");
  if (!before.empty()) point(folder / "previous", before);
  point(folder / "current", name);
  return folder / name;
}

}  // namespace clary::engine
