// The writer behind ObjectStore::open_writer(): memory first, a file once the bytes are too many.
#pragma once

#include <openssl/evp.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "objects/data_folder.h"
#include "objects/object_store.h"

namespace clary::objects {

struct DigestFree {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

class FileWriter final : public ObjectWriter {
 public:
  FileWriter(const DataFolder& folder, std::optional<std::uint64_t> size_hint);
  ~FileWriter() override;

  void write(std::span<const std::byte> bytes) override;
  std::uint64_t size() const override { return size_; }
  std::array<std::byte, 16> md5() override;

  // All bytes when they are few enough to stand in the database; else nullptr, and they are in
  // `file_name()`.
  const std::string* inline_bytes() const { return file_ < 0 ? &buffer_ : nullptr; }
  // Moves what is still in memory to a file, and makes the file durable.
  void store_in_file();
  const std::string& file_name() const { return name_; }
  // The file belongs to a row now.
  void release() { released_ = true; }

 private:
  void open_file();

  const DataFolder& folder_;
  const std::optional<std::uint64_t> size_hint_;
  std::string buffer_;  // until a file is open
  std::string name_;
  int file_ = -1;
  bool released_ = false;
  std::uint64_t size_ = 0;
  std::uint64_t flushed_ = 0;  // bytes the kernel was asked to write back already
  std::unique_ptr<EVP_MD_CTX, DigestFree> digest_;
  std::optional<std::array<std::byte, 16>> md5_;
};

}  // namespace clary::objects
