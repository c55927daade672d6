// The keyring: the keys that seal everything else, kept in DATA_DIR/keyring.json sealed under the
// root key. Replacing the root key rewrites this one small file; adding a master key changes what
// new things are sealed with, while the older keys still open what they sealed.
//
// The file holds one slot for each root key that opens it: two while a root key is being replaced,
// so that a crash at any moment leaves a folder that opens with the key that is in place.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "keys/data_key.h"
#include "keys/root_key.h"

namespace clary::keys {

struct Keyring {
  std::string id;  // random, of this data folder
  std::map<std::uint32_t, SecretKey> masters;
  std::uint32_t newest() const { return masters.rbegin()->first; }
};

// Reads the folder's keyring, or makes one (and the root key file, if that is the source) in a
// folder that has none. Slots that an ended rotation left are dropped. Throws RootKeyError with
// what to do when the key is missing or another, StorageError.
Keyring open_keyring(const std::filesystem::path& data_dir, const RootKeySource& source);

struct RootRotation {
  std::string old_fingerprint, new_fingerprint;
  std::uint32_t master = 0;  // the new master key
};

// Puts `fresh` in the place of the current root key and adds a master key. With a file as the
// source the file is replaced too; otherwise both keys open the folder until a server has started
// with the new one. A server that runs goes on with the keys it has.
RootRotation rotate_root_key(const std::filesystem::path& data_dir, const RootKeySource& source,
                             const SecretKey& fresh);

// What tells root keys apart, and tells nothing about them.
std::string fingerprint_of(const SecretKey& root);
// Of the slots, newest first; empty when the folder has no keyring.
std::vector<std::string> keyring_fingerprints(const std::filesystem::path& data_dir);

}  // namespace clary::keys
