// S3's presigned URLs of signature version 2: boto3 makes them by default in us-east-1, so links
// that people already have depend on them. Nothing else is accepted with version 2.
// Source: "Signing and Authenticating REST Requests (AWS signature version 2)".
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "wire/sigv4.h"

namespace clary::wire {

// For a query with AWSAccessKeyId.
std::expected<SignedRequest, SignatureError> parse_sigv2(const RequestHead& head);

std::expected<void, SignatureError> verify_sigv2(const RequestHead& head,
                                                 const SignedRequest& claimed,
                                                 std::string_view secret, Timestamp now);

std::string sigv2_string_to_sign(const RequestHead& head);

}  // namespace clary::wire
