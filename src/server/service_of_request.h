// Which service a request is meant for. One port serves all, so the request must say: by the scope
// of its signature, else by X-Amz-Target, Host or path.
#pragma once

#include <string_view>

#include "base/request.h"

namespace clary::server {

// The model's name ("sagemaker-runtime"), or empty when no service fits. `signed_service` is the
// service of the credential scope, empty without a signature. The view has static storage.
std::string_view service_of(const RequestHead& head, std::string_view signed_service);

// BUCKET of BUCKET.s3.REGION.amazonaws.com; empty in path style.
std::string_view bucket_in_host(const RequestHead& head);

// Turns https://BUCKET.s3.REGION.amazonaws.com/KEY into path style, /BUCKET/KEY. After the
// signature was checked, which covers what was sent. Host names of this server are left alone.
void to_path_style(RequestHead& head);

// Which CONNECT targets end here: AWS host names at port 443, so that clients which insist on them
// reach this server and nothing else is proxied.
bool is_aws_host(std::string_view host_and_port);

// Where the SageMaker Python SDK reports its use: answered at once, read by nobody.
bool is_telemetry(const RequestHead& head);

}  // namespace clary::server
