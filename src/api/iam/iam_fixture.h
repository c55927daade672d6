// IAM over the real stores, for its tests.
#pragma once

#include "api/iam/iam_service.h"
#include "api/test_caller.h"
#include "keys/keys_fixture.h"
#include "store/test_folder.h"

namespace clary::api {

inline constexpr const char* kTrust =
    R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":)"
    R"("sagemaker.amazonaws.com"},"Action":"sts:AssumeRole"}]})";
inline constexpr const char* kReadData =
    R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject",)"
    R"("Resource":"arn:aws:s3:::data/*","Condition":{"Bool":{"aws:SecureTransport":"true"}}}]})";

class IamTest : public testing::Test {
 protected:
  IamTest() { accounts_.ensure("000000000000", "default"); }
  json::object make_role(std::string_view name) {
    return *find_object(
        caller_.call("CreateRole", {{"RoleName", name}, {"AssumeRolePolicyDocument", kTrust}}),
        "Role");
  }

  store::TestFolder folder_;
  ManualClock clock_{Timestamp(std::chrono::seconds(1800000000))};
  store::Database database_{folder_ / "a.db",
                            {identity::Roles::migrations(), identity::Policies::migrations(),
                             identity::Users::migrations(), identity::Accounts::migrations(),
                             identity::Logins::migrations(), identity::Credentials::migrations()}};
  identity::Roles roles_{database_, clock_};
  identity::Policies policies_{database_, clock_};
  identity::Users users_{database_, clock_};
  identity::Groups groups_{database_, clock_};
  identity::InstanceProfiles profiles_{database_, clock_};
  identity::OidcProviders providers_{database_, clock_};
  identity::Accounts accounts_{database_, clock_};
  identity::Logins logins_{database_, users_, accounts_, clock_, {.memory_kib = 64, .passes = 1}};
  keys::TestSealer sealer_;
  identity::Credentials credentials_{database_, clock_, sealer_};
  IamService service_{{.roles = roles_,
                       .policies = policies_,
                       .users = users_,
                       .groups = groups_,
                       .profiles = profiles_,
                       .providers = providers_,
                       .accounts = accounts_,
                       .logins = logins_,
                       .credentials = credentials_}};
  TestCaller caller_{service_, clock_};
};

}  // namespace clary::api
