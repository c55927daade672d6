#include "base/settings.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/random.h"

namespace clary {
namespace {

std::optional<std::string> no_variable(const std::string&) {
  return std::nullopt;
}

class SettingsFile : public testing::Test {
 protected:
  SettingsFile()
      : file_(std::filesystem::temp_directory_path() / ("clary-" + random_hex(6) + ".toml")) {}
  ~SettingsFile() override { std::filesystem::remove(file_); }
  void write(const std::string& text) { std::ofstream(file_) << text; }
  std::filesystem::path file_;
};

TEST_F(SettingsFile, FlagWinsOverVariableWinsOverFile) {
  write("region = 'eu-west-1'\naccount_id = '111111111111'\nio_threads = 3\n");
  const auto variable = [](const std::string& name) -> std::optional<std::string> {
    if (name == "CLARY_REGION") return "us-west-2";
    if (name == "CLARY_LISTEN") return "0.0.0.0:1";
    return std::nullopt;
  };
  const Settings settings = load_settings({{"listen", "127.0.0.1:9"}}, variable, file_);
  EXPECT_EQ(settings.region, "us-west-2");
  EXPECT_EQ(settings.account_id, "111111111111");
  EXPECT_EQ(settings.io_threads, 3U);
  EXPECT_EQ(settings.address, "127.0.0.1");
  EXPECT_EQ(settings.port, 9);
}

TEST_F(SettingsFile, SaysWhatIsWrongAndWhere) {
  write("regoin = 'x'\n");
  try {
    (void)load_settings({}, no_variable, file_);
    FAIL();
  } catch (const SettingError& error) {
    EXPECT_NE(std::string(error.what()).find("regoin is no setting"), std::string::npos);
  }
  write("region = \n");
  EXPECT_THROW((void)load_settings({}, no_variable, file_), SettingError);
  write("region = 1.5\n");
  EXPECT_THROW((void)load_settings({}, no_variable, file_), SettingError);
}

TEST(Settings, RefusesValuesOutOfRange) {
  for (const auto& [name, value] : std::map<std::string, std::string>{{"listen", "7700"},
                                                                      {"listen", "a:99999"},
                                                                      {"account_id", "12"},
                                                                      {"region", "US EAST"},
                                                                      {"io_threads", "-1"},
                                                                      {"io_threads", "2x"},
                                                                      {"log_level", "loud"}}) {
    EXPECT_THROW((void)load_settings({{name, value}}, no_variable, std::nullopt), SettingError)
        << name << "=" << value;
  }
}

TEST(Settings, DefaultsPassThroughTheirOwnParsers) {
  const Settings defaults = load_settings({}, no_variable, std::nullopt);
  for (const SettingEntry& entry : setting_entries()) {
    Settings settings;
    EXPECT_NO_THROW(entry.set(settings, entry.show(defaults))) << entry.name;
    EXPECT_FALSE(entry.help.empty());
  }
  EXPECT_NE(settings_markdown().find("CLARY_DATA_DIR"), std::string::npos);
}

}  // namespace
}  // namespace clary
