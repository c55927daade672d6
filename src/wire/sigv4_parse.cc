#include <algorithm>
#include <charconv>

#include "wire/sigv4.h"
#include "wire/sigv4_canonical.h"

namespace clary::wire {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";
constexpr std::size_t kMaxSignedHeaders = 128;

using Malformed = std::unexpected<SignatureError>;
constexpr auto malformed() {
  return Malformed(SignatureError::kMalformed);
}

bool all_digits(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

int number(std::string_view digits) {
  int value = 0;
  for (const char c : digits) value = value * 10 + (c - '0');
  return value;
}

std::optional<Timestamp> make_time(int year, int month, int day, int hour, int minute, int second) {
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok() || hour > 23 || minute > 59 || second > 59) return std::nullopt;
  return Timestamp(std::chrono::sys_days(date)) + std::chrono::hours(hour) +
         std::chrono::minutes(minute) + std::chrono::seconds(second);
}

// 20150830T123600Z
std::optional<Timestamp> parse_basic_time(std::string_view text) {
  if (text.size() != 16 || text[8] != 'T' || text[15] != 'Z' || !all_digits(text.substr(0, 8)) ||
      !all_digits(text.substr(9, 6))) {
    return std::nullopt;
  }
  return make_time(number(text.substr(0, 4)), number(text.substr(4, 2)), number(text.substr(6, 2)),
                   number(text.substr(9, 2)), number(text.substr(11, 2)),
                   number(text.substr(13, 2)));
}

// Sun, 30 Aug 2015 12:36:00 GMT, for clients that send Date alone.
std::optional<Timestamp> parse_http_date(std::string_view text) {
  constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  if (text.size() != 29 || !text.ends_with(" GMT")) return std::nullopt;
  const auto month = kMonths.find(text.substr(8, 3));
  if (month == std::string_view::npos || month % 3 != 0) return std::nullopt;
  for (const auto& [at, length] : {std::pair{5, 2}, {12, 4}, {17, 2}, {20, 2}, {23, 2}}) {
    if (!all_digits(text.substr(static_cast<std::size_t>(at), static_cast<std::size_t>(length)))) {
      return std::nullopt;
    }
  }
  return make_time(number(text.substr(12, 4)), static_cast<int>(month / 3) + 1,
                   number(text.substr(5, 2)), number(text.substr(17, 2)),
                   number(text.substr(20, 2)), number(text.substr(23, 2)));
}

bool parse_signed_headers(std::string_view list, std::vector<std::string>& names) {
  names.reserve(static_cast<std::size_t>(std::ranges::count(list, ';')) + 1);
  while (true) {
    const auto end = std::min(list.find(';'), list.size());
    if (end == 0 || names.size() == kMaxSignedHeaders) return false;
    names.push_back(to_lower(list.substr(0, end)));
    if (end == list.size()) return true;
    list.remove_prefix(end + 1);
  }
}

bool is_hex64(std::string_view text) {
  return text.size() == 64 && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
         });
}

std::expected<void, SignatureError> parse_payload(std::string_view text, SignedRequest& request) {
  if (text == "UNSIGNED-PAYLOAD") {
    request.payload = PayloadKind::kUnsigned;
  } else if (text == "STREAMING-AWS4-HMAC-SHA256-PAYLOAD") {
    request.payload = PayloadKind::kStreamingSigned;
  } else if (text == "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER") {
    request.payload = PayloadKind::kStreamingSignedTrailer;
  } else if (text == "STREAMING-UNSIGNED-PAYLOAD-TRAILER") {
    request.payload = PayloadKind::kStreamingUnsignedTrailer;
  } else if (text.starts_with("STREAMING-AWS4-ECDSA")) {
    return std::unexpected(SignatureError::kUnsupported);
  } else if (is_hex64(text)) {
    request.payload_hash = text;
  } else if (!text.empty()) {
    return malformed();
  }
  return {};
}

// host and what carries meaning for AWS must be covered by the signature. Not insisted on: the
// content hash, which takes part by itself; for other services than S3 the session token, which
// some clients add afterwards; the user agent of browsers.
bool covers_what_it_must(const RequestHead& head, const SignedRequest& request) {
  const auto listed = [&](std::string_view name) {
    return std::ranges::any_of(request.signed_headers, [&](const std::string& signed_name) {
      return equals_ignore_case(signed_name, name);
    });
  };
  if (!listed("host")) return false;
  const bool s3 = path_style(request.scope.service) == PathStyle::kAsSent;
  for (const auto& field : head.headers) {
    const std::string_view name = field.first;
    if (name.size() < 6 || !equals_ignore_case(name.substr(0, 6), "x-amz-") || listed(name)) {
      continue;
    }
    const bool exempt = equals_ignore_case(name, "x-amz-content-sha256") ||
                        equals_ignore_case(name, "x-amz-user-agent") ||
                        (!s3 && equals_ignore_case(name, "x-amz-security-token"));
    if (!exempt) return false;
  }
  return true;
}

std::expected<SignedRequest, SignatureError> finish(const RequestHead& head,
                                                    SignedRequest request) {
  if (!is_hex64(request.signature)) return malformed();
  if (!covers_what_it_must(head, request)) {
    return std::unexpected(SignatureError::kUnsignedHeader);
  }
  return request;
}

std::expected<SignedRequest, SignatureError> parse_header(const RequestHead& head,
                                                          std::string_view text) {
  text = trim(text);
  const auto space = std::min(text.find(' '), text.size());
  if (text.substr(0, space) != kAlgorithm) return std::unexpected(SignatureError::kUnsupported);
  text.remove_prefix(space);
  SignedRequest request;
  bool has_scope = false, has_headers = false;
  while (!text.empty()) {
    const auto comma = std::min(text.find(','), text.size());
    const std::string_view field = trim(text.substr(0, comma));
    text.remove_prefix(std::min(comma + 1, text.size()));
    const auto equals = field.find('=');
    if (equals == std::string_view::npos) return malformed();
    const std::string_view name = field.substr(0, equals), value = field.substr(equals + 1);
    if (name == "Credential") {
      if (has_scope || !parse_scope(value, request.scope)) return malformed();
      has_scope = true;
    } else if (name == "SignedHeaders") {
      if (has_headers || !parse_signed_headers(value, request.signed_headers)) return malformed();
      has_headers = true;
    } else if (name == "Signature") {
      if (!request.signature.empty()) return malformed();
      request.signature = value;
    } else {
      return malformed();
    }
  }
  if (!has_scope || !has_headers) return malformed();
  const auto amz_date = head.headers.find("x-amz-date");
  const auto time =
      amz_date ? parse_basic_time(trim(*amz_date)) : [&]() -> std::optional<Timestamp> {
    const std::string_view date = trim(head.headers.get("date"));
    const auto basic = parse_basic_time(date);
    return basic ? basic : parse_http_date(date);
  }();
  if (!time) return malformed();
  request.signed_at = *time;
  request.session_token = head.headers.get("x-amz-security-token");
  if (const auto ok = parse_payload(trim(head.headers.get("x-amz-content-sha256")), request); !ok) {
    return std::unexpected(ok.error());
  }
  return finish(head, std::move(request));
}

struct QueryFields {
  std::optional<std::string> algorithm, credential, date, expires, headers, signature, token, hash;
  bool repeated = false;
};

QueryFields query_fields(std::string_view query) {
  QueryFields fields;
  for (std::size_t start = 0; start < query.size();) {
    const std::size_t end = std::min(query.find('&', start), query.size());
    const std::string_view pair = query.substr(start, end - start);
    start = end + 1;
    if (!pair.starts_with("X-Amz-")) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const std::string_view name = pair.substr(6, equals < 6 ? 0 : equals - 6);
    std::optional<std::string>* const target = name == "Algorithm"        ? &fields.algorithm
                                               : name == "Credential"     ? &fields.credential
                                               : name == "Date"           ? &fields.date
                                               : name == "Expires"        ? &fields.expires
                                               : name == "SignedHeaders"  ? &fields.headers
                                               : name == "Signature"      ? &fields.signature
                                               : name == "Security-Token" ? &fields.token
                                               : name == "Content-Sha256" ? &fields.hash
                                                                          : nullptr;
    if (target == nullptr) continue;
    if (target->has_value()) fields.repeated = true;
    *target = uri_decode(equals < pair.size() ? pair.substr(equals + 1) : std::string_view());
    if (!target->has_value()) fields.repeated = true;  // a broken escape: malformed all the same
  }
  return fields;
}

std::expected<SignedRequest, SignatureError> parse_query(const RequestHead& head) {
  const QueryFields fields = query_fields(head.query);
  if (fields.algorithm && *fields.algorithm != kAlgorithm) {
    return std::unexpected(SignatureError::kUnsupported);
  }
  if (fields.repeated || !fields.algorithm || !fields.credential || !fields.date ||
      !fields.headers || !fields.signature) {
    return malformed();
  }
  SignedRequest request;
  request.presigned = true;
  request.signature = *fields.signature;
  const auto time = parse_basic_time(*fields.date);
  if (!time || !parse_scope(*fields.credential, request.scope) ||
      !parse_signed_headers(*fields.headers, request.signed_headers)) {
    return malformed();
  }
  request.signed_at = *time;
  request.session_token = fields.token.value_or("");
  const bool s3 = path_style(request.scope.service) == PathStyle::kAsSent;
  constexpr int kWeek = 7 * 24 * 3600;
  int expires = 15 * 60;
  if (fields.expires) {
    const std::string& text = *fields.expires;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), expires);
    if (error != std::errc() || end != text.data() + text.size() || expires < 0 ||
        expires > kWeek) {
      return malformed();
    }
  } else if (s3) {
    return malformed();
  }
  request.expires_in = std::chrono::seconds(expires);
  const std::string_view header_hash = trim(head.headers.get("x-amz-content-sha256"));
  const std::string_view hash = fields.hash ? std::string_view(*fields.hash) : header_hash;
  if (const auto ok = parse_payload(hash, request); !ok) return std::unexpected(ok.error());
  if (hash.empty() && s3) request.payload = PayloadKind::kUnsigned;
  return finish(head, std::move(request));
}

}  // namespace

// KEY/DATE/REGION/SERVICE/aws4_request, read from its end: a key id may hold slashes.
bool parse_scope(std::string_view text, CredentialScope& scope) {
  std::array<std::string_view, 4> fields;
  for (std::size_t i = fields.size(); i-- > 0;) {
    const auto slash = text.rfind('/');
    if (slash == std::string_view::npos) return false;
    fields[i] = text.substr(slash + 1);
    text = text.substr(0, slash);
  }
  if (fields[3] != "aws4_request" || text.empty() || fields[0].size() != 8 ||
      !all_digits(fields[0]) || fields[1].empty() || fields[2].empty()) {
    return false;
  }
  scope.access_key_id = text;
  scope.date = fields[0];
  scope.region = fields[1];
  scope.service = fields[2];
  return true;
}

std::expected<SignedRequest, SignatureError> parse_signature(const RequestHead& head) {
  if (const auto authorization = head.headers.find("authorization")) {
    return parse_header(head, *authorization);
  }
  if (head.query.find("X-Amz-") != std::string::npos &&
      (head.query.find("X-Amz-Signature=") != std::string::npos ||
       head.query.find("X-Amz-Algorithm=") != std::string::npos)) {
    return parse_query(head);
  }
  // SigV2's presigned form, which sigv2.h reads.
  if (head.query.find("AWSAccessKeyId=") != std::string::npos &&
      head.query.find("Signature=") != std::string::npos) {
    return std::unexpected(SignatureError::kUnsupported);
  }
  return std::unexpected(SignatureError::kMissing);
}

std::expected<SignedRequest, SignatureError> unsigned_request(const RequestHead& head) {
  SignedRequest request;
  request.payload = PayloadKind::kUnsigned;
  const std::string_view text = head.headers.get("x-amz-content-sha256");
  if (const auto parsed = parse_payload(text, request); !parsed) {
    return std::unexpected(parsed.error());
  }
  if (request.payload == PayloadKind::kStreamingSigned ||
      request.payload == PayloadKind::kStreamingSignedTrailer) {
    return malformed();
  }
  if (!request.payload_hash.empty()) request.payload = PayloadKind::kHash;
  return request;
}

}  // namespace clary::wire
