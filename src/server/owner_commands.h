// What only the owner of the data folder may do: accounts, their first keys, keys of identity
// providers. Commands and answers are JSON, for the side route of a server that runs and for the
// command line where none does. docs/decisions/accounts.md
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "base/json.h"
#include "identity/accounts.h"
#include "identity/credentials.h"
#include "identity/oidc_providers.h"
#include "identity/roles.h"

namespace clary::server {

// threads: any. blocks: all. errors: StorageError; std::invalid_argument says to people what is
// wrong with a command.
class OwnerCommands {
 public:
  OwnerCommands(identity::Accounts& accounts, identity::Credentials& credentials,
                identity::Roles& roles, identity::OidcProviders& providers);

  // What a caller of the side route must show. New with every start.
  const std::string& token() const { return token_; }
  // {"do": "account-create" | "account-list" | "account-key" | "oidc-keys", ...}
  json::object run(const json::object& command);

  // A command of another part of the server; before the first run().
  using Function = std::function<json::object(const json::object& command)>;
  void add(const std::string& name, Function function) { others_[name] = std::move(function); }

 private:
  json::object create_account(const json::object& command);
  json::object list_accounts();
  json::object create_key(const json::object& command);
  json::object set_provider_keys(const json::object& command);
  void require_account(std::string_view id);

  identity::Accounts& accounts_;
  identity::Credentials& credentials_;
  identity::Roles& roles_;
  identity::OidcProviders& providers_;
  const std::string token_;
  std::map<std::string, Function> others_;
};

}  // namespace clary::server
