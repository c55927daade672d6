// An object's bytes on their way out.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "keys/data_key.h"
#include "keys/sealed_file.h"
#include "objects/object_info.h"

namespace clary::objects {

class DataFolder;
class DataPin;
struct StoredObject;

// One file of an object; a multipart object has one per part.
struct DataFile {
  std::string name;
  std::uint64_t size = 0;
};

// Inline bytes in memory, else files to send from. The object may be overwritten or deleted
// meanwhile: what is open stays readable. Encrypted bytes can be read after unlock().
// threads: one at a time.
class ObjectContent {
 public:
  // With inline bytes.
  explicit ObjectContent(std::shared_ptr<const StoredObject> object);
  // With files.
  ObjectContent(std::shared_ptr<const StoredObject> object, std::shared_ptr<DataPin> pin,
                const DataFolder& folder);
  ~ObjectContent();
  ObjectContent(ObjectContent&& other) noexcept;
  ObjectContent& operator=(ObjectContent&& other) noexcept;

  const ObjectInfo& info() const { return *info_; }
  // False for encrypted bytes that unlock() was not called for, or that were not read lately.
  bool readable() const { return readable_; }
  // The key of the bytes. Throws StorageError when inline bytes do not open with it. What is kept
  // is readable() for whoever asks next: only for keys that are the server's.
  enum class Keep { kNo, kYes };
  void unlock(const keys::SecretKey& key, Keep keep);
  // Nullptr when the bytes are in files. Of readable content only.
  const std::string* inline_bytes() const { return bytes_.get(); }
  // Whether piece() serves: files whose bytes stand there as they are.
  bool sendable() const { return !bytes_ && !key_; }

  // Where the object's byte `offset` is: at most `length` bytes of one open file, which stays this
  // object's and is open until the next call. blocks: opens a file. Throws StorageError.
  struct Piece {
    int file = -1;
    std::uint64_t offset = 0, length = 0;
  };
  Piece piece(std::uint64_t offset, std::uint64_t length);

  // Copies up to `size` bytes from `offset`; fewer only at the end. blocks. Throws StorageError.
  std::size_t read(std::uint64_t offset, char* buffer, std::size_t size);
  // Of encrypted files: what read() does, as far as it needs neither the disk nor another file than
  // the last call of read(). 0 when not even the first byte is at hand. Throws StorageError.
  std::size_t read_cached(std::uint64_t offset, char* buffer, std::size_t size);
  // Asks the kernel to fetch what read() will want of the file that it read last. May block.
  void read_ahead(std::uint64_t offset, std::uint64_t length) const;

  // Its bytes are one file that was put in one piece: a copy may share it.
  bool has_one_file() const;
  const StoredObject& stored() const { return *object_; }
  // Opens the file that byte 0 is in. Throws StorageError when it is missing.
  void open_first() { find_piece(0, 1); }

 private:
  Piece find_piece(std::uint64_t offset, std::uint64_t length);

  std::shared_ptr<const StoredObject> object_;
  std::shared_ptr<const ObjectInfo> info_;
  std::shared_ptr<const std::string> bytes_;
  bool readable_ = true;
  std::optional<keys::SecretKey> key_;
  std::unique_ptr<keys::SealedFileReader> sealed_;  // over open_file_
  std::shared_ptr<DataPin> pin_;
  const DataFolder* folder_ = nullptr;
  std::size_t open_index_ = 0;
  std::uint64_t open_start_ = 0;  // of file open_index_ within the object
  int open_file_ = -1;
};

}  // namespace clary::objects
