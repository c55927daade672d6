// Whom ACLs and bucket policies may name: the accounts of this server and what is in them.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace clary::api::s3 {

// Each function may block. An empty one knows nothing and refuses nothing.
struct Directory {
  std::function<std::vector<std::string>()> accounts = {};
  std::function<std::optional<std::string>(std::string_view email)> account_of_email = {};
  // Whether a role or user of this server has this ARN.
  std::function<bool(std::string_view arn)> principal_exists = {};
};

// The account of a canonical user id as owner_of() makes them, among those of the server and
// `own`; nullopt when nobody has it.
std::optional<std::string> account_of_canonical_id(const Directory& directory, std::string_view id,
                                                   std::string_view own);

}  // namespace clary::api::s3
