#include "wire/sigv4_canonical.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace clary::wire {
namespace {

constexpr std::string_view kUpperHex = "0123456789ABCDEF";

bool unreserved(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

void append_encoded_path(std::string& out, std::string_view path) {
  for (const char c : path) {
    if (unreserved(c) || c == '/') {
      out.push_back(c);
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out.push_back('%');
      out.push_back(kUpperHex[byte >> 4]);
      out.push_back(kUpperHex[byte & 15]);
    }
  }
}

// Dot segments resolved, empty segments dropped; a final slash stays.
void append_normalized_path(std::string& out, std::string_view path) {
  std::vector<std::string_view> segments;
  for (std::size_t start = 0; start <= path.size();) {
    const std::size_t end = std::min(path.find('/', start), path.size());
    const std::string_view segment = path.substr(start, end - start);
    if (segment == "..") {
      if (!segments.empty()) segments.pop_back();
    } else if (!segment.empty() && segment != ".") {
      segments.push_back(segment);
    }
    start = end + 1;
  }
  for (const std::string_view segment : segments) {
    out.push_back('/');
    append_encoded_path(out, segment);
  }
  if (segments.empty() || path.ends_with('/')) out.push_back('/');
}

bool needs_normalizing(std::string_view path) {
  return !path.starts_with('/') || path.find("//") != std::string_view::npos ||
         path.find("/.") != std::string_view::npos;
}

std::string recode(std::string_view text) {
  if (std::ranges::all_of(text, unreserved)) return std::string(text);
  const auto decoded = uri_decode(text, Plus::kSpace);
  return uri_encode(decoded ? std::string_view(*decoded) : text);
}

// Trimmed, runs of white space inside collapsed to one space.
void append_header_value(std::string& out, std::string_view value) {
  bool space = false;
  for (const char c : trim(value)) {
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      space = true;
      continue;
    }
    if (space) out.push_back(' ');
    space = false;
    out.push_back(c);
  }
}

}  // namespace

PathStyle path_style(std::string_view service) {
  return service == "s3" || service.starts_with("s3-") || service == "s3express"
             ? PathStyle::kAsSent
             : PathStyle::kNormalized;
}

void append_canonical_path(std::string& out, std::string_view path, PathStyle style) {
  if (style == PathStyle::kNormalized) {
    if (needs_normalizing(path)) {
      append_normalized_path(out, path);
    } else {
      append_encoded_path(out, path);
    }
  } else if (path.empty()) {
    out.push_back('/');
  } else {
    const auto decoded = uri_decode(path);
    append_encoded_path(out, decoded ? std::string_view(*decoded) : path);
  }
}

void append_canonical_query(std::string& out, std::string_view query, std::string_view left_out) {
  if (query.empty()) return;
  std::vector<std::pair<std::string, std::string>> parameters;
  for (std::size_t start = 0; start < query.size();) {
    const std::size_t end = std::min(query.find('&', start), query.size());
    const std::string_view pair = query.substr(start, end - start);
    start = end + 1;
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const std::string_view name = pair.substr(0, equals);
    if (name == "X-Amz-Signature" || (!left_out.empty() && name == left_out)) continue;
    parameters.emplace_back(recode(name),
                            equals < pair.size() ? recode(pair.substr(equals + 1)) : std::string());
  }
  std::ranges::sort(parameters);
  bool first = true;
  for (const auto& [name, value] : parameters) {
    if (!std::exchange(first, false)) out.push_back('&');
    out.append(name).append("=").append(value);
  }
}

void append_canonical_headers(std::string& out, const Headers& headers,
                              std::span<const std::string> names) {
  for (const std::string& name : names) {
    out.append(name).push_back(':');
    bool first = true;
    for (const auto& [key, value] : headers) {
      if (!equals_ignore_case(key, name)) continue;
      if (!std::exchange(first, false)) out.push_back(',');
      append_header_value(out, value);
    }
    out.push_back('\n');
  }
}

void write_canonical_request(std::string& out, const CanonicalParts& parts) {
  out.clear();
  out.append(parts.head.method).push_back('\n');
  append_canonical_path(out, parts.head.path, parts.style);
  out.push_back('\n');
  append_canonical_query(out, parts.head.query, parts.left_out);
  out.push_back('\n');
  append_canonical_headers(out, parts.head.headers, parts.signed_headers);
  out.push_back('\n');
  bool first = true;
  for (const std::string& name : parts.signed_headers) {
    if (!std::exchange(first, false)) out.push_back(';');
    out.append(name);
  }
  out.push_back('\n');
  out.append(parts.payload_hash);
}

std::string_view payload_hash_text(const SignedRequest& claimed, std::string_view body_hash) {
  switch (claimed.payload) {
    case PayloadKind::kUnsigned:
      return "UNSIGNED-PAYLOAD";
    case PayloadKind::kStreamingSigned:
      return "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
    case PayloadKind::kStreamingSignedTrailer:
      return "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER";
    case PayloadKind::kStreamingUnsignedTrailer:
      return "STREAMING-UNSIGNED-PAYLOAD-TRAILER";
    case PayloadKind::kHash:
      break;
  }
  return claimed.payload_hash.empty() ? body_hash : std::string_view(claimed.payload_hash);
}

}  // namespace clary::wire
