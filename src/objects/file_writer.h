// The writer behind ObjectStore::open_writer(): memory first, a file once the bytes are too many.
// With a key, what reaches the database or the disk is encrypted.
#pragma once

#include <openssl/evp.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "keys/sealed_file.h"
#include "objects/data_folder.h"
#include "objects/encryption.h"
#include "objects/object_store.h"

namespace clary::objects {

struct DigestFree {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

class FileWriter final : public ObjectWriter {
 public:
  FileWriter(const DataFolder& folder, std::optional<std::uint64_t> size_hint,
             std::optional<WriteKey> key);
  ~FileWriter() override;

  void write(std::span<const std::byte> bytes) override;
  std::uint64_t size() const override { return size_; }
  std::array<std::byte, 16> md5() override;

  // The ETag of these bytes. Nothing may be written after it.
  std::string etag();
  // All bytes, sealed when there is a key, when they are few enough to stand in the database; else
  // nullptr, and they are in `file_name()`. Nothing may be written after it.
  const std::string* inline_bytes();
  // Moves what is still in memory to a file, and makes the file durable.
  void store_in_file();
  const std::string& file_name() const { return name_; }
  // CRC-64/NVME of the bytes as they stand in the file, or in inline_bytes().
  std::uint64_t at_rest_crc() const { return crc_; }
  // The file belongs to a row now.
  void release() { released_ = true; }

 private:
  void open_file();
  // At the end of the file, as they are.
  void append(std::span<const std::byte> bytes);

  const DataFolder& folder_;
  const std::optional<std::uint64_t> size_hint_;
  const std::optional<WriteKey> key_;
  std::string buffer_;     // until a file is open
  bool finished_ = false;  // inline bytes are sealed, the file is complete
  std::unique_ptr<keys::SealedFileWriter> sealed_;
  std::uint64_t crc_ = 0;
  std::string name_;
  int file_ = -1;
  bool released_ = false;
  std::uint64_t size_ = 0;
  std::uint64_t stored_ = 0;   // bytes in the file
  std::uint64_t flushed_ = 0;  // bytes the kernel was asked to write back already
  std::unique_ptr<EVP_MD_CTX, DigestFree> digest_;
  std::optional<std::array<std::byte, 16>> md5_;
};

}  // namespace clary::objects
