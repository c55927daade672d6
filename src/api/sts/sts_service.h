// STS: who am I, and sessions of roles, users and web identities.
#pragma once

#include "api/call.h"
#include "identity/credentials.h"
#include "identity/oidc_providers.h"
#include "identity/policies.h"
#include "identity/roles.h"

namespace clary::api {

struct StsStores {
  identity::Credentials& credentials;
  identity::Roles& roles;
  identity::Policies& policies;
  identity::OidcProviders& providers;
};

// owns nothing: the stores outlive it.
class StsService final : public Service {
 public:
  explicit StsService(StsStores stores) : stores_(stores) {}
  std::string_view model_name() const override { return "sts"; }
  std::vector<OperationEntry> operations() override;
  // Each operation asks by itself: whether somebody may assume a role is for its trust policy to
  // say first, and asking who one is needs no permission.
  void authorize(const json::object&, Call&) override {}

 private:
  StsStores stores_;
};

}  // namespace clary::api
