#include "wire/sigv2.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <new>
#include <optional>
#include <utility>
#include <vector>

namespace clary::wire {
namespace {

constexpr std::string_view kAmz = "x-amz-";
// 9999-12-31T23:59:59Z, the last second that has a date of four digits.
constexpr std::int64_t kLastSecond = 253402300799;

constexpr std::array<std::string_view, 35> kSigned = {"accelerate",
                                                      "acl",
                                                      "analytics",
                                                      "cors",
                                                      "defaultObjectAcl",
                                                      "delete",
                                                      "inventory",
                                                      "lifecycle",
                                                      "location",
                                                      "logging",
                                                      "metrics",
                                                      "notification",
                                                      "object-lock",
                                                      "partNumber",
                                                      "policy",
                                                      "replication",
                                                      "requestPayment",
                                                      "response-cache-control",
                                                      "response-content-disposition",
                                                      "response-content-encoding",
                                                      "response-content-language",
                                                      "response-content-type",
                                                      "response-expires",
                                                      "restore",
                                                      "select",
                                                      "select-type",
                                                      "storageClass",
                                                      "tagging",
                                                      "torrent",
                                                      "uploadId",
                                                      "uploads",
                                                      "versionId",
                                                      "versioning",
                                                      "versions",
                                                      "website"};

// Sub-resources younger than version 2.
constexpr std::array<std::string_view, 17> kRefused = {"abac",
                                                       "annotation",
                                                       "attributes",
                                                       "encryption",
                                                       "intelligent-tiering",
                                                       "legal-hold",
                                                       "metadataAnnotationTable",
                                                       "metadataConfiguration",
                                                       "metadataInventoryTable",
                                                       "metadataJournalTable",
                                                       "metadataTable",
                                                       "ownershipControls",
                                                       "policyStatus",
                                                       "publicAccessBlock",
                                                       "renameObject",
                                                       "retention",
                                                       "session"};

struct Parameter {
  std::string name;
  std::optional<std::string> value;  // absent without '='
};

// Decoded as the router and the operations decode them; nullopt on a broken escape.
std::optional<std::vector<Parameter>> parameters_of(std::string_view query) {
  std::vector<Parameter> parameters;
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    auto name = uri_decode(pair.substr(0, equals), Plus::kSpace);
    if (!name) return std::nullopt;
    Parameter parameter{.name = std::move(*name), .value = std::nullopt};
    if (equals < pair.size()) {
      // A '+' of Base64 that a hasty client left as it is.
      const bool base64_text =
          parameter.name == "Signature" || parameter.name == "x-amz-security-token";
      parameter.value =
          uri_decode(pair.substr(equals + 1), base64_text ? Plus::kLiteral : Plus::kSpace);
      if (!parameter.value) return std::nullopt;
    }
    parameters.push_back(std::move(parameter));
  }
  return parameters;
}

bool is_amz(std::string_view name) {
  return name.size() > kAmz.size() && equals_ignore_case(name.substr(0, kAmz.size()), kAmz);
}

// A header fills the place of the parameter of its name; what comes twice is joined with commas.
std::string amz_headers(const RequestHead& head, const std::vector<Parameter>& parameters) {
  std::map<std::string, std::string> values;
  const auto add = [&values](std::string name, std::string_view value) {
    const auto [at, fresh] = values.try_emplace(std::move(name), trim(value));
    if (!fresh) at->second.append(",").append(trim(value));
  };
  for (const auto& [name, value] : head.headers) {
    if (is_amz(name)) add(to_lower(name), value);
  }
  for (const Parameter& parameter : parameters) {
    if (is_amz(parameter.name) && !head.headers.find(parameter.name)) {
      add(to_lower(parameter.name), parameter.value.value_or(""));
    }
  }
  std::string text;
  for (const auto& [name, value] : values) text.append(name).append(":").append(value).append("\n");
  return text;
}

std::string resource_of(const RequestHead& head, std::string_view bucket,
                        const std::vector<Parameter>& parameters) {
  std::string text;
  if (!bucket.empty()) text.append("/").append(bucket);
  text.append(head.path);
  // A bucket alone is signed with its slash, sent so or not (what botocore does in path style).
  if (text.size() > 1 && text.find('/', 1) == std::string::npos) text.push_back('/');
  std::vector<const Parameter*> listed;
  for (const Parameter& parameter : parameters) {
    if (is_signed_by_sigv2(parameter.name)) listed.push_back(&parameter);
  }
  // What comes twice keeps its order.
  std::ranges::sort(listed, [](const Parameter* a, const Parameter* b) {
    return a->name == b->name ? a < b : a->name < b->name;
  });
  char separator = '?';
  for (const Parameter* parameter : listed) {
    text.push_back(std::exchange(separator, '&'));
    text.append(parameter->name);
    if (parameter->value) text.append("=").append(*parameter->value);
  }
  return text;
}

std::optional<std::int64_t> seconds_of(std::string_view text) {
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || seconds < 0 ||
      seconds > kLastSecond) {
    return std::nullopt;
  }
  return seconds;
}

}  // namespace

std::string hmac_sha1_base64(std::string_view secret, std::string_view message) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (HMAC(EVP_sha1(), secret.data(), static_cast<int>(secret.size()),
           reinterpret_cast<const unsigned char*>(message.data()), message.size(), digest.data(),
           &size) == nullptr) {
    throw std::bad_alloc();
  }
  return base64({reinterpret_cast<const char*>(digest.data()), size});
}

bool is_signed_by_sigv2(std::string_view parameter) {
  return std::ranges::find(kSigned, parameter) != kSigned.end();
}

bool is_refused_by_sigv2(std::string_view parameter) {
  return std::ranges::find(kRefused, parameter) != kRefused.end();
}

bool has_sigv2_query(const RequestHead& head) {
  if (head.headers.find("authorization")) return false;
  const std::string_view query = head.query;
  const auto has = [query](std::string_view start) {
    for (auto at = query.find(start); at != std::string_view::npos;
         at = query.find(start, at + 1)) {
      if (at == 0 || query[at - 1] == '&') return true;
    }
    return false;
  };
  return has("AWSAccessKeyId=") && has("Signature=") && !has("X-Amz-Signature=") &&
         !has("X-Amz-Algorithm=");
}

std::expected<SignedRequest, SignatureError> parse_sigv2(const RequestHead& head,
                                                         std::string_view bucket,
                                                         std::string_view region) {
  const auto parameters = parameters_of(head.query);
  if (!parameters) return std::unexpected(SignatureError::kMalformed);
  std::map<std::string, std::string_view> once;
  for (const Parameter& parameter : *parameters) {
    const std::string& name = parameter.name;
    if (name == "SignatureVersion" || name == "SignatureMethod" || is_refused_by_sigv2(name)) {
      return std::unexpected(SignatureError::kUnsupported);
    }
    const bool single =
        name == "AWSAccessKeyId" || name == "Expires" || name == "Signature" || is_amz(name);
    const std::string_view value = parameter.value ? *parameter.value : std::string_view();
    if (single && !once.try_emplace(to_lower(name), value).second) {
      return std::unexpected(SignatureError::kMalformed);
    }
  }
  const auto ends = seconds_of(once["expires"]);
  if (!ends || once["awsaccesskeyid"].empty() || once["signature"].empty()) {
    return std::unexpected(SignatureError::kMalformed);
  }
  SignedRequest request;
  request.scope.access_key_id = once["awsaccesskeyid"];
  request.scope.region = region;
  request.scope.service = "s3";
  request.presigned = true;
  request.signature = once["signature"];
  request.session_token =
      head.headers.find("x-amz-security-token").value_or(once["x-amz-security-token"]);
  request.signed_at = Timestamp(std::chrono::seconds(*ends));
  request.expires_in = std::chrono::seconds(0);
  request.payload = PayloadKind::kUnsigned;
  std::string& text = request.string_to_sign;
  text.append(head.method).append("\n");
  text.append(trim(head.headers.get("content-md5"))).append("\n");
  text.append(trim(head.headers.get("content-type"))).append("\n");
  text.append(once["expires"]).append("\n");
  text.append(amz_headers(head, *parameters)).append(resource_of(head, bucket, *parameters));
  return request;
}

std::expected<void, SignatureError> verify_sigv2(const SignedRequest& claimed,
                                                 std::string_view secret, Timestamp now) {
  if (now > claimed.signed_at) return std::unexpected(SignatureError::kExpired);
  if (!equals_constant_time(hmac_sha1_base64(secret, claimed.string_to_sign), claimed.signature)) {
    return std::unexpected(SignatureError::kMismatch);
  }
  return {};
}

void add_headers_of_sigv2_query(RequestHead& head) {
  const auto parameters = parameters_of(head.query);
  if (!parameters) return;
  for (const Parameter& parameter : *parameters) {
    if (is_amz(parameter.name) && !head.headers.find(parameter.name)) {
      head.headers.add(parameter.name, std::string(trim(parameter.value.value_or(""))));
    }
  }
}

}  // namespace clary::wire
