#include "objects/object_content.h"

#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "base/errors.h"
#include "objects/data_folder.h"
#include "objects/file_io.h"

namespace clary::objects {

ObjectContent::ObjectContent(std::shared_ptr<const ObjectInfo> info,
                             std::shared_ptr<const std::string> bytes)
    : info_(std::move(info)), bytes_(std::move(bytes)) {}

ObjectContent::ObjectContent(std::shared_ptr<const ObjectInfo> info, std::vector<DataFile> files,
                             std::shared_ptr<DataPin> pin, const DataFolder& folder)
    : info_(std::move(info)), files_(std::move(files)), pin_(std::move(pin)), folder_(&folder) {}

ObjectContent::~ObjectContent() {
  if (open_file_ >= 0) close(open_file_);
}

ObjectContent::ObjectContent(ObjectContent&& other) noexcept
    : info_(std::move(other.info_)),
      bytes_(std::move(other.bytes_)),
      files_(std::move(other.files_)),
      pin_(std::move(other.pin_)),
      folder_(other.folder_),
      open_index_(other.open_index_),
      open_start_(other.open_start_),
      open_file_(std::exchange(other.open_file_, -1)) {}

ObjectContent& ObjectContent::operator=(ObjectContent&& other) noexcept {
  if (this == &other) return *this;
  if (open_file_ >= 0) close(open_file_);
  info_ = std::move(other.info_);
  bytes_ = std::move(other.bytes_);
  files_ = std::move(other.files_);
  pin_ = std::move(other.pin_);
  folder_ = other.folder_;
  open_index_ = other.open_index_;
  open_start_ = other.open_start_;
  open_file_ = std::exchange(other.open_file_, -1);
  return *this;
}

ObjectContent::Piece ObjectContent::piece(std::uint64_t offset, std::uint64_t length) {
  std::size_t index = open_index_;
  std::uint64_t start = open_start_;
  if (offset < start) index = start = 0;
  while (index < files_.size() && offset >= start + files_[index].size) {
    start += files_[index++].size;
  }
  if (index == files_.size()) return {};
  if (open_file_ < 0 || index != open_index_) {
    if (open_file_ >= 0) close(open_file_);
    open_index_ = index;
    open_start_ = start;
    open_file_ = folder_->open_for_read(files_[index].name);
    if (open_file_ < 0) throw StorageError("a file of object " + info_->key.str() + " is missing");
  }
  return {open_file_, offset - start, std::min(length, start + files_[index].size - offset)};
}

std::size_t ObjectContent::read(std::uint64_t offset, char* buffer, std::size_t size) {
  if (bytes_) {
    if (offset >= bytes_->size()) return 0;
    const auto count = std::min<std::uint64_t>(size, bytes_->size() - offset);
    std::memcpy(buffer, bytes_->data() + offset, count);
    return count;
  }
  std::size_t done = 0;
  while (done < size) {
    const auto next = piece(offset + done, size - done);
    if (next.length == 0) break;
    const auto count = read_at(next.file, next.offset, buffer + done, next.length);
    if (count == 0) throw StorageError("a file of object " + info_->key.str() + " is cut short");
    done += count;
  }
  return done;
}

}  // namespace clary::objects
