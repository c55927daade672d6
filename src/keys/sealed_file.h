// Files whose bytes are encrypted: keys/chunk_cipher.h over file descriptors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "keys/chunk_cipher.h"

namespace clary::keys {

// Seals bytes as they come and hands them on in pieces of about 256 KiB. threads: one at a time.
class SealedFileWriter {
 public:
  using Sink = std::function<void(std::span<const std::byte> sealed)>;
  SealedFileWriter(const SecretKey& key, Sink sink);
  void write(std::span<const std::byte> plain);
  void finish();  // nothing may be written after it

 private:
  void seal(std::span<const std::byte> chunk, Position position);
  void flush();

  const Sink sink_;
  ChunkSealer sealer_;
  // A chunk is sealed when more follows it: only then is it known not to be the last.
  std::vector<std::byte> pending_;
  const std::unique_ptr<std::byte[]> out_;
  std::size_t used_ = 0;
};

// Reads any range of a sealed file. threads: one at a time. errors: StorageError when the file is
// damaged; no byte of a damaged chunk is ever given out.
class SealedFileReader {
 public:
  // `file` stays its owner's and open. `plain_size`: what the row says.
  SealedFileReader(const SecretKey& key, int file, std::uint64_t plain_size);
  // All of `size` bytes, which the file has. blocks.
  void read(std::uint64_t offset, char* buffer, std::size_t size);
  // The same without waiting for the disk. False when it would have to be waited for, or when the
  // file is shorter than it should be: then what `buffer` holds does not count.
  [[nodiscard]] bool read_cached(std::uint64_t offset, char* buffer, std::size_t size);

 private:
  enum class Wait { kForDisk, kNever };

  static ChunkOpener open(const SecretKey& key, int file);
  bool read(std::uint64_t offset, char* buffer, std::size_t size, Wait wait);
  // Reads and opens `count` whole chunks from `first` on.
  bool read_chunks(std::uint64_t first, std::size_t count, std::byte* plain, Wait wait);
  std::size_t plain_bytes(std::uint64_t index) const;

  const int file_;
  const std::uint64_t plain_size_;
  const std::uint64_t last_chunk_;
  ChunkOpener opener_;
  std::unique_ptr<std::byte[]> partial_;  // a chunk that is wanted only in part
};

}  // namespace clary::keys
