// Bucket policies: what S3 takes as one, and whether it makes the bucket public.
// Source: "Bucket policies" and "Blocking public access to your Amazon S3 storage", section "The
// meaning of public", Amazon S3 user guide.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "identity/policy.h"

namespace clary::api::s3 {

inline constexpr std::size_t kMaxPolicyBytes = 20 * 1024;

// The error is S3's sentence for MalformedPolicy.
std::expected<identity::Policy, std::string> parse_bucket_policy(std::string_view text,
                                                                 std::string_view bucket);

// Some statement lets anybody in: everybody is named, and no condition holds callers to fixed
// accounts, networks or sources.
bool is_public(const identity::Policy& policy);

}  // namespace clary::api::s3
