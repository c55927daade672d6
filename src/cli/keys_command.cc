#include "cli/keys_command.h"

#include <CLI/CLI.hpp>
#include <iostream>
#include <iterator>

#include "cli/setting_flags.h"
#include "keys/aead.h"
#include "keys/keyring.h"

namespace clary::cli {
namespace {

const std::vector<std::string_view> kFlags{"data_dir", "root_key_file", "root_key_command"};

keys::RootKeySource source_of(const Settings& settings) {
  return keys::root_key_source(settings.data_dir, settings.root_key_file,
                               settings.root_key_command);
}

// The key that is in place, known to open the folder.
keys::SecretKey checked_root(const Settings& settings, const keys::RootKeySource& source) {
  const auto fingerprints = keys::keyring_fingerprints(settings.data_dir);
  if (fingerprints.empty()) {
    throw keys::RootKeyError(settings.data_dir.string() +
                             " has no keyring yet; start a server in it first");
  }
  const keys::SecretKey root = keys::read_root_key(source, keys::Create::kNo);
  if (std::find(fingerprints.begin(), fingerprints.end(), keys::fingerprint_of(root)) ==
      fingerprints.end()) {
    throw keys::RootKeyError(source.name() + " holds root key " + keys::fingerprint_of(root) +
                             ", the folder was sealed with " + fingerprints.front());
  }
  return root;
}

int status(const Settings& settings) {
  const auto fingerprints = keys::keyring_fingerprints(settings.data_dir);
  const keys::RootKeySource source = source_of(settings);
  const keys::SecretKey root = checked_root(settings, source);
  std::cout << "root key     " << keys::fingerprint_of(root) << " from " << source.name() << '\n';
  for (const std::string& fingerprint : fingerprints) {
    std::cout << "opens with   " << fingerprint << '\n';
  }
  return 0;
}

int export_root(const Settings& settings) {
  const keys::RootKeySource source = source_of(settings);
  std::cerr << "Whoever has this key and a copy of the data folder reads everything. Keep it away "
               "from the backups, and in two places: without it the data is lost.\n";
  std::cout << keys::root_key_text(checked_root(settings, source)) << '\n';
  return 0;
}

int import_root(const Settings& settings) {
  const keys::RootKeySource source = source_of(settings);
  if (source.kind != keys::RootKeySource::Kind::kFile) {
    throw keys::RootKeyError("the root key comes from " + source.name() +
                             "; there is no file to write");
  }
  std::string text{std::istreambuf_iterator<char>(std::cin), {}};
  const keys::SecretKey root = keys::parse_root_key(text, "standard input");
  keys::wipe(text);
  const auto fingerprints = keys::keyring_fingerprints(settings.data_dir);
  if (!fingerprints.empty() && std::find(fingerprints.begin(), fingerprints.end(),
                                         keys::fingerprint_of(root)) == fingerprints.end()) {
    throw keys::RootKeyError("that is root key " + keys::fingerprint_of(root) + ", and " +
                             settings.data_dir.string() + " was sealed with " +
                             fingerprints.front() + "; nothing was written");
  }
  std::filesystem::create_directories(settings.data_dir);
  keys::create_key_file(source.file, root);
  std::cout << "root key " << keys::fingerprint_of(root) << " is in " << source.file.string()
            << '\n';
  return 0;
}

int rotate_root(const Settings& settings) {
  const auto given = keys::take_variable(keys::kNewRootKeyVariable);
  const keys::RootKeySource source = source_of(settings);
  const bool is_file = source.kind == keys::RootKeySource::Kind::kFile;
  if (!given && !is_file) {
    throw keys::RootKeyError("the root key comes from " + source.name() +
                             ": make the new one there and give it here in CLARY_NEW_ROOT_KEY too");
  }
  const keys::SecretKey fresh = given ? *given : keys::random_key();
  const auto rotation = keys::rotate_root_key(settings.data_dir, source, fresh);
  std::cout << "root key " << rotation.old_fingerprint << " is replaced by "
            << rotation.new_fingerprint << '\n';
  std::cout << (is_file ? "The new key is in " + source.file.string() +
                              ". Back it up now: `clary keys export-root`. Backups of the folder "
                              "that are older still need the old one.\n"
                        : "Both open the folder until a server has started with the new one.\n");
  std::cout << "A server that runs uses the new master key after its next start.\n";
  return 0;
}

}  // namespace

std::function<int()> add_keys(CLI::App& app) {
  struct Action {
    CLI::App* app;
    SettingFlags flags;
    int (*run)(const Settings&);
  };
  app.require_subcommand(1);
  auto actions = std::make_shared<std::vector<Action>>();
  const auto add = [&](const char* name, const char* help, int (*run)(const Settings&)) {
    CLI::App* const sub = app.add_subcommand(name, help);
    actions->push_back({sub, SettingFlags(*sub, kFlags), run});
  };
  add("status", "Print which root key opens the folder, and where it comes from", status);
  add("export-root", "Print the root key in Base64, to be kept in a safe place", export_root);
  add("import-root", "Read the root key from standard input into its file", import_root);
  add("rotate-root", "Replace the root key; CLARY_NEW_ROOT_KEY may give the new one", rotate_root);
  return [actions] {
    for (const Action& action : *actions) {
      if (action.app->parsed()) return action.run(action.flags.load());
    }
    return 2;
  };
}

}  // namespace clary::cli
