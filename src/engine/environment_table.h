// Which framework environment stands in for which images, as data: what is built in, with what the
// operator's file changes. docs/decisions/environments.md says why one Python serves many tags.
#pragma once

#include <filesystem>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace clary::engine {

struct EnvironmentEntry {
  std::string name{};                       // "sklearn"; also its folder's
  std::string framework{};                  // whose defaults serve a model; "" has none
  std::vector<std::string> repositories{};  // regular expressions of whole repository names
  std::string tags = ".*";                  // the same of a tag
  std::string interpreter{};                // a Python of the host to use; "" one that is found
  std::vector<std::string> imports{};       // modules that make a Python fit
  std::string python = "/usr/bin/python3";  // what a new environment is made with
  std::vector<std::string> packages{};      // what pip then installs
  std::vector<std::string> jars{};          // Java packages that go beside pyspark's own
  std::map<std::string, std::string> variables{};  // of the environment, for jobs and for pip

  bool stands_in_for(std::string_view repository, std::string_view tag) const;
};

// A file that cannot be used; the message names it and the line or the entry.
class EnvironmentTableError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// What is built in, then changed by `file` when there is one. An entry of the file with the name of
// one that is there changes the members it gives; others are looked at before those built in.
std::vector<EnvironmentEntry> load_environment_table(const std::filesystem::path& file);

}  // namespace clary::engine
