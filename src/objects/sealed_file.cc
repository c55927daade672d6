#include "objects/sealed_file.h"

#include <algorithm>
#include <cstring>

#include "base/errors.h"
#include "objects/file_io.h"

namespace clary::objects {
namespace {

using keys::kChunkBytes;
using keys::kHeaderBytes;
using keys::kSealedChunkBytes;
using keys::kTagBytes;
using keys::Position;

// Chunks that are read or written at once: few enough that they are still in the processor's cache
// when they are opened.
constexpr std::size_t kBatch = 4;

std::uint64_t last_chunk_of(std::uint64_t plain_size) {
  return plain_size == 0 ? 0 : (plain_size - 1) / kChunkBytes;
}

[[noreturn]] void damaged() {
  throw StorageError("an encrypted file is damaged");
}

}  // namespace

SealedFileWriter::SealedFileWriter(const keys::SecretKey& key, Sink sink)
    : sink_(std::move(sink)),
      sealer_(key),
      out_(std::make_unique_for_overwrite<std::byte[]>(kHeaderBytes + kBatch * kSealedChunkBytes)) {
  std::memcpy(out_.get(), sealer_.header().data(), kHeaderBytes);
  used_ = kHeaderBytes;
  pending_.reserve(kChunkBytes);
}

void SealedFileWriter::write(std::span<const std::byte> plain) {
  while (!plain.empty()) {
    if (pending_.size() == kChunkBytes) {
      seal(pending_, Position::kBefore);
      pending_.clear();
    }
    if (pending_.empty() && plain.size() > kChunkBytes) {
      seal(plain.first(kChunkBytes), Position::kBefore);
      plain = plain.subspan(kChunkBytes);
      continue;
    }
    const auto next = plain.first(std::min(plain.size(), kChunkBytes - pending_.size()));
    pending_.insert(pending_.end(), next.begin(), next.end());
    plain = plain.subspan(next.size());
  }
}

void SealedFileWriter::finish() {
  seal(pending_, Position::kLast);
  pending_.clear();
  flush();
}

void SealedFileWriter::seal(std::span<const std::byte> chunk, Position position) {
  if (used_ + chunk.size() + kTagBytes > kHeaderBytes + kBatch * kSealedChunkBytes) flush();
  sealer_.seal(chunk, position, out_.get() + used_);
  used_ += chunk.size() + kTagBytes;
}

void SealedFileWriter::flush() {
  sink_(std::span(out_.get(), used_));
  used_ = 0;
}

SealedFileReader::SealedFileReader(const keys::SecretKey& key, int file, std::uint64_t plain_size)
    : file_(file),
      plain_size_(plain_size),
      last_chunk_(last_chunk_of(plain_size)),
      opener_(open(key, file)) {}

keys::ChunkOpener SealedFileReader::open(const keys::SecretKey& key, int file) {
  keys::ChunkHeader header{};
  if (read_at(file, 0, reinterpret_cast<char*>(header.data()), header.size()) != header.size()) {
    damaged();
  }
  auto opener = keys::ChunkOpener::make(key, header);
  if (!opener) damaged();
  return std::move(*opener);
}

void SealedFileReader::open_chunk(std::uint64_t index, std::span<const std::byte> sealed,
                                  std::byte* plain) {
  const auto position = index == last_chunk_ ? Position::kLast : Position::kBefore;
  if (!opener_.open(index, position, sealed, plain)) damaged();
}

void SealedFileReader::read(std::uint64_t offset, char* buffer, std::size_t size) {
  if (!sealed_) {
    // The last piece of it holds a chunk that is wanted only in part.
    sealed_ = std::make_unique_for_overwrite<std::byte[]>((kBatch + 1) * kSealedChunkBytes);
  }
  auto* const partial = sealed_.get() + kBatch * kSealedChunkBytes;
  while (size > 0) {
    const std::uint64_t first = offset / kChunkBytes;
    const std::uint64_t last = std::min((offset + size - 1) / kChunkBytes, first + kBatch - 1);
    const std::uint64_t plain_end = std::min((last + 1) * kChunkBytes, plain_size_);
    const std::size_t wanted = plain_end - first * kChunkBytes + (last - first + 1) * kTagBytes;
    if (read_at(file_, kHeaderBytes + first * kSealedChunkBytes,
                reinterpret_cast<char*>(sealed_.get()), wanted) != wanted) {
      damaged();
    }
    for (std::uint64_t index = first; index <= last; ++index) {
      const std::size_t plain_bytes =
          std::min<std::uint64_t>(kChunkBytes, plain_size_ - index * kChunkBytes);
      const std::span sealed(sealed_.get() + (index - first) * kSealedChunkBytes,
                             plain_bytes + kTagBytes);
      const std::size_t skip = offset - index * kChunkBytes;
      const std::size_t count = std::min(plain_bytes - skip, size);
      if (count == plain_bytes) {
        open_chunk(index, sealed, reinterpret_cast<std::byte*>(buffer));
      } else {
        open_chunk(index, sealed, partial);
        std::memcpy(buffer, partial + skip, count);
      }
      buffer += count;
      offset += count;
      size -= count;
    }
  }
}

}  // namespace clary::objects
