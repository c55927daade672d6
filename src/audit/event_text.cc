#include "audit/event_text.h"

#include <array>

namespace clary::audit {
namespace {

constexpr std::size_t kErrorMessageBytes = 1024;  // CloudTrail cuts it off too

bool plain(std::string_view text) {
  for (const char c : text) {
    if (c < 0x20 || c == '"' || c == '\\' || c == 0x7f) return false;  // bytes >= 0x80 are negative
  }
  return true;
}

// How many bytes of `text` from `at` are one well-formed character; 0 when it is none (RFC 3629).
std::size_t character_bytes(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const unsigned first = byte(at);
  const auto follows = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return follows(at + 1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const unsigned second = byte(at + 1);
    if (!follows(at + 1) || !follows(at + 2)) return 0;
    if (first == 0xE0 && second < 0xA0) return 0;
    if (first == 0xED && second > 0x9F) return 0;  // surrogates
    return 3;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const unsigned second = byte(at + 1);
    if (!follows(at + 1) || !follows(at + 2) || !follows(at + 3)) return 0;
    if (first == 0xF0 && second < 0x90) return 0;
    if (first == 0xF4 && second > 0x8F) return 0;
    return 4;
  }
  return 0;
}

void append_escaped(std::string& out, std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (std::size_t i = 0; i < text.size();) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += text[i++];
    } else if (c < 0x20 || c == 0x7f) {
      out += "\\u00";
      out += kDigits[c >> 4];
      out += kDigits[c & 15];
      ++i;
    } else if (const std::size_t size = character_bytes(text, i); size > 0) {
      out += text.substr(i, size);
      i += size;
    } else {
      out += "\\ufffd";
      ++i;
    }
  }
}

// {"name":"value" with a comma before it.
void member(std::string& out, std::string_view name, std::string_view value) {
  out += ",\"";
  out += name;
  out += "\":";
  append_json_string(out, value);
}

void append_resources(std::string& out, const Event& event) {
  if (event.resources.empty()) return;
  out += ",\"resources\":[";
  for (std::size_t i = 0; i < event.resources.size(); ++i) {
    const Resource& resource = event.resources[i];
    out += i == 0 ? "{\"ARN\":" : ",{\"ARN\":";
    append_json_string(out, resource.arn);
    if (event.identity) member(out, "accountId", event.identity->account);
    if (!resource.type.empty()) member(out, "type", resource.type);
    out += '}';
  }
  out += ']';
}

std::string_view cut(std::string_view text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xC0U) == 0x80U) --bytes;
  return text.substr(0, bytes);
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  if (plain(text)) {
    out += text;
  } else {
    append_escaped(out, text);
  }
  out += '"';
}

void append_event(std::string& out, const Event& event, std::string_view event_id) {
  out += R"("eventVersion":"1.11","userIdentity":)";
  out += event.identity
             ? std::string_view(event.identity->json)
             : R"({"type":"Unknown","principalId":"","accountId":"ANONYMOUS_PRINCIPAL"})";
  member(out, "eventTime", iso8601(event.time));
  member(out, "eventSource", event.source);
  member(out, "eventName", event.name);
  member(out, "awsRegion", event.region);
  member(out, "sourceIPAddress", event.source_address);
  member(out, "userAgent", event.user_agent);
  if (!event.error_code.empty()) {
    member(out, "errorCode", event.error_code);
    member(out, "errorMessage", cut(event.error_message, kErrorMessageBytes));
  }
  out += ",\"requestParameters\":";
  out += event.parameters.empty() ? std::string_view("null") : std::string_view(event.parameters);
  out += ",\"responseElements\":null,\"additionalEventData\":{\"httpStatus\":";
  out += std::to_string(event.status);
  out += event.tls ? ",\"transport\":\"TLS\"}" : ",\"transport\":\"plain\"}";
  member(out, "requestID", event.request_id);
  member(out, "eventID", event_id);
  out += event.read_only ? ",\"readOnly\":true" : ",\"readOnly\":false";
  append_resources(out, event);
  const bool management = event.category == Category::kManagement;
  out += R"(,"eventType":"AwsApiCall","managementEvent":)";
  out += management ? "true" : "false";
  if (event.identity) member(out, "recipientAccountId", event.identity->account);
  out += management ? R"(,"eventCategory":"Management")" : R"(,"eventCategory":"Data")";
  if (event.tls) {
    out += ",\"tlsDetails\":{\"clientProvidedHostHeader\":";
    append_json_string(out, event.host);
    out += '}';
  }
}

}  // namespace clary::audit
