#include "objects/file_writer.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>

#include "base/crc.h"
#include "base/file_io.h"
#include "base/text.h"
#include "keys/aead.h"

namespace clary::objects {
namespace {

// Write-back starts that early, so that the sync at the end has little left to wait for.
constexpr std::uint64_t kFlushBytes = 8 << 20;
constexpr std::uint64_t kReserveBytes = 1 << 20;

const EVP_MD* md5_method() {
  // Fetching by name costs more than hashing a small object.
  static const EVP_MD* method = EVP_MD_fetch(nullptr, "MD5", nullptr);
  return method;
}

}  // namespace

FileWriter::FileWriter(const DataFolder& folder, std::optional<std::uint64_t> size_hint,
                       std::optional<WriteKey> key)
    : folder_(folder), size_hint_(size_hint), key_(std::move(key)), digest_(EVP_MD_CTX_new()) {
  if (EVP_DigestInit_ex2(digest_.get(), md5_method(), nullptr) != 1) {
    throw std::runtime_error("MD5 is not available");
  }
  if (size_hint && *size_hint <= kInlineBytes) buffer_.reserve(*size_hint);
}

FileWriter::~FileWriter() {
  if (file_ < 0) return;
  close(file_);
  if (!released_) folder_.remove(name_);
}

void FileWriter::write(std::span<const std::byte> bytes) {
  EVP_DigestUpdate(digest_.get(), bytes.data(), bytes.size());
  if (file_ < 0 && size_ + bytes.size() <= kInlineBytes) {
    buffer_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    size_ += bytes.size();
    return;
  }
  if (file_ < 0) open_file();
  if (sealed_) {
    sealed_->write(bytes);
  } else {
    append(bytes);
  }
  size_ += bytes.size();
}

void FileWriter::append(std::span<const std::byte> bytes) {
  crc_ = crc_update(CrcKind::kCrc64nvme, crc_, bytes);
  write_at(file_, stored_, bytes);
  stored_ += bytes.size();
  if (stored_ - flushed_ >= kFlushBytes) {
    sync_file_range(file_, static_cast<off_t>(flushed_), static_cast<off_t>(stored_ - flushed_),
                    SYNC_FILE_RANGE_WRITE);
    flushed_ = stored_;
  }
}

void FileWriter::open_file() {
  name_ = folder_.new_name();
  file_ = folder_.create(name_);
  if (size_hint_ && *size_hint_ >= kReserveBytes) {
    // Contiguous on disk, and a disk without room says so at once. Some file systems cannot.
    const auto room = static_cast<off_t>(key_ ? keys::sealed_size(*size_hint_) : *size_hint_);
    const int failed = fallocate(file_, FALLOC_FL_KEEP_SIZE, 0, room) != 0 ? errno : 0;
    if (failed == ENOSPC || failed == EDQUOT || failed == EFBIG) throw_io_error("reserve", failed);
  }
  const auto before = std::as_bytes(std::span(buffer_));
  if (key_) {
    sealed_ = std::make_unique<keys::SealedFileWriter>(
        key_->key, [this](std::span<const std::byte> bytes) { append(bytes); });
    sealed_->write(before);
  } else {
    append(before);
  }
  buffer_.clear();
}

std::array<std::byte, 16> FileWriter::md5() {
  if (!md5_) {
    std::array<std::byte, 16> value{};
    EVP_DigestFinal_ex(digest_.get(), reinterpret_cast<unsigned char*>(value.data()), nullptr);
    md5_ = value;
  }
  return *md5_;
}

std::string FileWriter::etag() {
  const auto digest = md5();
  if (!key_ || key_->etag == EtagKind::kMd5) return hex(digest);
  // Tells nothing of the bytes, and is the same for a part that is sent again.
  keys::SecretKey mixed = keys::derive_key(
      key_->key,
      "etag " + std::string(reinterpret_cast<const char*>(digest.data()), digest.size()));
  return hex(mixed.bytes().first(digest.size()));
}

const std::string* FileWriter::inline_bytes() {
  if (file_ >= 0) return nullptr;
  if (!finished_) {
    finished_ = true;
    if (key_) buffer_ = keys::seal_bytes(key_->key, buffer_);
    crc_ = crc_update(CrcKind::kCrc64nvme, 0, as_bytes(buffer_));
  }
  return &buffer_;
}

void FileWriter::store_in_file() {
  if (file_ < 0) open_file();
  if (sealed_ && !finished_) sealed_->finish();
  finished_ = true;
  // More was announced than came: give the rest back.
  if (size_hint_ && *size_hint_ > size_ && *size_hint_ >= kReserveBytes) {
    if (ftruncate(file_, static_cast<off_t>(stored_)) != 0) throw_io_error("truncate", errno);
  }
  sync_data(file_);
  folder_.sync_entry(name_);
}

}  // namespace clary::objects
