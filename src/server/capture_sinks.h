// Where captured invocations go: files in S3, and lines about what was lost in the endpoint's logs.
#pragma once

#include "server/data_capture.h"
#include "server/role_objects.h"
#include "store/log_events.h"

namespace clary::server {

// `objects`, `logs` and `clock` outlive what uses these.
DataCapture::Put capture_files(RoleObjects& objects);
// The stream VARIANT/data-capture of the endpoint's log group, and the program's log.
DataCapture::Tell capture_lines(store::LogEvents& logs, const Clock& clock);

}  // namespace clary::server
