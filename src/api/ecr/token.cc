#include "api/ecr/access.h"
#include "api/ecr/operations.h"
#include "base/text.h"

namespace clary::api::ecr {

json::object get_authorization_token(const Stores& stores, const json::object&, Call& call) {
  constexpr std::chrono::hours kLifetime{12};
  const identity::AccessKey session = stores.credentials.create_session(call.principal, kLifetime);
  const registry::RepositoryName registry{std::string(call.account), std::string(call.region), ""};
  const std::string host = host_of(call.request, registry);
  return {{"authorizationData",
           json::array{{{"authorizationToken", base64("AWS:" + password_of(session, call.region))},
                        {"expiresAt", epoch_seconds(call.now + kLifetime)},
                        {"proxyEndpoint", (call.request.tls ? "https://" : "http://") + host}}}}};
}

json::object describe_registry(const Stores&, const json::object&, Call& call) {
  return {{"registryId", call.account}, {"replicationConfiguration", {{"rules", json::array()}}}};
}

}  // namespace clary::api::ecr
