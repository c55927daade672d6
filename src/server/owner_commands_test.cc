#include "server/owner_commands.h"

#include <gtest/gtest.h>

#include "identity/users.h"
#include "identity/web_token_test_support.h"
#include "keys/keys_fixture.h"
#include "store/test_folder.h"

namespace clary::server {
namespace {

class OwnerCommandsTest : public testing::Test {
 protected:
  std::string error(const json::object& command) {
    try {
      commands_.run(command);
    } catch (const std::invalid_argument& failure) {
      return failure.what();
    }
    return "no error";
  }

  store::TestFolder folder_;
  ManualClock clock_{Timestamp(std::chrono::seconds(1800000000))};
  store::Database database_{folder_ / "a.db",
                            {identity::Accounts::migrations(), identity::Credentials::migrations(),
                             identity::Roles::migrations(), identity::Users::migrations()}};
  identity::Accounts accounts_{database_, clock_};
  keys::TestSealer sealer_;
  identity::Credentials credentials_{database_, clock_, sealer_};
  identity::Roles roles_{database_, clock_};
  identity::OidcProviders providers_{database_, clock_};
  OwnerCommands commands_{accounts_, credentials_, roles_, providers_};
};

TEST_F(OwnerCommandsTest, AccountsComeWithARoleAndGetTwoRootKeys) {
  const auto made = commands_.run({{"do", "account-create"}, {"name", "Research"}});
  const std::string id = string_or(made, "id");
  EXPECT_EQ(id.size(), 12U);
  EXPECT_TRUE(roles_.find_by_arn(string_or(made, "role_arn")));
  EXPECT_EQ(error({{"do", "account-create"}, {"name", "research"}}),
            "there is an account called research");
  EXPECT_EQ(error({{"do", "account-create"}, {"name", "Other"}, {"id", id}}),
            "there is an account " + id);
  for (int i = 0; i < 2; ++i) {
    const auto key = commands_.run({{"do", "account-key"}, {"id", id}});
    const auto found = credentials_.find(string_or(key, "access_key_id"));
    EXPECT_EQ(found->principal->kind, identity::Principal::Kind::kRoot);
    EXPECT_EQ(found->principal->arn, "arn:aws:iam::" + id + ":root");
  }
  EXPECT_TRUE(error({{"do", "account-key"}, {"id", id}}).ends_with("first"));
  EXPECT_TRUE(error({{"do", "account-key"}, {"id", "999999999999"}}).starts_with("there is no"));
  EXPECT_EQ(commands_.run({{"do", "account-list"}}).at("accounts").as_array().size(), 1U);
}

TEST_F(OwnerCommandsTest, KeysOfOtherSystemsAreChecked) {
  const json::object command{{"do", "account-create"},
                             {"name", "Moved"},
                             {"access_key_id", "0555b35654ad1656d804"},
                             {"secret_access_key", "a secret that is long"}};
  commands_.run(command);
  EXPECT_EQ(credentials_.find("0555b35654ad1656d804")->secret, "a secret that is long");
  json::object again = command;
  again["name"] = "Again";
  EXPECT_EQ(error(again), "the access key id 0555b35654ad1656d804 is in use");
  again["access_key_id"] = "short";
  EXPECT_TRUE(error(again).starts_with("an access key id has"));
}

TEST_F(OwnerCommandsTest, KeysOfIdentityProviders) {
  accounts_.ensure("000000000000", "default");
  const identity::TestSigner signer;
  json::object command{{"do", "oidc-keys"},
                       {"account", "000000000000"},
                       {"issuer", "https://id.example.com/"},
                       {"clients", json::array{"clary"}},
                       {"keys", "{}"}};
  EXPECT_TRUE(error(command).starts_with("the file has no keys"));
  command["keys"] = signer.keys();
  commands_.run(command);
  commands_.run(command);
  const auto provider = providers_.find("000000000000", "id.example.com");
  EXPECT_EQ(provider->jwks, signer.keys());
  EXPECT_EQ(provider->client_ids, std::vector<std::string>{"clary"});
  EXPECT_EQ(error({{"do", "nothing"}}), "this server knows no command nothing");
}

}  // namespace
}  // namespace clary::server
