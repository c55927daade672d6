// An object's bytes on their way out.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "objects/object_info.h"

namespace clary::objects {

class DataFolder;
class DataPin;

// One file of an object; a multipart object has one per part.
struct DataFile {
  std::string name;
  std::uint64_t size = 0;
};

// Inline bytes in memory, else files to send from. The object may be overwritten or deleted
// meanwhile: what is open stays readable. threads: one at a time.
class ObjectContent {
 public:
  ObjectContent(std::shared_ptr<const ObjectInfo> info, std::shared_ptr<const std::string> bytes);
  ObjectContent(std::shared_ptr<const ObjectInfo> info, std::vector<DataFile> files,
                std::shared_ptr<DataPin> pin, const DataFolder& folder);
  ~ObjectContent();
  ObjectContent(ObjectContent&& other) noexcept;
  ObjectContent& operator=(ObjectContent&& other) noexcept;

  const ObjectInfo& info() const { return *info_; }
  // Nullptr when the bytes are in files.
  const std::string* inline_bytes() const { return bytes_.get(); }

  // Where the object's byte `offset` is: at most `length` bytes of one open file, which stays this
  // object's and is open until the next call. blocks: opens a file. Throws StorageError.
  struct Piece {
    int file = -1;
    std::uint64_t offset = 0, length = 0;
  };
  Piece piece(std::uint64_t offset, std::uint64_t length);

  // Copies up to `size` bytes from `offset`; fewer only at the end. blocks. Throws StorageError.
  std::size_t read(std::uint64_t offset, char* buffer, std::size_t size);

 private:
  std::shared_ptr<const ObjectInfo> info_;
  std::shared_ptr<const std::string> bytes_;
  std::vector<DataFile> files_;
  std::shared_ptr<DataPin> pin_;
  const DataFolder* folder_ = nullptr;
  std::size_t open_index_ = 0;
  std::uint64_t open_start_ = 0;  // of file open_index_ within the object
  int open_file_ = -1;
};

}  // namespace clary::objects
