#include "server/authenticator.h"

#include "base/text.h"
#include "server/service_of_request.h"
#include "wire/sha256.h"
#include "wire/sigv2.h"

namespace clary::server {

using wire::AuthFailure;

Authenticator::Authenticator(identity::Credentials& credentials, const Clock& clock,
                             std::string region)
    : credentials_(credentials), clock_(clock), region_(std::move(region)) {}

std::expected<Claim, AuthFailure> Authenticator::claim(const RequestHead& head) {
  const bool version_2 = wire::has_sigv2_query(head);
  auto parsed = version_2 ? wire::parse_sigv2(head, bucket_in_host(head), region_)
                          : wire::parse_signature(head);
  if (!parsed) return std::unexpected(wire::auth_failure(parsed.error()));
  auto access_key = credentials_.find(parsed->scope.access_key_id);
  if (!access_key || !access_key->active) return std::unexpected(AuthFailure::kUnknownKey);
  if (!equals_constant_time(access_key->session_token, parsed->session_token)) {
    return std::unexpected(AuthFailure::kInvalidToken);
  }
  if (access_key->expires && *access_key->expires <= clock_.now()) {
    return std::unexpected(AuthFailure::kExpiredToken);
  }
  const wire::SigningKey key =
      version_2 ? wire::SigningKey{} : keys_.get(access_key->secret, parsed->scope);
  return Claim{.request = std::move(*parsed), .key = key, .access_key = std::move(access_key)};
}

Claim Authenticator::anonymous() const {
  static const auto nobody = [] {
    auto principal = std::make_shared<identity::Principal>();
    principal->kind = identity::Principal::Kind::kAnonymous;
    principal->arn = "anonymous";
    auto key = std::make_shared<identity::AccessKey>();
    key->principal = std::move(principal);
    return std::shared_ptr<const identity::AccessKey>(std::move(key));
  }();
  Claim claim;
  claim.request.payload = wire::PayloadKind::kUnsigned;
  claim.request.scope.region = region_;
  claim.request.signed_at = clock_.now();
  claim.access_key = nobody;
  return claim;
}

std::expected<Claim, AuthFailure> Authenticator::claim_unsigned(const RequestHead& head) const {
  Claim claim = anonymous();
  auto request = wire::unsigned_request(head);
  if (!request) return std::unexpected(wire::auth_failure(request.error()));
  claim.request.payload = request->payload;
  claim.request.payload_hash = std::move(request->payload_hash);
  return claim;
}

// Source: "Calculating a Signature", browser-based uploads, for versions 4 and 2: both sign the
// policy as the form has it.
std::expected<Claim, AuthFailure> Authenticator::claim_form(const FormSignature& form) {
  wire::SignedRequest request;
  request.payload = wire::PayloadKind::kUnsigned;
  request.signature = form.signature;
  request.session_token = form.session_token;
  request.signed_at = clock_.now();
  const bool version_2 = form.credential.empty();
  if (version_2) {
    request.scope = {form.access_key_id, "", region_, "s3"};
  } else {
    if (!wire::parse_scope(form.credential, request.scope) || request.scope.service != "s3" ||
        !form.date.starts_with(request.scope.date)) {
      return std::unexpected(AuthFailure::kMalformed);
    }
  }
  auto access_key = credentials_.find(request.scope.access_key_id);
  if (!access_key || !access_key->active) return std::unexpected(AuthFailure::kUnknownKey);
  std::string expected;
  wire::SigningKey key{};
  if (version_2) {
    expected = wire::hmac_sha1_base64(access_key->secret, form.policy);
  } else {
    key = keys_.get(access_key->secret, request.scope);
    expected = std::string(wire::hex_digest(wire::hmac_sha256(key, {form.policy})).view());
  }
  if (!equals_constant_time(expected, form.signature)) {
    return std::unexpected(AuthFailure::kMismatch);
  }
  if (!equals_constant_time(access_key->session_token, form.session_token)) {
    return std::unexpected(AuthFailure::kInvalidToken);
  }
  if (access_key->expires && *access_key->expires <= clock_.now()) {
    return std::unexpected(AuthFailure::kExpiredToken);
  }
  return Claim{.request = std::move(request), .key = key, .access_key = std::move(access_key)};
}

std::expected<void, AuthFailure> Authenticator::verify(const RequestHead& head, const Claim& claim,
                                                       std::string_view body_hash) {
  const bool anonymous = claim.access_key->principal->kind == identity::Principal::Kind::kAnonymous;
  const auto verified =
      anonymous ? std::expected<void, wire::SignatureError>()
      : claim.request.string_to_sign.empty()
          ? wire::verify_signature(head, claim.request, claim.key, body_hash, clock_.now(),
                                   kMaxSkew)
          : wire::verify_sigv2(claim.request, claim.access_key->secret, clock_.now());
  if (!verified) return std::unexpected(wire::auth_failure(verified.error()));
  // A buffered body is at hand: what the header claims about it must be true.
  const auto& request = claim.request;
  if (!body_hash.empty() && request.payload == wire::PayloadKind::kHash &&
      !request.payload_hash.empty() && !equals_constant_time(request.payload_hash, body_hash)) {
    return std::unexpected(AuthFailure::kPayloadHash);
  }
  credentials_.note_use(*claim.access_key, request.scope.service, request.scope.region);
  return {};
}

}  // namespace clary::server
