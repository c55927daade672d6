// AWS Signature Version 4: verifying requests, and signing our own. Pure functions.
// Source: the published "Authenticating Requests (AWS Signature Version 4)" and its test vectors.
#pragma once

#include <array>
#include <cstddef>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/request.h"

namespace clary::wire {

// AKID/20261122/us-east-1/s3/aws4_request
struct CredentialScope {
  std::string access_key_id, date, region, service;
  std::string text() const { return date + "/" + region + "/" + service + "/aws4_request"; }
};

// AKID/DATE/REGION/SERVICE/aws4_request as a credential; false when it is none.
bool parse_scope(std::string_view text, CredentialScope& scope);

enum class PayloadKind {
  kHash,                     // x-amz-content-sha256 is a hex digest (or absent: hash of the body)
  kUnsigned,                 // UNSIGNED-PAYLOAD
  kStreamingSigned,          // STREAMING-AWS4-HMAC-SHA256-PAYLOAD
  kStreamingSignedTrailer,   // STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER
  kStreamingUnsignedTrailer  // STREAMING-UNSIGNED-PAYLOAD-TRAILER
};

// What a request claims, before any key is looked up.
struct SignedRequest {
  CredentialScope scope;
  bool presigned = false;
  std::string signature;                    // hex
  std::vector<std::string> signed_headers;  // lower case, as listed
  std::string session_token;                // empty: none
  Timestamp signed_at;
  std::optional<std::chrono::seconds> expires_in;  // presigned only
  PayloadKind payload = PayloadKind::kHash;
  std::string payload_hash;  // kHash: the header's value, or empty when absent
  // Version 2 (sigv2.h) only, and the mark of it; version 4's is made when it is verified.
  std::string string_to_sign;
};

enum class SignatureError {
  kMissing,         // no Authorization and no X-Amz-Signature
  kMalformed,       // cannot be parsed: IncompleteSignature / AuthorizationHeaderMalformed
  kUnsupported,     // SigV2, SigV4A
  kSkewed,          // RequestTimeTooSkewed / SignatureDoesNotMatch "Signature expired"
  kExpired,         // a presigned URL past its time: AccessDenied "Request has expired"
  kMismatch,        // SignatureDoesNotMatch
  kUnsignedHeader,  // host or an x-amz-* header that must be signed is not
};

std::expected<SignedRequest, SignatureError> parse_signature(const RequestHead& head);
// A request that nobody signed: what its head says about the payload. kMalformed when that would
// take a signature.
std::expected<SignedRequest, SignatureError> unsigned_request(const RequestHead& head);

using SigningKey = std::array<std::byte, 32>;
SigningKey signing_key(std::string_view secret, const CredentialScope& scope);

// Checks time, then the signature. `body_hash` is the hex SHA-256 of the body for services whose
// requests carry no x-amz-content-sha256; ignored when the request has one. The caller compares a
// claimed payload hash with the body it reads. `max_skew` is 15 minutes on AWS.
// S3 signs the path as sent; other services sign it normalised and encoded twice.
std::expected<void, SignatureError> verify_signature(const RequestHead& head,
                                                     const SignedRequest& claimed,
                                                     const SigningKey& key,
                                                     std::string_view body_hash, Timestamp now,
                                                     std::chrono::seconds max_skew);

// What S3 tells a client whose signature is wrong, to let it compare.
struct SignatureDetail {
  std::string canonical_request, string_to_sign;
};
SignatureDetail signature_detail(const RequestHead& head, const SignedRequest& claimed,
                                 std::string_view body_hash);

// Adds X-Amz-Date, X-Amz-Content-Sha256, X-Amz-Security-Token and Authorization to `head`, which
// must have its Host header.
struct SigningCredentials {
  std::string access_key_id, secret_access_key, session_token;
};
void sign(RequestHead& head, const SigningCredentials& credentials, std::string_view region,
          std::string_view service, std::string_view payload_hash, Timestamp now);
// A presigned URL's query, signed parameters included.
std::string presign_query(const RequestHead& head, const SigningCredentials& credentials,
                          std::string_view region, std::string_view service, Timestamp now,
                          std::chrono::seconds expires_in);

std::string sha256_hex(std::string_view bytes);

}  // namespace clary::wire
