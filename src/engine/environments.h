// Finds the Python that an environment runs with: the one its entry names, one that was made with
// `clary env-create`, or one of the host's that has what it takes.
#pragma once

#include <chrono>
#include <expected>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/job_spec.h"
#include "engine/environment_table.h"

namespace clary::engine {

// What an interpreter says of itself.
struct PythonFacts {
  PythonSpec python;
  std::vector<std::string> missing;  // of the modules that were asked for
};
// Asks it, without importing anything. Nullopt when it does not run. blocks: tens of milliseconds.
std::optional<PythonFacts> look_at_python(const std::string& interpreter,
                                          const std::vector<std::string>& modules);

// Where the environments that were made are: FOLDER/NAME/current links to the newest that is whole.
std::optional<std::filesystem::path> made_environment(const std::filesystem::path& folder,
                                                      const std::string& name);

// threads: any. blocks: on an interpreter's start, when it was not asked lately.
class Environments {
 public:
  struct Options {
    std::filesystem::path folder;  // DATA_DIR/environments
    std::vector<std::string> host_interpreters = {"/usr/local/bin/python3", "/usr/bin/python3"};
  };
  Environments(std::vector<EnvironmentEntry> entries, Options options, const Clock& clock)
      : entries_(std::move(entries)), options_(std::move(options)), clock_(clock) {}

  // Nullptr when no environment stands in for the image.
  const EnvironmentEntry* for_image(std::string_view repository, std::string_view tag) const;
  // Or what somebody has to do to have it, as a sentence.
  std::expected<PythonSpec, std::string> python(const EnvironmentEntry& entry);

 private:
  struct Look {
    std::optional<PythonFacts> facts;
    std::chrono::steady_clock::time_point until;
  };
  std::optional<PythonFacts> look(const std::string& interpreter,
                                  const std::vector<std::string>& modules);

  const std::vector<EnvironmentEntry> entries_;
  const Options options_;
  const Clock& clock_;
  std::mutex mutex_;
  std::map<std::string, Look> looks_;  // guarded by mutex_; by interpreter and modules
};

}  // namespace clary::engine
