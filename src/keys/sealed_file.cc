#include "keys/sealed_file.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/errors.h"
#include "base/file_io.h"

namespace clary::keys {
namespace {

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

SealedFileWriter::SealedFileWriter(const SecretKey& key, Sink sink)
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

SealedFileReader::SealedFileReader(const SecretKey& key, int file, std::uint64_t plain_size)
    : file_(file),
      plain_size_(plain_size),
      last_chunk_(last_chunk_of(plain_size)),
      opener_(open(key, file)) {}

ChunkOpener SealedFileReader::open(const SecretKey& key, int file) {
  ChunkHeader header{};
  if (read_at(file, 0, reinterpret_cast<char*>(header.data()), header.size()) != header.size()) {
    damaged();
  }
  auto opener = ChunkOpener::make(key, header);
  if (!opener) damaged();
  return std::move(*opener);
}

std::size_t SealedFileReader::plain_bytes(std::uint64_t index) const {
  return std::min<std::uint64_t>(kChunkBytes, plain_size_ - index * kChunkBytes);
}

// The chunks go from the file to where they are wanted, and are opened there: no other memory is
// touched, so that what is opened, and then sent, is still in the processor's cache.
bool SealedFileReader::read_chunks(std::uint64_t first, std::size_t count, std::byte* plain,
                                   Wait wait) {
  std::array<std::array<std::byte, kTagBytes>, kBatch> tags;
  std::array<iovec, 2 * kBatch> pieces;
  std::size_t wanted = 0;
  auto* at = plain;
  for (std::size_t i = 0; i < count; ++i) {
    const auto bytes = plain_bytes(first + i);
    pieces[2 * i] = {at, bytes};
    pieces[2 * i + 1] = {tags[i].data(), kTagBytes};
    at += bytes;
    wanted += bytes + kTagBytes;
  }
  const auto used = std::span(pieces).first(2 * count);
  const auto offset = kHeaderBytes + first * kSealedChunkBytes;
  if (wait == Wait::kNever) {
    if (!clary::read_cached(file_, offset, used)) return false;
  } else if (read_at(file_, offset, used) != wanted) {
    damaged();
  }
  for (std::size_t i = 0; i < count; ++i) {
    const auto position = first + i == last_chunk_ ? Position::kLast : Position::kBefore;
    const std::span chunk(plain, plain_bytes(first + i));
    if (!opener_.open(first + i, position, chunk, tags[i])) damaged();
    plain += chunk.size();
  }
  return true;
}

bool SealedFileReader::read(std::uint64_t offset, char* buffer, std::size_t size, Wait wait) {
  while (size > 0) {
    const std::uint64_t first = offset / kChunkBytes;
    const std::size_t skip = offset - first * kChunkBytes;
    std::size_t count = 0, whole_bytes = 0;
    while (skip == 0 && count < kBatch && first + count <= last_chunk_ &&
           whole_bytes + plain_bytes(first + count) <= size) {
      whole_bytes += plain_bytes(first + count++);
    }
    std::size_t done = whole_bytes;
    if (count > 0) {
      if (!read_chunks(first, count, reinterpret_cast<std::byte*>(buffer), wait)) return false;
    } else {
      if (!partial_) partial_ = std::make_unique_for_overwrite<std::byte[]>(kChunkBytes);
      if (!read_chunks(first, 1, partial_.get(), wait)) return false;
      done = std::min(plain_bytes(first) - skip, size);
      std::memcpy(buffer, partial_.get() + skip, done);
    }
    buffer += done;
    offset += done;
    size -= done;
  }
  return true;
}

void SealedFileReader::read(std::uint64_t offset, char* buffer, std::size_t size) {
  // Damage throws, and nothing else is short.
  static_cast<void>(read(offset, buffer, size, Wait::kForDisk));
}

bool SealedFileReader::read_cached(std::uint64_t offset, char* buffer, std::size_t size) {
  return read(offset, buffer, size, Wait::kNever);
}

}  // namespace clary::keys
