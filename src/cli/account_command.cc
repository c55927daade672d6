#include "cli/account_command.h"

#include <CLI/CLI.hpp>
#include <fstream>
#include <iostream>
#include <iterator>

#include "cli/owner_client.h"
#include "cli/setting_flags.h"

namespace clary::cli {
namespace {

const std::vector<std::string_view> kFlags{"data_dir", "account_id", "root_key_file",
                                           "root_key_command"};

json::object run_command(const SettingFlags& flags, const OwnerOffline& offline,
                         const json::object& command) {
  const Settings settings = flags.load();
  if (auto answer = send_owner_command(settings.data_dir, command)) return *std::move(answer);
  return offline(settings, command);
}

// Prints "name  value" for the members that are there.
void print(const json::object& answer,
           std::initializer_list<std::pair<std::string_view, std::string_view>> lines) {
  for (const auto& [member, label] : lines) {
    const std::string value = string_or(answer, member);
    if (!value.empty()) std::cout << label << value << '\n';
  }
}

void print_list(const json::object& answer) {
  for (const json::value& each : *find_array(answer, "accounts")) {
    const json::object& account = each.as_object();
    std::cout << string_or(account, "id") << "  " << string_or(account, "created") << "  "
              << string_or(account, "name");
    const std::string email = string_or(account, "email");
    std::cout << (email.empty() ? "" : "  " + email) << '\n';
  }
}

// A secret of the command line would stand in the list of processes and the shell's history.
std::string secret_from_stdin() {
  std::string line;
  std::getline(std::cin, line);
  return line;
}

std::string file_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw std::runtime_error("cannot read " + path);
  return {std::istreambuf_iterator<char>(in), {}};
}

struct Given {
  std::string name, email, id, access_key_id, secret_key, account, issuer, keys_file;
  std::vector<std::string> clients;
};

}  // namespace

std::function<int()> add_account(CLI::App& app, const OwnerOffline& offline) {
  app.require_subcommand(1);
  const auto given = std::make_shared<Given>();
  CLI::App* const create = app.add_subcommand("create", "Make an account");
  create->add_option("NAME", given->name, "What people call it")->required();
  create->add_option("--email", given->email, "Whom to ask about it");
  create->add_option("--id", given->id, "Twelve digits, instead of random ones");
  create->add_option("--access-key-id", given->access_key_id,
                     "A root key that tools have already; its secret is read from standard input "
                     "unless --secret-key gives it");
  create->add_option("--secret-key", given->secret_key, "The secret of that key");
  CLI::App* const list = app.add_subcommand("list", "Print id, time and name of every account");
  CLI::App* const key = app.add_subcommand("key", "Make a root access key and print it, once");
  key->add_option("ID", given->id, "The account")->required();
  const SettingFlags create_flags(*create, kFlags), list_flags(*list, kFlags),
      key_flags(*key, kFlags);
  return [=] {
    if (create->parsed()) {
      if (!given->access_key_id.empty() && given->secret_key.empty()) {
        given->secret_key = secret_from_stdin();
      }
      const json::object answer = run_command(create_flags, offline,
                                              {{"do", "account-create"},
                                               {"name", given->name},
                                               {"email", given->email},
                                               {"id", given->id},
                                               {"access_key_id", given->access_key_id},
                                               {"secret_access_key", given->secret_key}});
      print(answer, {{"id", "account     "},
                     {"name", "name        "},
                     {"role_arn", "role        "},
                     {"access_key_id", "access key  "}});
      if (given->access_key_id.empty()) {
        std::cout << "Its first key: clary account key " << string_or(answer, "id") << '\n';
      }
    } else if (list->parsed()) {
      print_list(run_command(list_flags, offline, {{"do", "account-list"}}));
    } else {
      print(run_command(key_flags, offline, {{"do", "account-key"}, {"id", given->id}}),
            {{"access_key_id", "AWS_ACCESS_KEY_ID="},
             {"secret_access_key", "AWS_SECRET_ACCESS_KEY="}});
    }
    return 0;
  };
}

std::function<int()> add_oidc(CLI::App& app, const OwnerOffline& offline) {
  app.require_subcommand(1);
  const auto given = std::make_shared<Given>();
  CLI::App* const keys = app.add_subcommand(
      "keys", "Give an identity provider's signing keys, and the provider when it is new");
  keys->add_option("--account", given->account, "The account that trusts it [the default one]");
  keys->add_option("--issuer", given->issuer, "Its URL, as tokens name it")->required();
  keys->add_option("--jwks", given->keys_file, "A file with its JWK set")->required();
  keys->add_option("--client-id", given->clients, "Audience of its tokens; may be repeated");
  const SettingFlags flags(*keys, kFlags);
  return [=] {
    json::array clients(given->clients.begin(), given->clients.end());
    const std::string account = given->account.empty() ? flags.load().account_id : given->account;
    print(run_command(flags, offline,
                      {{"do", "oidc-keys"},
                       {"account", account},
                       {"issuer", given->issuer},
                       {"clients", std::move(clients)},
                       {"keys", file_text(given->keys_file)}}),
          {{"arn", ""}});
    return 0;
  };
}

}  // namespace clary::cli
