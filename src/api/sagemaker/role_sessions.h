// Execution roles as SageMaker uses them: is the role there and does it trust SageMaker, and
// temporary credentials of it for an agent.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "engine/compute_backend.h"
#include "identity/credentials.h"
#include "identity/roles.h"

namespace clary::api::sagemaker {

// Tags of a session; condition keys aws:PrincipalTag/KEY of what it asks for.
using SessionTags = std::map<std::string, std::string>;

// threads: any. blocks: on the store.
class RoleSessions {
 public:
  virtual ~RoleSessions() = default;
  // Whether SageMaker may assume the role for `account`; with tags, whether it may tag it too.
  virtual bool usable(std::string_view role_arn, std::string_view account,
                      const SessionTags& tags = {}) = 0;
  // Nullopt when it may not.
  virtual std::optional<engine::AgentAccess> open(std::string_view role_arn,
                                                  std::string_view account,
                                                  std::chrono::seconds lifetime,
                                                  const SessionTags& tags = {}) = 0;
};

// Over the identity layer. `server_url` answers where agents reach this server, once it listens.
class IdentityRoleSessions final : public RoleSessions {
 public:
  IdentityRoleSessions(identity::Roles& roles, identity::Credentials& credentials,
                       std::function<std::string()> server_url)
      : roles_(roles), credentials_(credentials), server_url_(std::move(server_url)) {}
  bool usable(std::string_view role_arn, std::string_view account,
              const SessionTags& tags) override;
  std::optional<engine::AgentAccess> open(std::string_view role_arn, std::string_view account,
                                          std::chrono::seconds lifetime,
                                          const SessionTags& tags) override;
  // Who such a session is, for what the server does on its behalf without keys. Nullopt likewise.
  std::optional<identity::Principal> principal(std::string_view role_arn, std::string_view account);

 private:
  std::optional<identity::Role> find(std::string_view role_arn, std::string_view account,
                                     const SessionTags& tags);
  identity::Roles& roles_;
  identity::Credentials& credentials_;
  std::function<std::string()> server_url_;
};

// AWS's sentence for a role that cannot be assumed.
std::string role_refused(std::string_view role_arn);

}  // namespace clary::api::sagemaker
