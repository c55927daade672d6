#include "server/owner_commands.h"

#include <algorithm>
#include <stdexcept>

#include "base/log.h"
#include "base/random.h"
#include "identity/web_token.h"

namespace clary::server {
namespace {

bool is_account_id(std::string_view text) {
  return text.size() == 12 && text.find_first_not_of("0123456789") == std::string_view::npos;
}

identity::Principal root_of(std::string_view account) {
  identity::Principal root;
  root.account = account;
  root.arn = "arn:aws:iam::" + root.account + ":root";
  root.user_id = account;
  return root;
}

void check_imported_key(std::string_view id, std::string_view secret) {
  const bool plain = std::ranges::all_of(id, [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
  if (!plain || id.size() < 16 || id.size() > 128) {
    throw std::invalid_argument("an access key id has 16 to 128 letters, digits and underscores");
  }
  if (secret.size() < 16 || secret.size() > 256) {
    throw std::invalid_argument("a secret key has 16 to 256 characters");
  }
}

json::object shown(const identity::Account& account) {
  return {{"id", account.id},
          {"name", account.name},
          {"email", account.email},
          {"created", iso8601(account.created)}};
}

}  // namespace

OwnerCommands::OwnerCommands(identity::Accounts& accounts, identity::Credentials& credentials,
                             identity::Roles& roles, identity::OidcProviders& providers)
    : accounts_(accounts),
      credentials_(credentials),
      roles_(roles),
      providers_(providers),
      token_(random_hex(32)) {}

json::object OwnerCommands::run(const json::object& command) {
  const std::string what = string_or(command, "do");
  if (what == "account-list") return list_accounts();
  spdlog::info("the owner's command {}", what);
  if (what == "account-create") return create_account(command);
  if (what == "account-key") return create_key(command);
  if (what == "oidc-keys") return set_provider_keys(command);
  if (const auto found = others_.find(what); found != others_.end()) return found->second(command);
  throw std::invalid_argument("this server knows no command " + what);
}

json::object OwnerCommands::create_account(const json::object& command) {
  identity::Account account;
  account.id = string_or(command, "id");
  account.name = string_or(command, "name");
  account.email = string_or(command, "email");
  const std::string key = string_or(command, "access_key_id"),
                    secret = string_or(command, "secret_access_key");
  if (account.name.empty() || account.name.size() > 50) {
    throw std::invalid_argument("an account's name has 1 to 50 characters");
  }
  if (!account.id.empty() && !is_account_id(account.id)) {
    throw std::invalid_argument("an account's id has twelve digits");
  }
  if (!key.empty() || !secret.empty()) {
    check_imported_key(key, secret);
    if (credentials_.find(key) != nullptr) {
      throw std::invalid_argument("the access key id " + key + " is in use");
    }
  }
  if (const auto created = accounts_.create(account); !created) {
    throw std::invalid_argument(created.error() == identity::AccountError::kIdTaken
                                    ? "there is an account " + account.id
                                    : "there is an account called " + account.name);
  }
  json::object answer = shown(account);
  answer["role_arn"] = roles_.ensure_execution_role(account.id).arn;
  if (!key.empty()) {
    if (!credentials_.import_key(root_of(account.id), key, secret)) {
      throw std::invalid_argument("the access key id " + key + " is in use");
    }
    answer["access_key_id"] = key;
  }
  return answer;
}

json::object OwnerCommands::list_accounts() {
  json::array list;
  for (const identity::Account& account : accounts_.list()) list.push_back(shown(account));
  return {{"accounts", std::move(list)}};
}

json::object OwnerCommands::create_key(const json::object& command) {
  const std::string id = string_or(command, "id");
  require_account(id);
  const identity::Principal root = root_of(id);
  constexpr std::size_t kMaxKeys = 2;
  if (credentials_.keys_of(root.arn).size() >= kMaxKeys) {
    throw std::invalid_argument("the root of account " + id +
                                " has two keys already; delete one with `aws iam "
                                "delete-access-key` first");
  }
  const identity::AccessKey key = credentials_.create_key(root);
  return {{"access_key_id", key.id}, {"secret_access_key", key.secret}};
}

json::object OwnerCommands::set_provider_keys(const json::object& command) {
  constexpr std::string_view kScheme = "https://";
  const std::string account = string_or(command, "account");
  const std::string keys = string_or(command, "keys");
  std::string issuer = string_or(command, "issuer");
  require_account(account);
  if (issuer.starts_with(kScheme)) issuer.erase(0, kScheme.size());
  if (issuer.ends_with('/')) issuer.pop_back();
  if (issuer.empty()) throw std::invalid_argument("the issuer is missing");
  if (const auto fault = identity::fault_of_keys(keys)) {
    throw std::invalid_argument("the file has no keys: " + *fault);
  }
  std::vector<std::string> clients;
  if (const json::array* const given = find_array(command, "clients")) {
    for (const json::value& client : *given) clients.emplace_back(client.as_string());
  }
  const bool known = providers_.update(account, issuer, [&](identity::OidcProvider& provider) {
    provider.jwks = keys;
    for (const std::string& client : clients) {
      if (std::ranges::find(provider.client_ids, client) == provider.client_ids.end()) {
        provider.client_ids.push_back(client);
      }
    }
  });
  if (!known) {
    identity::OidcProvider provider;
    provider.account = account;
    provider.issuer = issuer;
    provider.client_ids = clients;
    provider.jwks = keys;
    if (!providers_.create(provider)) throw std::invalid_argument("try again");
  }
  return {{"arn", providers_.find(account, issuer).value().arn}};
}

void OwnerCommands::require_account(std::string_view id) {
  if (!accounts_.find(id)) {
    throw std::invalid_argument("there is no account " + std::string(id) +
                                "; see `clary account list`");
  }
}

}  // namespace clary::server
