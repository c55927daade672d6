#include "server/environments_command.h"

#include <unistd.h>

#include <algorithm>

#include "base/clock.h"
#include "base/python_runtime.h"
#include "engine/environment_builder.h"
#include "engine/environments.h"
#include "server/folder_lock.h"

namespace clary::server {
namespace {

std::vector<std::string> own_environment() {
  std::vector<std::string> variables;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text(*variable);
    // Of this program, not of pip: a root key among them.
    if (!text.starts_with("CLARY_")) variables.emplace_back(text);
  }
  return variables;
}

}  // namespace

void create_environment(const Settings& settings, const std::string& name, std::ostream& out) {
  const auto entries = engine::load_environment_table(environments_file(settings));
  const auto entry = std::ranges::find(entries, name, &engine::EnvironmentEntry::name);
  if (entry == entries.end()) {
    throw std::runtime_error("there is no environment " + name + "; `clary env-create --list` " +
                             "shows which there are, " + environments_file(settings).string() +
                             " adds others");
  }
  make_private_folder(settings.data_dir);
  const auto build =
      engine::build_environment(*entry, {.folder = settings.data_dir / "environments",
                                         .environment = own_environment(),
                                         .runtime = runtime_folder(),
                                         .output = STDOUT_FILENO});
  out << "The environment " << name << " is ready in " << build.string() << '\n';
}

void list_environments(const Settings& settings, std::ostream& out) {
  const SystemClock clock;
  const auto entries = engine::load_environment_table(environments_file(settings));
  engine::Environments environments(entries, {.folder = settings.data_dir / "environments"}, clock);
  for (const engine::EnvironmentEntry& entry : entries) {
    out << entry.name << "\n  images  ";
    for (const std::string& pattern : entry.repositories) out << pattern << "  ";
    const auto python = environments.python(entry);
    if (python) {
      out << "\n  ready   Python " << python->version << " in " << python->interpreter << '\n';
    } else {
      out << "\n  absent  " << python.error() << '\n';
    }
  }
}

}  // namespace clary::server
