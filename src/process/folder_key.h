// Folders whose files are on disk only encrypted: by the kernel (fscrypt), each folder with a key
// of its own that is in the kernel's memory, and nowhere else that this knows.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace clary::process {

inline constexpr std::size_t kFolderKeyBytes = 64;

std::string random_folder_key();

// Encrypts an empty folder of a file system that can: what is made in it from now on, names too.
// `key` has kFolderKeyBytes. Throws std::system_error.
void encrypt_folder(const std::filesystem::path& folder, std::string_view key);

// False also when the folder is not there, or its file system was taken away from over it.
bool is_encrypted(const std::filesystem::path& folder);

// Gives the kernel the key of a folder that was encrypted before. False: it is that of another
// folder, and the kernel does not keep it. Throws std::system_error.
[[nodiscard]] bool unlock_folder(const std::filesystem::path& folder, std::string_view key);
// Takes the key from the kernel: what is not open is names and contents of no use. False while
// files are open: these stay readable to who has them, until it is called again.
// Throws std::system_error.
[[nodiscard]] bool lock_folder(const std::filesystem::path& folder);

// Removes the folder with all that is in it, and its key from the kernel.
void remove_encrypted(const std::filesystem::path& folder);

}  // namespace clary::process
