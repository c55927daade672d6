#include "cli/folder_seal.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "keys/keyring.h"

namespace clary::cli {

FolderSeal folder_seal(const Settings& settings) {
  FolderSeal result;
  try {
    if (keys::keyring_fingerprints(settings.data_dir).empty()) {
      result.why_not = "the folder has no keyring";
      return result;
    }
    const auto source =
        keys::root_key_source(settings.data_dir, settings.root_key_file, settings.root_key_command);
    keys::read_root_key(source, keys::Create::kNo);  // else the next line would make one
    result.sealer =
        std::make_unique<keys::KeyringSealer>(keys::open_keyring(settings.data_dir, source));
  } catch (const std::exception& error) {
    result.why_not = error.what();
  }
  return result;
}

bool in_use(const std::filesystem::path& data_dir) {
  const int file = ::open((data_dir / "lock").c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  const bool held = ::flock(file, LOCK_SH | LOCK_NB) != 0;
  ::close(file);
  return held;
}

}  // namespace clary::cli
