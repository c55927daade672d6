// SigV4's canonical form of a request, piece by piece. Internal to the signature code and its
// tests. Source: "Create a signed AWS API request", steps 1 and 2.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/request.h"
#include "wire/sigv4.h"

namespace clary::wire {

// S3 and its relatives encode the path once and leave "." and ".." alone: they may be part of a
// key. All other services remove dot segments and doubled slashes and encode once more.
enum class PathStyle { kAsSent, kNormalized };
PathStyle path_style(std::string_view service);

void append_canonical_path(std::string& out, std::string_view path, PathStyle style);
// Sorted and encoded anew. `left_out` names a parameter more than X-Amz-Signature, which never
// takes part.
void append_canonical_query(std::string& out, std::string_view query,
                            std::string_view left_out = {});
// "name:value\n" for each name, in that order.
void append_canonical_headers(std::string& out, const Headers& headers,
                              std::span<const std::string> names);

struct CanonicalParts {
  const RequestHead& head;
  std::span<const std::string> signed_headers;
  std::string_view payload_hash;
  PathStyle style = PathStyle::kNormalized;
  std::string_view left_out = {};
};
// Replaces what `out` holds; its capacity is kept.
void write_canonical_request(std::string& out, const CanonicalParts& parts);

// The last line of the canonical request for what is claimed.
std::string_view payload_hash_text(const SignedRequest& claimed, std::string_view body_hash);

}  // namespace clary::wire
