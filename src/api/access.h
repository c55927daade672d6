// Asking the authorizer from within an operation.
#pragma once

#include "api/call.h"

namespace clary::api {

// Throws AccessDenied in the words and with the code of the call's service unless the caller may.
// Keys that belong to the request (aws:SourceIp, aws:SecureTransport, aws:CurrentTime,
// aws:RequestedRegion, ...) are added to the request's context.
void require_access(Call& call, identity::AccessRequest request);

}  // namespace clary::api
