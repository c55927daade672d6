// The key of a data folder, for commands that check what the server sealed.
#pragma once

#include <memory>
#include <string>

#include "audit/head.h"
#include "base/settings.h"
#include "keys/keyring_sealer.h"

namespace clary::cli {

struct FolderSeal {
  std::unique_ptr<keys::KeyringSealer> sealer;  // nullptr: no key is at hand
  std::string why_not;
  audit::Seal seal() const { return sealer ? audit::seal_with(*sealer) : audit::Seal{}; }
};

// Makes no key and no folder. Throws nothing: what cannot be had is said.
FolderSeal folder_seal(const Settings& settings);

// Whether a server uses the folder now.
bool in_use(const std::filesystem::path& data_dir);

}  // namespace clary::cli
