#include "registry/upload.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <vector>

#include "base/errors.h"
#include "base/text.h"

namespace clary::registry {
namespace {

[[noreturn]] void broken(const std::string& what) {
  const int error = errno;
  throw StorageError(what + ": " + strerror(error), error == ENOSPC || error == EDQUOT
                                                        ? StorageError::Kind::kFull
                                                        : StorageError::Kind::kBroken);
}

}  // namespace

Upload::Upload(std::string id, std::filesystem::path file)
    : id_(std::move(id)),
      file_(std::move(file)),
      descriptor_(open(file_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)),
      hash_(EVP_MD_CTX_new()) {
  if (descriptor_ < 0) broken("open " + file_.string());
  if (hash_ == nullptr || EVP_DigestInit_ex(hash_.get(), EVP_sha256(), nullptr) != 1) {
    throw StorageError("SHA-256 cannot be computed");
  }
  std::vector<char> piece(1 << 20);
  for (ssize_t got; (got = read(descriptor_, piece.data(), piece.size())) != 0;) {
    if (got < 0) broken("read " + file_.string());
    EVP_DigestUpdate(hash_.get(), piece.data(), static_cast<std::size_t>(got));
    bytes_ += static_cast<std::uint64_t>(got);
  }
}

Upload::~Upload() {
  if (descriptor_ >= 0) close(descriptor_);
}

std::uint64_t Upload::bytes() {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

void Upload::append(std::span<const std::byte> bytes) {
  const std::lock_guard lock(mutex_);
  EVP_DigestUpdate(hash_.get(), bytes.data(), bytes.size());
  while (!bytes.empty()) {
    const ssize_t written =
        pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(bytes_));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) broken("write " + file_.string());
    bytes_ += static_cast<std::uint64_t>(written);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

std::string Upload::finish() {
  const std::lock_guard lock(mutex_);
  if (fdatasync(descriptor_) != 0) broken("write " + file_.string());
  std::array<std::byte, 32> digest;
  unsigned size = 0;
  EVP_DigestFinal_ex(hash_.get(), reinterpret_cast<unsigned char*>(digest.data()), &size);
  return "sha256:" + hex(digest);
}

}  // namespace clary::registry
