#include "api/s3/directory.h"

#include "api/s3/request.h"

namespace clary::api::s3 {

std::optional<std::string> account_of_canonical_id(const Directory& directory, std::string_view id,
                                                   std::string_view own) {
  const auto has_it = [&](std::string_view account) {
    return owner_of(account).at("ID").as_string() == id;
  };
  if (!own.empty() && has_it(own)) return std::string(own);
  if (!directory.accounts) return std::nullopt;
  for (auto& account : directory.accounts()) {
    if (has_it(account)) return std::move(account);
  }
  return std::nullopt;
}

}  // namespace clary::api::s3
