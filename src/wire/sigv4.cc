#include "wire/sigv4.h"

#include <algorithm>

#include "wire/sha256.h"
#include "wire/sigv4_canonical.h"

namespace clary::wire {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";

void write_string_to_sign(std::string& out, std::string_view time, const CredentialScope& scope,
                          std::string_view canonical_request) {
  out.clear();
  out.append(kAlgorithm).append("\n").append(time).append("\n");
  out.append(scope.date).append("/").append(scope.region).append("/").append(scope.service);
  out.append("/aws4_request\n").append(hex_digest(sha256(canonical_request)).view());
}

// One pair per thread, so that a request costs no allocation here.
struct Buffers {
  std::string canonical_request, string_to_sign;
};
Buffers& thread_buffers() {
  thread_local Buffers buffers;
  return buffers;
}

CanonicalParts parts_of(const RequestHead& head, const SignedRequest& claimed,
                        std::string_view body_hash, std::string_view left_out) {
  return {.head = head,
          .signed_headers = claimed.signed_headers,
          .payload_hash = payload_hash_text(claimed, body_hash),
          .style = path_style(claimed.scope.service),
          .left_out = left_out};
}

bool matches(const RequestHead& head, const SignedRequest& claimed, const SigningKey& key,
             std::string_view body_hash, std::string_view left_out) {
  Buffers& buffers = thread_buffers();
  write_canonical_request(buffers.canonical_request, parts_of(head, claimed, body_hash, left_out));
  write_string_to_sign(buffers.string_to_sign, iso8601_basic(claimed.signed_at), claimed.scope,
                       buffers.canonical_request);
  const auto expected = hex_digest(hmac_sha256(key, {buffers.string_to_sign}));
  return equals_constant_time(expected.view(), claimed.signature);
}

std::string join_names(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) {
    if (!text.empty()) text.push_back(';');
    text.append(name);
  }
  return text;
}

// What a proxy or the connection itself may change is not signed.
bool worth_signing(std::string_view lower_name) {
  constexpr std::array<std::string_view, 8> kLeftOut = {
      "authorization",     "connection", "expect",         "user-agent",
      "transfer-encoding", "te",         "content-length", "x-amzn-trace-id"};
  return std::ranges::find(kLeftOut, lower_name) == kLeftOut.end();
}

std::vector<std::string> header_names(const Headers& headers) {
  std::vector<std::string> names;
  for (const auto& field : headers) {
    std::string name = to_lower(field.first);
    if (worth_signing(name)) names.push_back(std::move(name));
  }
  std::ranges::sort(names);
  const auto repeated = std::ranges::unique(names);
  names.erase(repeated.begin(), repeated.end());
  return names;
}

CredentialScope scope_for(const SigningCredentials& credentials, std::string_view region,
                          std::string_view service, std::string_view time) {
  return {.access_key_id = credentials.access_key_id,
          .date = std::string(time.substr(0, 8)),
          .region = std::string(region),
          .service = std::string(service)};
}

// A client signs many requests with one key; deriving it would be the larger half of each
// signature.
const SigningKey& own_signing_key(std::string_view secret, const CredentialScope& scope) {
  struct Last {
    std::string secret, date, region, service;
    SigningKey key;
  };
  thread_local Last last;
  if (last.secret != secret || last.date != scope.date || last.region != scope.region ||
      last.service != scope.service) {
    last = {std::string(secret), scope.date, scope.region, scope.service,
            signing_key(secret, scope)};
  }
  return last.key;
}

std::string signature_of(const CanonicalParts& parts, std::string_view secret,
                         const CredentialScope& scope, std::string_view time) {
  std::string canonical, to_sign;
  write_canonical_request(canonical, parts);
  write_string_to_sign(to_sign, time, scope, canonical);
  return hex(hmac_sha256(own_signing_key(secret, scope), {to_sign}));
}

}  // namespace

SigningKey signing_key(std::string_view secret, const CredentialScope& scope) {
  const std::string start = "AWS4" + std::string(secret);
  const auto date = hmac_sha256(as_bytes(start), {scope.date});
  const auto region = hmac_sha256(date, {scope.region});
  const auto service = hmac_sha256(region, {scope.service});
  return hmac_sha256(service, {"aws4_request"});
}

std::expected<void, SignatureError> verify_signature(const RequestHead& head,
                                                     const SignedRequest& claimed,
                                                     const SigningKey& key,
                                                     std::string_view body_hash, Timestamp now,
                                                     std::chrono::seconds max_skew) {
  if (claimed.signed_at > now + max_skew) return std::unexpected(SignatureError::kSkewed);
  if (claimed.expires_in) {
    if (now > claimed.signed_at + *claimed.expires_in) {
      return std::unexpected(SignatureError::kExpired);
    }
  } else if (claimed.signed_at < now - max_skew) {
    return std::unexpected(SignatureError::kSkewed);
  }
  const std::chrono::year_month_day day(std::chrono::floor<std::chrono::days>(claimed.signed_at));
  const unsigned date = static_cast<unsigned>(static_cast<int>(day.year())) * 10000 +
                        static_cast<unsigned>(day.month()) * 100 + static_cast<unsigned>(day.day());
  if (std::to_string(date) != claimed.scope.date) {
    return std::unexpected(SignatureError::kMalformed);
  }
  if (matches(head, claimed, key, body_hash, {})) return {};
  // Some services have the token added to the URL after signing.
  constexpr std::string_view kToken = "X-Amz-Security-Token";
  if (claimed.presigned && !claimed.session_token.empty() &&
      path_style(claimed.scope.service) == PathStyle::kNormalized &&
      matches(head, claimed, key, body_hash, kToken)) {
    return {};
  }
  return std::unexpected(SignatureError::kMismatch);
}

SignatureDetail signature_detail(const RequestHead& head, const SignedRequest& claimed,
                                 std::string_view body_hash) {
  SignatureDetail detail;
  write_canonical_request(detail.canonical_request, parts_of(head, claimed, body_hash, {}));
  write_string_to_sign(detail.string_to_sign, iso8601_basic(claimed.signed_at), claimed.scope,
                       detail.canonical_request);
  return detail;
}

void sign(RequestHead& head, const SigningCredentials& credentials, std::string_view region,
          std::string_view service, std::string_view payload_hash, Timestamp now) {
  const std::string time = iso8601_basic(now);
  head.headers.add("X-Amz-Date", time);
  head.headers.add("X-Amz-Content-Sha256", std::string(payload_hash));
  if (!credentials.session_token.empty()) {
    head.headers.add("X-Amz-Security-Token", credentials.session_token);
  }
  const CredentialScope scope = scope_for(credentials, region, service, time);
  const std::vector<std::string> names = header_names(head.headers);
  const std::string signature = signature_of({.head = head,
                                              .signed_headers = names,
                                              .payload_hash = payload_hash,
                                              .style = path_style(service)},
                                             credentials.secret_access_key, scope, time);
  std::string value(kAlgorithm);
  value.append(" Credential=").append(scope.access_key_id).append("/").append(scope.text());
  value.append(", SignedHeaders=").append(join_names(names));
  value.append(", Signature=").append(signature);
  head.headers.add("Authorization", std::move(value));
}

std::string presign_query(const RequestHead& head, const SigningCredentials& credentials,
                          std::string_view region, std::string_view service, Timestamp now,
                          std::chrono::seconds expires_in) {
  const std::string time = iso8601_basic(now);
  const CredentialScope scope = scope_for(credentials, region, service, time);
  const std::vector<std::string> names = header_names(head.headers);
  const auto add = [](std::string& query, std::string_view name, std::string_view value) {
    if (!query.empty()) query.push_back('&');
    query.append(name).append("=").append(uri_encode(value));
  };
  RequestHead signed_head = head;
  std::string& query = signed_head.query;
  add(query, "X-Amz-Algorithm", kAlgorithm);
  add(query, "X-Amz-Credential", scope.access_key_id + "/" + scope.text());
  add(query, "X-Amz-Date", time);
  add(query, "X-Amz-Expires", std::to_string(expires_in.count()));
  add(query, "X-Amz-SignedHeaders", join_names(names));
  if (!credentials.session_token.empty()) {
    add(query, "X-Amz-Security-Token", credentials.session_token);
  }
  const PathStyle style = path_style(service);
  const std::string empty_hash = sha256_hex("");
  const std::string_view payload_hash =
      style == PathStyle::kAsSent ? std::string_view("UNSIGNED-PAYLOAD") : empty_hash;
  add(query, "X-Amz-Signature",
      signature_of({.head = signed_head,
                    .signed_headers = names,
                    .payload_hash = payload_hash,
                    .style = style},
                   credentials.secret_access_key, scope, time));
  return query;
}

std::string sha256_hex(std::string_view bytes) {
  return std::string(hex_digest(sha256(bytes)).view());
}

}  // namespace clary::wire
