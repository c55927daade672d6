// Asking the authorizer from within an operation.
#pragma once

#include <string>
#include <string_view>

#include "api/call.h"

namespace clary::api {

// Keys that belong to the request (aws:SourceIp, aws:SecureTransport, aws:CurrentTime,
// aws:RequestedRegion, aws:UserAgent, ...) are added when a policy asks for one.
identity::Verdict check_access(const Call& call, identity::AccessRequest request);

// Throws AccessDenied in the words and with the code of the call's service unless the caller may.
void require_access(const Call& call, identity::AccessRequest request);
[[noreturn]] void refuse_access(const Call& call, const identity::AccessRequest& request,
                                const identity::Verdict& verdict);

}  // namespace clary::api
