#include "cli/client_environment.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/random.h"

namespace clary::cli {
namespace {

class ClientEnvironment : public testing::Test {
 protected:
  ClientEnvironment()
      : dir_(std::filesystem::temp_directory_path() / ("clary-env-" + random_hex(6))) {
    std::filesystem::create_directories(dir_);
  }
  ~ClientEnvironment() override { std::filesystem::remove_all(dir_); }
  std::filesystem::path dir_;
};

TEST_F(ClientEnvironment, SaysHowToStartAServer) {
  try {
    (void)client_environment(dir_);
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find("clary serve --data-dir"), std::string::npos);
  }
}

TEST_F(ClientEnvironment, GivesWhatTheServerWrote) {
  std::ofstream(dir_ / "client.json")
      << R"({"url":"http://127.0.0.1:1","access_key_id":"AKIA1","secret_access_key":"s",
             "region":"us-east-1","role_arn":"arn:aws:iam::1:role/R","ca_bundle":"/b.pem"})";
  const auto variables = client_environment(dir_);
  const std::map<std::string, std::string> by_name(variables.begin(), variables.end());
  EXPECT_EQ(by_name.at("AWS_ENDPOINT_URL"), "http://127.0.0.1:1");
  EXPECT_EQ(by_name.at("HTTPS_PROXY"), "http://127.0.0.1:1");
  EXPECT_EQ(by_name.at("CLARY_ROLE_ARN"), "arn:aws:iam::1:role/R");
  EXPECT_EQ(by_name.at("AWS_CA_BUNDLE"), "/b.pem");
}

TEST_F(ClientEnvironment, RefusesADamagedFile) {
  std::ofstream(dir_ / "client.json") << "{\"url\":";
  EXPECT_THROW((void)client_environment(dir_), std::runtime_error);
}

TEST(ShellExports, QuotesForAnyShell) {
  EXPECT_EQ(shell_exports({{"A", "it's $(x)"}}),
            "export A='it'\\''s $(x)'\nunset AWS_SESSION_TOKEN AWS_PROFILE\n");
}

}  // namespace
}  // namespace clary::cli
