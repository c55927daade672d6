// Operations that the server itself calls on behalf of an execution role, as the gateway would for
// a session of that role: its policies and the resource's are asked, the call is counted and stands
// in the audit log. Without a connection and a signature.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "api/sagemaker/role_sessions.h"
#include "server/request_audit.h"
#include "server/service_registry.h"

namespace clary::server {

struct RoleCallParts {
  const ServiceRegistry& services;
  api::sagemaker::IdentityRoleSessions& sessions;
  identity::Authorizer& authorizer;
  RequestAudit& audit;
  const Clock& clock;
};

struct RoleCall {
  std::string account, region, role;  // ARN of the role
  std::string_view service, operation;
  RequestHead head;  // what names the operation's resource in it, and its headers
};

// Of a call from within.
RequestHead role_call_head();

using RoleCallInput = std::function<json::object(const ServiceRegistry::Entry& service,
                                                 const KnownOperation& operation)>;
// Answers the status. Called once the role may make the call.
using RoleCallWork =
    std::function<unsigned(const KnownOperation& operation, json::object input, api::Call& call)>;

// threads: any. blocks: as the operation. errors: ApiError in the service's words (AccessDenied too
// when the role cannot be assumed), and what `work` throws.
void call_as_role(const RoleCallParts& parts, const RoleCall& call, const RoleCallInput& input,
                  const RoleCallWork& work);

}  // namespace clary::server
