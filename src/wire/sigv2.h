// AWS Signature Version 2 in the query of S3 links: what boto3 makes by default in us-east-1. Only
// that form; "Authorization: AWS KEY:SIGNATURE" is not taken. Pure functions.
// Source: S3's "Signing and authenticating REST requests", "Query string request authentication
// alternative"; which parameters are signed: botocore's HmacV1Auth.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/request.h"
#include "wire/sigv4.h"

namespace clary::wire {

// Whether a request is signed this way and no other.
bool has_sigv2_query(const RequestHead& head);

// What the link claims, with `string_to_sign` made from the request: `bucket` is the one in the
// host name, empty in path style. signed_at is the time at which the link ends. Errors: kMalformed
// (a parameter is missing, repeated or no number), kUnsupported (a query API of another service;
// a sub-resource that version 2 does not sign, so that a link to an object is none to its lock).
std::expected<SignedRequest, SignatureError> parse_sigv2(const RequestHead& head,
                                                         std::string_view bucket,
                                                         std::string_view region);

// kExpired or kMismatch. The comparison takes the same time wherever the texts differ.
std::expected<void, SignatureError> verify_sigv2(const SignedRequest& claimed,
                                                 std::string_view secret, Timestamp now);

// Signed x-amz-* parameters mean what the header of that name means: adds the headers that are not
// there. Call it after parse_sigv2(), which reads both.
void add_headers_of_sigv2_query(RequestHead& head);

// Whether S3's query parameter takes part in the signature; whether it selects an operation but
// does not take part, which makes a link unusable.
bool is_signed_by_sigv2(std::string_view parameter);
bool is_refused_by_sigv2(std::string_view parameter);

// Version 2's signature of a text, Base64 of an HMAC-SHA1: of a form's policy, too.
std::string hmac_sha1_base64(std::string_view secret, std::string_view message);

}  // namespace clary::wire
