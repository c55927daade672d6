// System calls on files, whole or thrown.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

namespace clary {

// Throws StorageError; a full disk (or quota, or file size limit) is told apart.
[[noreturn]] void throw_io_error(const std::string& what, int error);

// Writes all of `bytes` at `offset`. Throws StorageError.
void write_at(int file, std::uint64_t offset, std::span<const std::byte> bytes);
// Reads until `size` bytes or the end of the file; returns how many. Throws StorageError.
std::size_t read_at(int file, std::uint64_t offset, char* buffer, std::size_t size);
// The same into several places, one after the other; changes `pieces`.
std::size_t read_at(int file, std::uint64_t offset, std::span<iovec> pieces);
// Reads into all of `pieces` what the page cache has. False when that is not all of it, or when the
// file system cannot tell: then what the pieces hold does not count.
[[nodiscard]] bool read_cached(int file, std::uint64_t offset, std::span<const iovec> pieces);
void sync_data(int file);
void sync_folder(const std::filesystem::path& folder);

}  // namespace clary
