#include "registry/upload.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <vector>

#include "base/errors.h"
#include "base/file_io.h"
#include "base/text.h"
#include "registry/layer_key.h"

namespace clary::registry {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLongestSealedKey = 4096;

fs::path key_file_of(const fs::path& folder, const std::string& id) {
  return folder / (id + ".key");
}

int open_or_throw(const fs::path& file, int flags) {
  const int descriptor = open(file.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor < 0) throw_io_error("open " + file.string(), errno);
  return descriptor;
}

}  // namespace

Upload::Upload(std::string id, const fs::path& folder, keys::Sealer& sealer)
    : id_(std::move(id)),
      file_(folder / id_),
      key_file_(key_file_of(folder, id_)),
      hash_(EVP_MD_CTX_new()) {
  if (hash_ == nullptr || EVP_DigestInit_ex(hash_.get(), EVP_sha256(), nullptr) != 1) {
    throw StorageError("SHA-256 cannot be computed");
  }
  open_key(sealer);
  const int earlier = open(file_.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (earlier < 0) {
    begin_file(file_);
    return;
  }
  // Into a file of its own, under a header of its own: a chunk's nonce is used once.
  try {
    const fs::path anew = file_.string() + ".part";
    begin_file(anew);
    take_over(earlier);
    fs::rename(anew, file_);
  } catch (...) {
    close(earlier);
    if (descriptor_ >= 0) close(descriptor_);
    throw;
  }
  close(earlier);
}

Upload::~Upload() {
  if (descriptor_ < 0) return;
  if (!finished_ && !broken_) {
    try {
      writer_->finish();  // for who goes on with it
    } catch (const std::exception&) {
      // The file ends with what it has.
    }
  }
  close(descriptor_);
}

void Upload::remove(const std::string& id, const fs::path& folder) {
  std::error_code ignored;
  fs::remove(folder / id, ignored);
  fs::remove(key_file_of(folder, id), ignored);
}

// The key that is kept beside the file; a new one when there is none that opens.
void Upload::open_key(keys::Sealer& sealer) {
  std::string sealed(kLongestSealedKey, '\0');
  const int kept = open(key_file_.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (kept >= 0) {
    const ssize_t size = read(kept, sealed.data(), sealed.size());
    close(kept);
    sealed.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
    if (const auto key = registry::open_key(sealer, sealed, id_)) {
      key_ = *key;
      return;
    }
  }
  key_ = keys::random_key();
  sealed = seal_key(sealer, key_, id_);
  const int file = open_or_throw(key_file_, O_WRONLY | O_CREAT | O_TRUNC);
  try {
    write_at(file, 0, std::as_bytes(std::span(sealed)));
  } catch (...) {
    close(file);
    throw;
  }
  close(file);
}

void Upload::begin_file(const fs::path& file) {
  descriptor_ = open_or_throw(file, O_RDWR | O_CREAT | O_TRUNC);
  writer_.emplace(key_, [this](std::span<const std::byte> sealed) {
    write_at(descriptor_, sealed_, sealed);
    sealed_ += sealed.size();
  });
}

// What opens of an earlier server's file, chunk by chunk; the first that does not ends it.
void Upload::take_over(int earlier) {
  keys::ChunkHeader header;
  std::size_t got = read_at(earlier, 0, reinterpret_cast<char*>(header.data()), header.size());
  if (got != header.size()) return;
  auto opener = keys::ChunkOpener::make(key_, header);
  if (!opener) return;
  std::vector<std::byte> sealed(keys::kSealedChunkBytes), plain(keys::kChunkBytes);
  for (std::uint64_t index = 0;; ++index) {
    got = read_at(earlier, keys::kHeaderBytes + index * keys::kSealedChunkBytes,
                  reinterpret_cast<char*>(sealed.data()), sealed.size());
    if (got < keys::kTagBytes) return;
    const auto chunk = std::span<const std::byte>(sealed).first(got);
    const bool whole =
        got == sealed.size() && opener->open(index, keys::Position::kBefore, chunk, plain.data());
    if (!whole && !opener->open(index, keys::Position::kLast, chunk, plain.data())) return;
    add(std::span(plain).first(got - keys::kTagBytes));
    if (!whole) return;
  }
}

std::uint64_t Upload::bytes() {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

bool Upload::broken() {
  const std::lock_guard lock(mutex_);
  return broken_;
}

void Upload::add(std::span<const std::byte> bytes) {
  EVP_DigestUpdate(hash_.get(), bytes.data(), bytes.size());
  writer_->write(bytes);
  bytes_ += bytes.size();
}

void Upload::append(std::span<const std::byte> bytes) {
  const std::lock_guard lock(mutex_);
  if (broken_) throw StorageError("write " + file_.string() + ": an earlier part was not written");
  broken_ = true;
  add(bytes);
  broken_ = false;
}

std::string Upload::finish() {
  const std::lock_guard lock(mutex_);
  if (broken_) throw StorageError("write " + file_.string() + ": a part was not written");
  if (!std::exchange(finished_, true)) writer_->finish();
  sync_data(descriptor_);
  std::array<std::byte, 32> digest;
  unsigned size = 0;
  EVP_DigestFinal_ex(hash_.get(), reinterpret_cast<unsigned char*>(digest.data()), &size);
  return "sha256:" + hex(digest);
}

}  // namespace clary::registry
