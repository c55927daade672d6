// OpenID Connect providers that an account trusts, with the keys they sign with.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "identity/entity_table.h"

namespace clary::identity {

struct OidcProvider {
  std::string account;
  std::string issuer;  // without https://, as condition keys have it: "accounts.example.com/team"
  std::string arn;
  Timestamp created;
  std::vector<std::string> client_ids, thumbprints;
  std::map<std::string, std::string> tags;
  // The provider's keys (RFC 7517), "" until they are known; and when they were fetched from it,
  // the epoch when they were given by hand.
  std::string jwks;
  Timestamp fetched{};
};

// threads: any. blocks: all. errors: StorageError. Shares the table of Users (its migrations).
class OidcProviders {
 public:
  OidcProviders(store::Database& database, const Clock& clock)
      : table_(database, clock, "oidc-provider") {}

  // False: exists. Fills arn, created.
  [[nodiscard]] bool create(OidcProvider& provider);
  std::optional<OidcProvider> find_by_arn(std::string_view account, std::string_view arn);
  std::optional<OidcProvider> find(std::string_view account, std::string_view issuer);
  // `change` may alter client ids, thumbprints, tags and keys; what it throws changes nothing.
  bool update(std::string_view account, std::string_view issuer,
              const std::function<void(OidcProvider&)>& change);
  bool remove(std::string_view account, std::string_view issuer);
  std::vector<OidcProvider> list(std::string_view account);

 private:
  EntityTable table_;
};

}  // namespace clary::identity
