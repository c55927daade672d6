// System calls on files, whole or thrown.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

namespace clary::objects {

// Throws StorageError; a full disk (or quota, or file size limit) is told apart.
[[noreturn]] void throw_io_error(const std::string& what, int error);

// Writes all of `bytes` at `offset`. Throws StorageError.
void write_at(int file, std::uint64_t offset, std::span<const std::byte> bytes);
// Reads until `size` bytes or the end of the file; returns how many. Throws StorageError.
std::size_t read_at(int file, std::uint64_t offset, char* buffer, std::size_t size);
void sync_data(int file);
void sync_folder(const std::filesystem::path& folder);

}  // namespace clary::objects
