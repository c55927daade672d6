// What ECR's API and the registry's own protocol share: tokens, and who may do what to a
// repository.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "identity/authorizer.h"
#include "identity/credentials.h"
#include "registry/store.h"

namespace clary::api::ecr {

// The password of a token holds a session's key and secret, and the region it is for.
struct Login {
  std::shared_ptr<const identity::AccessKey> key;
  std::string region;
};
std::string password_of(const identity::AccessKey& session, std::string_view region);
// Who shows this password; nullopt when nobody may with it (unknown, wrong, expired).
std::optional<Login> login_of(std::string_view password, identity::Credentials& credentials,
                              Timestamp now);

std::string repository_arn(const registry::RepositoryName& name);
// The request for `action` on the repository, with its policy when it has one.
identity::AccessRequest access_request(const registry::RepositoryName& name,
                                       const registry::Repository* repository, std::string action);

}  // namespace clary::api::ecr
