#include "wire/sigv4_errors.h"

#include <cctype>

#include "wire/sigv2.h"
#include "wire/sigv4_canonical.h"

namespace clary::wire {
namespace {

constexpr std::string_view kInvalidTokenText =
    "The security token included in the request is invalid.";
constexpr std::string_view kExpiredTokenText =
    "The security token included in the request is expired";
constexpr std::string_view kMismatchText =
    "The request signature we calculated does not match the signature you provided. Check your AWS "
    "Secret Access Key and signing method. Consult the service documentation for details.";

std::string byte_list(std::string_view text) {
  std::string list;
  for (const char c : text) {
    if (!list.empty()) list.push_back(' ');
    list.append(hex(as_bytes(std::string_view(&c, 1))));
  }
  return list;
}

std::string malformed_text(const AuthContext& context) {
  const std::string_view header = context.head.headers.get("authorization");
  if (context.claimed != nullptr) {
    return "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from "
           "HTTP: '" +
           context.claimed->scope.date + "' != '" +
           iso8601_basic(context.claimed->signed_at).substr(0, 8) + "'.";
  }
  std::string text;
  for (const std::string_view name : {"Credential", "Signature", "SignedHeaders"}) {
    if (header.find(std::string(name) + "=") == std::string_view::npos) {
      text.append("Authorization header requires '").append(name).append("' parameter. ");
    }
  }
  if (!context.head.headers.find("x-amz-date") && !context.head.headers.find("date")) {
    text.append(
        "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ");
  }
  if (text.empty()) text = "A part of the signature is not of the form that is required. ";
  // The signature itself is not echoed.
  return text + "Authorization=" + std::string(header.substr(0, header.find("Signature=")));
}

std::string skew_text(const AuthContext& context) {
  const Timestamp at = context.claimed->signed_at;
  const std::string signed_at = iso8601_basic(at), now = iso8601_basic(context.now);
  const std::string minutes =
      std::to_string(std::chrono::duration_cast<std::chrono::minutes>(context.max_skew).count());
  if (at > context.now) {
    return "Signature not yet current: " + signed_at + " is still later than " +
           iso8601_basic(context.now + context.max_skew) + " (" + now + " + " + minutes + " min.)";
  }
  const auto allowed = context.claimed->expires_in.value_or(context.max_skew);
  return "Signature expired: " + signed_at + " is now earlier than " +
         iso8601_basic(context.now - allowed) + " (" + now + " - " +
         std::to_string(std::chrono::duration_cast<std::chrono::minutes>(allowed).count()) +
         " min.)";
}

struct Answer {
  const char* code;
  unsigned status;
  std::string message;
};

ApiError with(Answer answer, std::initializer_list<std::pair<std::string_view, std::string>> more) {
  ApiError error(answer.code, answer.message, answer.status);
  for (const auto& [name, value] : more) error.details()[name] = value;
  return error;
}

std::string unsigned_headers(const RequestHead& head, const SignedRequest* claimed) {
  std::string names;
  for (const auto& field : head.headers) {
    const std::string name = to_lower(field.first);
    if (name != "host" && !name.starts_with("x-amz-")) continue;
    if (claimed != nullptr &&
        std::ranges::find(claimed->signed_headers, name) != claimed->signed_headers.end()) {
      continue;
    }
    // What the request lists as signed, read from its raw form.
    const std::string_view listed = head.headers.get("authorization");
    if (listed.find(name) != std::string_view::npos) continue;
    if (!names.empty()) names.append(", ");
    names.append(name);
  }
  return names;
}

ApiError s3_mismatch(const AuthContext& context) {
  const Answer answer{"SignatureDoesNotMatch", 403,
                      "The request signature we calculated does not match the signature you "
                      "provided. Check your key and signing method."};
  if (context.claimed == nullptr) return with(answer, {});
  if (const std::string& text = context.claimed->string_to_sign; !text.empty()) {
    return with(answer, {{"AWSAccessKeyId", context.claimed->scope.access_key_id},
                         {"StringToSign", text},
                         {"SignatureProvided", context.claimed->signature},
                         {"StringToSignBytes", byte_list(text)}});
  }
  const SignatureDetail detail =
      signature_detail(context.head, *context.claimed, context.body_hash);
  return with(answer, {{"AWSAccessKeyId", context.claimed->scope.access_key_id},
                       {"StringToSign", detail.string_to_sign},
                       {"SignatureProvided", context.claimed->signature},
                       {"StringToSignBytes", byte_list(detail.string_to_sign)},
                       {"CanonicalRequest", detail.canonical_request},
                       {"CanonicalRequestBytes", byte_list(detail.canonical_request)}});
}

ApiError s3_malformed(const AuthContext& context) {
  if (has_sigv2_query(context.head)) {
    return with({"AccessDenied", 403,
                 "Query-string authentication requires the Signature, Expires and AWSAccessKeyId "
                 "parameters, each once; Expires is a date in seconds since the epoch."},
                {});
  }
  if (!context.head.headers.find("authorization")) {
    return with({"AuthorizationQueryParametersError", 400,
                 "Query-string authentication version 4 requires the X-Amz-Algorithm, "
                 "X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and "
                 "X-Amz-Expires parameters, each well-formed; X-Amz-Expires must be between 0 and "
                 "604800 seconds."},
                {});
  }
  const std::string_view hash = context.head.headers.get("x-amz-content-sha256");
  if (!hash.empty() && hash.size() != 64 && hash != "UNSIGNED-PAYLOAD" &&
      !hash.starts_with("STREAMING-")) {
    return with({"InvalidArgument", 400,
                 "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, "
                 "STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, "
                 "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value."},
                {{"ArgumentName", "x-amz-content-sha256"}, {"ArgumentValue", std::string(hash)}});
  }
  return with({"AuthorizationHeaderMalformed", 400,
               "The authorization header is malformed; " + malformed_text(context)},
              {});
}

ApiError s3_error(AuthFailure failure, const AuthContext& context) {
  const SignedRequest* const claimed = context.claimed;
  const std::string key_id = claimed != nullptr ? claimed->scope.access_key_id : std::string();
  switch (failure) {
    case AuthFailure::kMissing:
      return with({"AccessDenied", 403, "Access Denied"}, {});
    case AuthFailure::kMalformed:
      return s3_malformed(context);
    case AuthFailure::kUnsupported:
      return with({"InvalidRequest", 400,
                   "The authorization mechanism you have provided is not supported. Please use "
                   "AWS4-HMAC-SHA256."},
                  {});
    case AuthFailure::kSkewed:
      return with(
          {"RequestTimeTooSkewed", 403,
           "The difference between the request time and the current time is too large."},
          {{"RequestTime", claimed != nullptr ? iso8601_basic(claimed->signed_at) : std::string()},
           {"ServerTime", iso8601(context.now)},
           {"MaxAllowedSkewMilliseconds",
            std::to_string(std::chrono::milliseconds(context.max_skew).count())}});
    case AuthFailure::kExpired: {
      const auto lifetime = claimed != nullptr
                                ? claimed->expires_in.value_or(std::chrono::seconds(0))
                                : std::chrono::seconds(0);
      const Timestamp end = claimed != nullptr ? claimed->signed_at + lifetime : context.now;
      if (claimed != nullptr && !claimed->string_to_sign.empty()) {
        return with({"AccessDenied", 403, "Request has expired"},
                    {{"Expires", iso8601(end)}, {"ServerTime", iso8601(context.now)}});
      }
      return with({"AccessDenied", 403, "Request has expired"},
                  {{"X-Amz-Expires", std::to_string(lifetime.count())},
                   {"Expires", iso8601(end)},
                   {"ServerTime", iso8601(context.now)}});
    }
    case AuthFailure::kMismatch:
      return s3_mismatch(context);
    case AuthFailure::kUnsignedHeader:
      return with(
          {"AccessDenied", 403, "There were headers present in the request which were not signed"},
          {{"HeadersNotSigned", unsigned_headers(context.head, claimed)}});
    case AuthFailure::kUnknownKey:
      return with({"InvalidAccessKeyId", 403,
                   "The AWS Access Key Id you provided does not exist in our records."},
                  {{"AWSAccessKeyId", key_id}});
    case AuthFailure::kExpiredToken:
      return with({"ExpiredToken", 400, "The provided token has expired."}, {});
    case AuthFailure::kInvalidToken:
      return with({"InvalidToken", 400, "The provided token is malformed or otherwise invalid."},
                  {});
    case AuthFailure::kPayloadHash:
      return with({"XAmzContentSHA256Mismatch", 400,
                   "The provided 'x-amz-content-sha256' header does not match what was computed."},
                  {{"ClientComputedContentSHA256",
                    claimed != nullptr ? claimed->payload_hash : std::string()},
                   {"S3ComputedContentSHA256", std::string(context.body_hash)}});
  }
  return with({"AccessDenied", 403, "Access Denied"}, {});
}

// Codes of JSON services end in Exception; those of query services do not, and two differ.
struct CodePair {
  const char* json;
  const char* query;
};

ApiError named(AuthDialect dialect, CodePair codes, std::string_view message) {
  const bool query = dialect == AuthDialect::kQuery;
  const bool incomplete = std::string_view(codes.query) == "IncompleteSignature";
  const unsigned status = dialect == AuthDialect::kJson || (query && incomplete) ? 400 : 403;
  return ApiError(query ? codes.query : codes.json, std::string(message), status);
}

}  // namespace

AuthFailure auth_failure(SignatureError error) {
  switch (error) {
    case SignatureError::kMissing:
      return AuthFailure::kMissing;
    case SignatureError::kMalformed:
      return AuthFailure::kMalformed;
    case SignatureError::kUnsupported:
      return AuthFailure::kUnsupported;
    case SignatureError::kSkewed:
      return AuthFailure::kSkewed;
    case SignatureError::kExpired:
      return AuthFailure::kExpired;
    case SignatureError::kMismatch:
      return AuthFailure::kMismatch;
    case SignatureError::kUnsignedHeader:
      return AuthFailure::kUnsignedHeader;
  }
  return AuthFailure::kMissing;
}

AuthDialect auth_dialect(const ServiceModel& model, Protocol protocol) {
  if (model.name() == "s3" || protocol == Protocol::kRestXml) return AuthDialect::kS3;
  if (protocol == Protocol::kQuery) return AuthDialect::kQuery;
  return protocol == Protocol::kRestJson ? AuthDialect::kRestJson : AuthDialect::kJson;
}

ApiError auth_error(AuthDialect dialect, AuthFailure failure, const AuthContext& context) {
  if (dialect == AuthDialect::kS3) return s3_error(failure, context);
  constexpr CodePair kSignature = {"InvalidSignatureException", "SignatureDoesNotMatch"};
  constexpr CodePair kIncomplete = {"IncompleteSignatureException", "IncompleteSignature"};
  constexpr CodePair kToken = {"UnrecognizedClientException", "InvalidClientTokenId"};
  switch (failure) {
    case AuthFailure::kMissing:
      return named(dialect, {"MissingAuthenticationTokenException", "MissingAuthenticationToken"},
                   dialect == AuthDialect::kQuery ? "Request is missing Authentication Token"
                                                  : "Missing Authentication Token");
    case AuthFailure::kMalformed:
      if (context.claimed != nullptr) return named(dialect, kSignature, malformed_text(context));
      return named(dialect, kIncomplete, malformed_text(context));
    case AuthFailure::kUnsupported:
      return named(dialect, kIncomplete,
                   "Unsupported signature algorithm. Please use AWS4-HMAC-SHA256.");
    case AuthFailure::kSkewed:
    case AuthFailure::kExpired:
      return named(dialect, kSignature,
                   context.claimed != nullptr ? skew_text(context) : std::string(kMismatchText));
    case AuthFailure::kMismatch:
    case AuthFailure::kPayloadHash:
      return named(dialect, kSignature, kMismatchText);
    case AuthFailure::kUnsignedHeader:
      return named(dialect, kSignature,
                   "'" + unsigned_headers(context.head, context.claimed) +
                       "' must be a 'SignedHeader' in the AWS Authorization.");
    case AuthFailure::kUnknownKey:
    case AuthFailure::kInvalidToken:
      return named(dialect, kToken, kInvalidTokenText);
    case AuthFailure::kExpiredToken:
      return named(dialect, {"ExpiredTokenException", "ExpiredToken"}, kExpiredTokenText);
  }
  return named(dialect, kToken, kInvalidTokenText);
}

}  // namespace clary::wire
