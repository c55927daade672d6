// IAM: users, groups, roles, their policies and keys, passwords, identity providers, the account.
#pragma once

#include "api/call.h"
#include "identity/accounts.h"
#include "identity/credentials.h"
#include "identity/instance_profiles.h"
#include "identity/logins.h"
#include "identity/oidc_providers.h"
#include "identity/policies.h"
#include "identity/roles.h"
#include "identity/users.h"

namespace clary::api {

struct IamStores {
  identity::Roles& roles;
  identity::Policies& policies;
  identity::Users& users;
  identity::Groups& groups;
  identity::InstanceProfiles& profiles;
  identity::OidcProviders& providers;
  identity::Accounts& accounts;
  identity::Logins& logins;
  identity::Credentials& credentials;
};

// owns nothing: the stores outlive it.
class IamService final : public Service {
 public:
  explicit IamService(IamStores stores) : stores_(stores) {}
  std::string_view model_name() const override { return "iam"; }
  std::vector<OperationEntry> operations() override;
  void authorize(const json::object& input, Call& call) override;
  void add_resource_context(const std::string& resource_arn, const Call& call,
                            identity::Context& context) override;

 private:
  IamStores stores_;
};

}  // namespace clary::api
