#include "objects/object_content.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "base/errors.h"
#include "base/file_io.h"
#include "keys/sealed_file.h"
#include "objects/data_folder.h"
#include "objects/object_cache.h"

namespace clary::objects {

ObjectContent::ObjectContent(std::shared_ptr<const StoredObject> object)
    : object_(std::move(object)), info_(object_->info) {
  if (info_->encryption.on()) {
    bytes_ = object_->opened.get();
    readable_ = bytes_ != nullptr;
  } else {
    bytes_ = object_->bytes;
  }
}

ObjectContent::ObjectContent(std::shared_ptr<const StoredObject> object,
                             std::shared_ptr<DataPin> pin, const DataFolder& folder)
    : object_(std::move(object)),
      info_(object_->info),
      readable_(!info_->encryption.on()),
      pin_(std::move(pin)),
      folder_(&folder) {}

ObjectContent::~ObjectContent() {
  if (open_file_ >= 0) close(open_file_);
}

ObjectContent::ObjectContent(ObjectContent&& other) noexcept
    : object_(std::move(other.object_)),
      info_(std::move(other.info_)),
      bytes_(std::move(other.bytes_)),
      readable_(other.readable_),
      key_(std::move(other.key_)),
      sealed_(std::move(other.sealed_)),
      pin_(std::move(other.pin_)),
      folder_(other.folder_),
      open_index_(other.open_index_),
      open_start_(other.open_start_),
      open_file_(std::exchange(other.open_file_, -1)) {}

ObjectContent& ObjectContent::operator=(ObjectContent&& other) noexcept {
  if (this == &other) return *this;
  if (open_file_ >= 0) close(open_file_);
  object_ = std::move(other.object_);
  info_ = std::move(other.info_);
  bytes_ = std::move(other.bytes_);
  readable_ = other.readable_;
  key_ = std::move(other.key_);
  sealed_ = std::move(other.sealed_);
  pin_ = std::move(other.pin_);
  folder_ = other.folder_;
  open_index_ = other.open_index_;
  open_start_ = other.open_start_;
  open_file_ = std::exchange(other.open_file_, -1);
  return *this;
}

void ObjectContent::unlock(const keys::SecretKey& key, Keep keep) {
  if (!object_->bytes) {
    key_ = key;
    sealed_.reset();
  } else if (!bytes_) {
    auto plain = keys::open_bytes(key, *object_->bytes);
    if (!plain || plain->size() != info_->size) {
      throw StorageError("the bytes of object " + info_->key.str() + " are damaged");
    }
    bytes_ = std::make_shared<const std::string>(std::move(*plain));
    if (keep == Keep::kYes) object_->opened.set(bytes_);
  }
  readable_ = true;
}

bool ObjectContent::has_one_file() const {
  return object_->files.size() == 1 && object_->parts_id == 0;
}

ObjectContent::Piece ObjectContent::piece(std::uint64_t offset, std::uint64_t length) {
  if (!sendable()) throw std::logic_error("encrypted bytes are not sent as they are");
  return find_piece(offset, length);
}

ObjectContent::Piece ObjectContent::find_piece(std::uint64_t offset, std::uint64_t length) {
  const auto& files = object_->files;
  std::size_t index = open_index_;
  std::uint64_t start = open_start_;
  if (offset < start) index = start = 0;
  while (index < files.size() && offset >= start + files[index].size) {
    start += files[index++].size;
  }
  if (index == files.size()) return {};
  if (open_file_ < 0 || index != open_index_) {
    if (open_file_ >= 0) close(open_file_);
    sealed_.reset();
    open_index_ = index;
    open_start_ = start;
    open_file_ = folder_->open_for_read(files[index].name);
    if (open_file_ < 0) throw StorageError("a file of object " + info_->key.str() + " is missing");
  }
  return {open_file_, offset - start, std::min(length, start + files[index].size - offset)};
}

std::size_t ObjectContent::read(std::uint64_t offset, char* buffer, std::size_t size) {
  if (!readable_) throw std::logic_error("encrypted bytes are read without their key");
  if (bytes_) {
    if (offset >= bytes_->size()) return 0;
    const auto count = std::min<std::uint64_t>(size, bytes_->size() - offset);
    std::memcpy(buffer, bytes_->data() + offset, count);
    return count;
  }
  std::size_t done = 0;
  while (done < size) {
    const auto next = find_piece(offset + done, size - done);
    if (next.length == 0) break;
    std::size_t count = next.length;
    if (key_) {
      if (!sealed_) {
        sealed_ = std::make_unique<keys::SealedFileReader>(*key_, next.file,
                                                           object_->files[open_index_].size);
      }
      sealed_->read(next.offset, buffer + done, count);
    } else {
      count = read_at(next.file, next.offset, buffer + done, count);
    }
    if (count == 0) throw StorageError("a file of object " + info_->key.str() + " is cut short");
    done += count;
  }
  return done;
}

std::size_t ObjectContent::read_cached(std::uint64_t offset, char* buffer, std::size_t size) {
  if (!sealed_ || offset < open_start_) return 0;
  const auto file_size = object_->files[open_index_].size;
  const auto in_file = offset - open_start_;
  if (in_file >= file_size) return 0;
  const auto count = std::min<std::uint64_t>(size, file_size - in_file);
  return sealed_->read_cached(in_file, buffer, count) ? count : 0;
}

void ObjectContent::read_ahead(std::uint64_t offset, std::uint64_t length) const {
  if (open_file_ < 0 || offset < open_start_) return;
  // Encrypted bytes stand a little further on than this says: near enough for a hint.
  posix_fadvise(open_file_, static_cast<off_t>(offset - open_start_), static_cast<off_t>(length),
                POSIX_FADV_WILLNEED);
}

}  // namespace clary::objects
