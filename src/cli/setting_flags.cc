#include "cli/setting_flags.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>

namespace clary::cli {

SettingFlags::SettingFlags(CLI::App& app, const std::vector<std::string_view>& only)
    : given_(std::make_shared<Given>()) {
  app.add_option("--config", given_->config, "A TOML file of settings (also CLARY_CONFIG)");
  const Settings defaults;
  for (const SettingEntry& entry : setting_entries()) {
    if (!only.empty() && std::find(only.begin(), only.end(), entry.name) == only.end()) continue;
    const std::string name(entry.name);
    app.add_option_function<std::string>(
           flag_name(entry),
           [given = given_, name](const std::string& value) { given->values[name] = value; },
           std::string(entry.help) + " [" + entry.show(defaults) + "]")
        ->type_name(std::string(entry.value_name));
  }
}

Settings SettingFlags::load() const {
  const auto variable = [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  };
  std::optional<std::filesystem::path> file;
  if (!given_->config.empty()) {
    file = given_->config;
  } else if (const auto named = variable("CLARY_CONFIG")) {
    file = *named;
  }
  return load_settings(given_->values, variable, file);
}

}  // namespace clary::cli
