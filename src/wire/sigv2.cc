#include "wire/sigv2.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>

namespace clary::wire {
namespace {

// Parameters that name a part of an object or bucket and so belong to the resource.
constexpr std::array<std::string_view, 38> kSubresources = {"accelerate",
                                                            "acl",
                                                            "analytics",
                                                            "cors",
                                                            "defaultObjectAcl",
                                                            "delete",
                                                            "encryption",
                                                            "inventory",
                                                            "legal-hold",
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
                                                            "retention",
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

struct Parameter {
  std::string name, value;
  bool has_value = false;
};

// Decoded, in the order of the query; a broken escape stays as it is.
std::vector<Parameter> parameters_of(std::string_view query) {
  std::vector<Parameter> parameters;
  for (std::size_t start = 0; start < query.size();) {
    const std::size_t end = std::min(query.find('&', start), query.size());
    const std::string_view pair = query.substr(start, end - start);
    start = end + 1;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const auto decoded = [](std::string_view text) {
      return uri_decode(text, Plus::kSpace).value_or(std::string(text));
    };
    parameters.push_back({.name = decoded(pair.substr(0, equals)),
                          .value = equals < pair.size() ? decoded(pair.substr(equals + 1)) : "",
                          .has_value = equals < pair.size()});
  }
  return parameters;
}

std::optional<std::string> find(const std::vector<Parameter>& parameters, std::string_view name) {
  const auto found = std::ranges::find(parameters, name, &Parameter::name);
  return found == parameters.end() ? std::nullopt : std::optional(found->value);
}

// The bucket that a host name of AWS's form carries: bucket.s3.region.amazonaws.com.
std::string bucket_of_host(std::string_view host) {
  const auto mark = host.find(".s3");
  if (mark == std::string_view::npos || host.find(".amazonaws.com") == std::string_view::npos) {
    return {};
  }
  const char next = mark + 3 < host.size() ? host[mark + 3] : '\0';
  return next == '.' || next == '-' ? std::string(host.substr(0, mark)) : std::string();
}

}  // namespace

std::expected<SignedRequest, SignatureError> parse_sigv2(const RequestHead& head) {
  const auto parameters = parameters_of(head.query);
  const auto key = find(parameters, "AWSAccessKeyId");
  const auto signature = find(parameters, "Signature");
  const auto expires = find(parameters, "Expires");
  if (!key || key->empty() || !signature || !expires) {
    return std::unexpected(SignatureError::kMalformed);
  }
  std::int64_t seconds = 0;
  const auto [end, error] =
      std::from_chars(expires->data(), expires->data() + expires->size(), seconds);
  constexpr std::int64_t kFarFuture = 100'000'000'000;  // past the year 5000
  if (error != std::errc() || end != expires->data() + expires->size() || seconds < 0 ||
      seconds > kFarFuture) {
    return std::unexpected(SignatureError::kMalformed);
  }
  SignedRequest request;
  request.scope = {.access_key_id = *key, .date = "", .region = "us-east-1", .service = "s3"};
  request.version_2 = true;
  request.presigned = true;
  request.signature = *signature;
  request.session_token = find(parameters, "x-amz-security-token").value_or("");
  request.expires_in = std::chrono::seconds(seconds);
  request.payload = PayloadKind::kUnsigned;
  return request;
}

std::string sigv2_string_to_sign(const RequestHead& head) {
  const auto parameters = parameters_of(head.query);
  // Headers may have been moved into the query when the link was made.
  const auto header = [&](std::string_view name) {
    const auto moved = find(parameters, name);
    return moved ? *moved : std::string(trim(head.headers.get(name)));
  };
  std::string text = head.method + "\n" + header("content-md5") + "\n" + header("content-type") +
                     "\n" + find(parameters, "Expires").value_or("") + "\n";
  std::map<std::string, std::string> amz;
  const auto add = [&](std::string_view name, std::string_view value) {
    std::string lower = to_lower(name);
    if (!lower.starts_with("x-amz-")) return;
    const auto [entry, first] = amz.try_emplace(std::move(lower), trim(value));
    if (!first) entry->second.append(",").append(trim(value));
  };
  for (const Parameter& parameter : parameters) add(parameter.name, parameter.value);
  for (const auto& [name, value] : head.headers) add(name, value);
  for (const auto& [name, value] : amz) text.append(name).append(":").append(value).append("\n");
  const std::string bucket = bucket_of_host(head.headers.get("host"));
  if (!bucket.empty()) text.append("/").append(bucket);
  text.append(head.path);
  std::map<std::string, const Parameter*> parts;
  for (const Parameter& parameter : parameters) {
    if (std::ranges::find(kSubresources, parameter.name) != kSubresources.end()) {
      parts.emplace(parameter.name, &parameter);
    }
  }
  char separator = '?';
  for (const auto& [name, parameter] : parts) {
    text.push_back(std::exchange(separator, '&'));
    text.append(name);
    if (parameter->has_value) text.append("=").append(parameter->value);
  }
  return text;
}

std::expected<void, SignatureError> verify_sigv2(const RequestHead& head,
                                                 const SignedRequest& claimed,
                                                 std::string_view secret, Timestamp now) {
  if (epoch_seconds(now) > static_cast<double>(claimed.expires_in.value().count())) {
    return std::unexpected(SignatureError::kExpired);
  }
  const std::string text = sigv2_string_to_sign(head);
  std::string digest(20, '\0');
  unsigned size = 0;
  HMAC(EVP_sha1(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(),
       reinterpret_cast<unsigned char*>(digest.data()), &size);
  if (!equals_constant_time(base64(digest), claimed.signature)) {
    return std::unexpected(SignatureError::kMismatch);
  }
  return {};
}

}  // namespace clary::wire
