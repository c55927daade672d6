// Why a request was not let in, in the words of the service it was meant for.
// Sources: S3's "Error responses", IAM's "Common errors", and what the services answer in practice.
#pragma once

#include <string_view>

#include "base/clock.h"
#include "base/request.h"
#include "wire/api_error.h"
#include "wire/model.h"
#include "wire/sigv4.h"

namespace clary::wire {

enum class AuthFailure {
  kMissing,
  kMalformed,
  kUnsupported,
  kSkewed,
  kExpired,
  kMismatch,
  kUnsignedHeader,
  // Found out after the signature was parsed:
  kUnknownKey,    // no such access key id
  kExpiredToken,  // temporary credentials past their time
  kInvalidToken,  // the session token is not the key's
  kPayloadHash    // the body does not hash to x-amz-content-sha256
};
AuthFailure auth_failure(SignatureError error);

// Families of services that name these failures alike.
enum class AuthDialect { kS3, kJson, kRestJson, kQuery };
AuthDialect auth_dialect(const ServiceModel& model, Protocol protocol);

struct AuthContext {
  const RequestHead& head;
  const SignedRequest* claimed = nullptr;  // nullptr when it could not be parsed
  std::string_view body_hash;              // what the body hashes to, when known
  Timestamp now;
  std::chrono::seconds max_skew{15 * 60};
};

// Code, status, message and, for S3, the further members of the error document.
ApiError auth_error(AuthDialect dialect, AuthFailure failure, const AuthContext& context);

}  // namespace clary::wire
