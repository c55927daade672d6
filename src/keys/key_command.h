// Running the program that answers the root key: a TPM's, an HSM's or a vault's client.
#pragma once

#include <string>
#include <vector>

namespace clary::keys {

// Starts argv without a shell and gives what it prints. Its stderr is ours. Throws RootKeyError
// when it cannot be started, fails, prints more than 4 KiB or takes longer than a minute.
std::string run_key_command(const std::vector<std::string>& command);

}  // namespace clary::keys
