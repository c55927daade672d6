#include "agent/python_environment.h"

#include <stdlib.h>
#include <unistd.h>

#include <array>
#include <fstream>

#include "agent/workload.h"
#include "base/errors.h"
#include "base/python_runtime.h"

namespace clary::agent {
namespace {

namespace fs = std::filesystem;
using process::Bind;

constexpr const char* kLayer = "/opt/clary/env";
constexpr std::array<const char*, 3> kSystemPath{"/usr/local/bin", "/usr/bin", "/bin"};

void write_text(const fs::path& file, const std::string& text, bool executable = false) {
  std::ofstream out(file, std::ios::binary);
  out << text;
  if (!out.flush()) throw StorageError("write " + file.string());
  fs::permissions(file, static_cast<fs::perms>(executable ? 0755 : 0644));
}

void link_to(const std::string& target, const fs::path& link) {
  std::error_code error;
  fs::create_symlink(target, link, error);
  if (error) throw StorageError("link " + link.string() + ": " + error.message());
}

// A virtual environment is a pyvenv.cfg beside a link to an interpreter: PEP 405. pip takes it for
// one, so what it upgrades it installs here and leaves the environment's own alone.
void make_layer(const PythonSpec& python, const fs::path& folder) {
  std::error_code error;
  fs::remove_all(folder, error);
  const fs::path packages = folder / "lib" / ("python" + python.version) / "site-packages";
  for (const fs::path& made : {folder / "bin", packages}) {
    fs::create_directories(made, error);
    if (error) throw StorageError("create " + made.string() + ": " + error.message());
  }
  write_text(folder / "pyvenv.cfg", "home = " + fs::path(python.base).parent_path().string() +
                                        "\ninclude-system-site-packages = false\n");
  link_to(python.base, folder / "bin" / "python3");
  link_to("python3", folder / "bin" / "python");
  link_to("python3", folder / "bin" / ("python" + python.version));
  for (const char* name : {"pip", "pip3"}) {
    write_text(folder / "bin" / name,
               std::string("#!/bin/sh\nexec ") + kLayer + "/bin/python3 -m pip \"$@\"\n", true);
  }
  std::string lines;
  for (const std::string& site : python.sites) {
    if (site.find_first_of("'\\\n") != std::string::npos) {
      throw CannotLaunch("the environment's folder " + site + " has a name that cannot be used");
    }
    lines += "import site; site.addsitedir('" + site + "')\n";
  }
  // Last: names of AWS's images, for environments that have not got the real modules.
  lines += std::string(kPythonRuntime) + "\n" + kPythonRuntime + "/compat\n";
  write_text(packages / "environment.pth", lines);
}

fs::path bin_of(const PythonSpec& python) {
  return fs::path(python.interpreter).parent_path();
}

bool is_program(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error) && access(path.c_str(), X_OK) == 0;
}

}  // namespace

std::vector<Bind> prepare_python(const PythonSpec& python, const fs::path& folder) {
  if (access(python.interpreter.c_str(), X_OK) != 0) {
    throw CannotLaunch("the environment " + python.name + " has no " + python.interpreter +
                       " any more; make it again with `clary env-create " + python.name + "`");
  }
  std::error_code error;
  const fs::path runtime = fs::canonical(runtime_folder(), error);
  if (error || !fs::is_directory(runtime / "clary_runtime", error)) {
    throw CannotLaunch("clary_runtime is not at " + runtime_folder().string() +
                       "; install share/clary/python beside bin, or set CLARY_PYTHON to it and "
                       "start the server again");
  }
  make_layer(python, folder);
  std::vector<Bind> binds;
  for (const std::string& own : python.folders) binds.push_back({own, own});
  binds.push_back({folder, kLayer, Bind::Access::kWrite});
  binds.push_back({runtime, kPythonRuntime});
  return binds;
}

std::string find_in_python(const PythonSpec& python, const fs::path& folder,
                           const std::string& name) {
  if (name.find('/') != std::string::npos) return name;
  if (is_program(folder / "bin" / name) || fs::is_symlink(folder / "bin" / name)) {
    return std::string(kLayer) + "/bin/" + name;
  }
  if (is_program(runtime_folder() / "bin" / name))
    return std::string(kPythonRuntime) + "/bin/" + name;
  if (is_program(bin_of(python) / name)) return bin_of(python) / name;
  for (const char* place : kSystemPath) {
    if (is_program(fs::path(place) / name)) return std::string(place) + "/" + name;
  }
  throw CannotLaunch("there is no program " + name + " in the environment " + python.name +
                     " nor in /usr/bin");
}

std::map<std::string, std::string> python_variables(const PythonSpec& python) {
  std::string path =
      std::string(kLayer) + "/bin:" + kPythonRuntime + "/bin:" + bin_of(python).string();
  for (const char* place : kSystemPath) path += std::string(":") + place;
  std::map<std::string, std::string> variables{
      {"PATH", path},
      {"VIRTUAL_ENV", kLayer},
      // For programs that start the environment's own interpreter, such as its torchrun.
      {"PYTHONPATH", std::string(kLayer) + "/lib/python" + python.version + "/site-packages"},
      {"PYTHONUNBUFFERED", "1"},
      {"PYTHONDONTWRITEBYTECODE", "1"},
      {"PYTHONIOENCODING", "UTF-8"},
      {"PIP_DISABLE_PIP_VERSION_CHECK", "1"},
      {"PIP_NO_CACHE_DIR", "1"},  // it would be in memory
      {"CLARY_ENVIRONMENT", python.name},
      {"CLARY_FRAMEWORK", python.framework}};
  for (const auto& [name, value] : python.variables) variables[name] = value;
  return variables;
}

}  // namespace clary::agent
