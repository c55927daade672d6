// The root key: 32 bytes that the data folder cannot be read without, and where they come from.
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "keys/data_key.h"

namespace clary::keys {

// No root key, or the wrong one. The message is for the person who starts the server: what is
// wrong and what to do.
class RootKeyError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct RootKeySource {
  enum class Kind { kFile, kVariable, kCommand };
  Kind kind = Kind::kFile;
  std::filesystem::path file;        // kFile
  std::vector<std::string> command;  // kCommand: argv
  SecretKey variable;                // kVariable
  // For messages: "the file /x/root.key", "the variable CLARY_ROOT_KEY", "the command vault".
  std::string name() const;
};

inline constexpr std::string_view kRootKeyVariable = "CLARY_ROOT_KEY";
inline constexpr std::string_view kNewRootKeyVariable = "CLARY_NEW_ROOT_KEY";

// What counts, first to last: CLARY_ROOT_KEY, `command` ("" for none), `file` ("" for
// DATA_DIR/root.key). Takes the variable out of the environment, so that no child inherits it:
// before any thread. Throws RootKeyError on two sources at once.
RootKeySource root_key_source(const std::filesystem::path& data_dir,
                              const std::filesystem::path& file, const std::string& command);

// The key. A file that is missing is made (mode 0600, synced) if `create`. errors: RootKeyError,
// StorageError. blocks: while the command runs, a minute at most.
enum class Create { kNo, kYes };
SecretKey read_root_key(const RootKeySource& source, Create create);

// The variable's key, which is wiped from the environment; nullopt when it is not set.
std::optional<SecretKey> take_variable(std::string_view name);

// Base64 of 32 bytes, white space around it ignored. Throws RootKeyError naming `where`.
SecretKey parse_root_key(std::string_view text, const std::string& where);
std::string root_key_text(const SecretKey& key);

// Never over another file. Throws StorageError.
void create_key_file(const std::filesystem::path& file, const SecretKey& key);

// "vault 'a b' \"c\"" as a shell would split it, with nothing expanded. Throws RootKeyError on a
// quote that is not closed.
std::vector<std::string> split_command(std::string_view text);

}  // namespace clary::keys
