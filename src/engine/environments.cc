#include "engine/environments.h"

#include <unistd.h>

#include <algorithm>

#include "process/program_run.h"

namespace clary::engine {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kLookTime{30};  // a cold disk, a busy machine
constexpr std::chrono::minutes kGood{5};
constexpr std::chrono::seconds kBad{2};  // somebody is about to install what is missing

// Finding a module's file takes a millisecond where importing a framework takes seconds.
constexpr const char* kQuestions = R"python(
import importlib.util, json, os, site, sys
base = os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable)
folders = sorted({sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix,
                  os.path.dirname(os.path.dirname(base))})
def found(name):
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False
print(json.dumps({"version": "%d.%d" % sys.version_info[:2], "base": base, "folders": folders,
                  "sites": [path for path in site.getsitepackages() if os.path.isdir(path)],
                  "missing": [name for name in sys.argv[1:] if not found(name)]}))
)python";

std::vector<std::string> texts(const json::object& object, std::string_view member) {
  std::vector<std::string> list;
  if (const json::array* array = find_array(object, member)) {
    for (const json::value& value : *array) {
      if (value.is_string()) list.emplace_back(value.get_string());
    }
  }
  return list;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

}  // namespace

std::optional<PythonFacts> look_at_python(const std::string& interpreter,
                                          const std::vector<std::string>& modules) {
  if (access(interpreter.c_str(), X_OK) != 0) return std::nullopt;
  process::Command command;
  command.arguments = {interpreter, "-I", "-c", kQuestions};
  command.arguments.insert(command.arguments.end(), modules.begin(), modules.end());
  command.environment = {"PATH=/usr/local/bin:/usr/bin:/bin", "HOME=/nonexistent"};
  const auto answer = process::try_program(command, kLookTime);
  if (!answer || process::shell_code(answer->exit) != 0) return std::nullopt;
  boost::system::error_code error;
  const json::value value = json::parse(answer->output, error);
  if (error || !value.is_object()) return std::nullopt;
  const json::object& said = value.get_object();
  PythonFacts facts;
  facts.python.interpreter = interpreter;
  facts.python.version = string_or(said, "version");
  facts.python.base = string_or(said, "base");
  facts.python.sites = texts(said, "sites");
  for (std::string& folder : texts(said, "folders")) {
    const bool there = folder == "/usr" || folder.starts_with("/usr/") || folder == "/";
    if (!there) facts.python.folders.push_back(std::move(folder));
  }
  facts.missing = texts(said, "missing");
  return facts;
}

std::optional<fs::path> made_environment(const fs::path& folder, const std::string& name) {
  std::error_code error;
  fs::path build = fs::read_symlink(folder / name / "current", error);
  if (error) return std::nullopt;
  return folder / name / build.filename();
}

const EnvironmentEntry* Environments::for_image(std::string_view repository,
                                                std::string_view tag) const {
  const auto found = std::ranges::find_if(entries_, [&](const EnvironmentEntry& entry) {
    return entry.stands_in_for(repository, tag);
  });
  return found == entries_.end() ? nullptr : &*found;
}

std::optional<PythonFacts> Environments::look(const std::string& interpreter,
                                              const std::vector<std::string>& modules) {
  const std::string key = interpreter + "\n" + joined(modules);
  const auto now = clock_.steady_now();
  {
    const std::lock_guard lock(mutex_);
    const auto known = looks_.find(key);
    if (known != looks_.end() && now < known->second.until) return known->second.facts;
  }
  std::optional<PythonFacts> facts = look_at_python(interpreter, modules);
  const bool good = facts && facts->missing.empty();
  const std::lock_guard lock(mutex_);
  if (looks_.size() > 1000) looks_.clear();
  looks_[key] = {facts, now + (good ? std::chrono::seconds(kGood) : kBad)};
  return facts;
}

std::expected<PythonSpec, std::string> Environments::python(const EnvironmentEntry& entry) {
  const auto fit = [&](const std::string& interpreter) -> std::optional<PythonSpec> {
    const std::optional<PythonFacts> facts = look(interpreter, entry.imports);
    if (!facts || !facts->missing.empty()) return std::nullopt;
    PythonSpec python = facts->python;
    python.name = entry.name;
    python.framework = entry.framework;
    python.variables = entry.variables;
    return python;
  };
  if (!entry.interpreter.empty()) {
    if (auto python = fit(entry.interpreter)) return *python;
    return std::unexpected("The interpreter " + entry.interpreter + " of the environment " +
                           entry.name + " does not run or lacks one of: " + joined(entry.imports) +
                           ". Install them there, or change the entry in " + "environments.toml.");
  }
  if (const auto made = made_environment(options_.folder, entry.name)) {
    if (auto python = fit(*made / "bin/python3")) return *python;
  }
  for (const std::string& interpreter : options_.host_interpreters) {
    if (auto python = fit(interpreter)) return *python;
  }
  return std::unexpected("The environment " + entry.name +
                         " is not on this machine. Make it with `clary env-create " + entry.name +
                         "`, or install " + joined(entry.imports) + " for " +
                         options_.host_interpreters.back() + ".");
}

}  // namespace clary::engine
