#include "backup/hashed_copy.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <span>
#include <vector>

#include "base/errors.h"
#include "base/text.h"

namespace clary::backup {
namespace {

constexpr std::size_t kPiece = 1 << 20;

[[noreturn]] void fail(const std::filesystem::path& file) {
  throw StorageError(
      file.string() + ": " + std::strerror(errno),
      errno == ENOSPC || errno == EDQUOT ? StorageError::Kind::kFull : StorageError::Kind::kBroken);
}

class File {
 public:
  File(const std::filesystem::path& path, int flags)
      : path_(path), file_(::open(path.c_str(), flags | O_CLOEXEC, 0600)) {}
  ~File() {
    if (file_ >= 0) ::close(file_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  bool is_open() const { return file_ >= 0; }

  std::size_t read(std::span<char> buffer) {
    while (true) {
      const ssize_t got = ::read(file_, buffer.data(), buffer.size());
      if (got >= 0) return static_cast<std::size_t>(got);
      if (errno != EINTR) fail(path_);
    }
  }
  void write(std::span<const char> bytes) {
    while (!bytes.empty()) {
      const ssize_t put = ::write(file_, bytes.data(), bytes.size());
      if (put < 0 && errno == EINTR) continue;
      if (put <= 0) fail(path_);
      bytes = bytes.subspan(static_cast<std::size_t>(put));
    }
  }
  void skip(std::size_t bytes) {
    if (::lseek(file_, static_cast<off_t>(bytes), SEEK_CUR) < 0) fail(path_);
  }
  void end_at(std::uint64_t size) {
    if (::ftruncate(file_, static_cast<off_t>(size)) != 0) fail(path_);
  }
  void sync() {
    if (::fsync(file_) != 0) fail(path_);
  }

 private:
  const std::filesystem::path path_;
  int file_;
};

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

class Sha256 {
 public:
  Sha256() : context_(EVP_MD_CTX_new()) {
    if (!context_ || EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) != 1) {
      throw std::bad_alloc();
    }
  }
  void update(std::span<const char> bytes) {
    EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size());
  }
  std::string finish() {
    std::array<std::byte, 32> digest{};
    EVP_DigestFinal_ex(context_.get(), reinterpret_cast<unsigned char*>(digest.data()), nullptr);
    return hex(digest);
  }

 private:
  std::unique_ptr<EVP_MD_CTX, FreeContext> context_;
};

bool zero(std::span<const char> piece) {
  return std::ranges::all_of(piece, [](char c) { return c == 0; });
}

// `to` nullptr: only hashed. What is zero becomes a hole, as it is in images of disks.
Hashed pump(File& from, File* to, std::optional<std::uint64_t> limit) {
  std::vector<char> buffer(kPiece);
  Sha256 hash;
  Hashed result;
  while (!limit || result.size < *limit) {
    const std::size_t want =
        limit ? static_cast<std::size_t>(std::min<std::uint64_t>(kPiece, *limit - result.size))
              : kPiece;
    const std::size_t got = from.read(std::span(buffer).first(want));
    if (got == 0) break;
    const std::span<const char> piece = std::span(buffer).first(got);
    hash.update(piece);
    if (to != nullptr) zero(piece) ? to->skip(piece.size()) : to->write(piece);
    result.size += got;
  }
  if (to != nullptr) to->end_at(result.size);
  result.sha256 = hash.finish();
  return result;
}

}  // namespace

std::optional<Hashed> hash_file(const std::filesystem::path& file,
                                std::optional<std::uint64_t> limit) {
  File from(file, O_RDONLY);
  if (!from.is_open()) {
    if (errno == ENOENT) return std::nullopt;
    fail(file);
  }
  return pump(from, nullptr, limit);
}

std::optional<Hashed> copy_hashed(const std::filesystem::path& from,
                                  const std::filesystem::path& to,
                                  std::optional<std::uint64_t> limit) {
  File source(from, O_RDONLY);
  if (!source.is_open()) {
    if (errno == ENOENT) return std::nullopt;
    fail(from);
  }
  std::error_code error;
  std::filesystem::create_directories(to.parent_path(), error);
  if (error) throw StorageError(to.parent_path().string() + ": " + error.message());
  const std::filesystem::path fresh = to.string() + ".tmp";
  Hashed result;
  {
    File target(fresh, O_WRONLY | O_CREAT | O_TRUNC);
    if (!target.is_open()) fail(fresh);
    result = pump(source, &target, limit);
    target.sync();
  }
  if (::rename(fresh.c_str(), to.c_str()) != 0) fail(to);
  return result;
}

void sync_folder(const std::filesystem::path& folder) {
  File file(folder, O_RDONLY | O_DIRECTORY);
  if (!file.is_open()) fail(folder);
  file.sync();
}

}  // namespace clary::backup
