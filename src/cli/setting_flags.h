// The settings table as options of a CLI11 command.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/settings.h"

namespace CLI {
class App;
}

namespace clary::cli {

// Declares `--config` and the flags of the settings named (all when empty). load() afterwards, once
// the command line is parsed, gives the settings. Throws SettingError.
class SettingFlags {
 public:
  SettingFlags(CLI::App& app, const std::vector<std::string_view>& only = {});
  Settings load() const;

 private:
  // Filled by CLI11 when the line is parsed; shared, since the command's closure is copied.
  struct Given {
    std::map<std::string, std::string, std::less<>> values;
    std::string config;
  };
  std::shared_ptr<Given> given_;
};

}  // namespace clary::cli
