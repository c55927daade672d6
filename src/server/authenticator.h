// Who sends a request: its signature against the keys that are known.
#pragma once

#include <chrono>
#include <expected>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/request.h"
#include "identity/credentials.h"
#include "wire/sigv4.h"
#include "wire/sigv4_errors.h"
#include "wire/sigv4_keys.h"

namespace clary::server {

// A request whose key is known; its signature still has to be verified.
struct Claim {
  wire::SignedRequest request;
  wire::SigningKey key{};  // of version 4 only
  std::shared_ptr<const identity::AccessKey> access_key;
};

// What the fields of an S3 upload form say about who signed its policy. `credential` and `date` are
// version 4's, `access_key_id` version 2's.
struct FormSignature {
  std::string access_key_id, credential, date, signature, session_token;
  std::string policy;  // as sent, which is what was signed
};

// threads: any. Allocates little: signing keys are kept.
class Authenticator {
 public:
  // `region` is where requests belong whose signature names none (S3 links of version 2).
  Authenticator(identity::Credentials& credentials, const Clock& clock, std::string region);

  // Parses the signature, finds the key, checks its session token and its expiry: all that can be
  // refused before the body is read.
  std::expected<Claim, wire::AuthFailure> claim(const RequestHead& head);

  // Who sends a request that nobody signed.
  Claim anonymous() const;
  // The same, with what its head says about the payload; kMalformed when that takes a signature.
  std::expected<Claim, wire::AuthFailure> claim_unsigned(const RequestHead& head) const;

  // The same for a form, whose signature is verified as well.
  std::expected<Claim, wire::AuthFailure> claim_form(const FormSignature& form);

  // `body_hash`: hex SHA-256 of the body, for requests that carry none themselves.
  std::expected<void, wire::AuthFailure> verify(const RequestHead& head, const Claim& claim,
                                                std::string_view body_hash);

 private:
  // AWS refuses clocks that are off by more than 15 minutes.
  static constexpr std::chrono::minutes kMaxSkew{15};

  identity::Credentials& credentials_;
  const Clock& clock_;
  const std::string region_;
  wire::SigningKeys keys_;
};

}  // namespace clary::server
