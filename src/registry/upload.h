// A layer on its way in: a file that grows, encrypted as it does, and the SHA-256 of what it holds.
#pragma once

#include <openssl/evp.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "keys/sealed_file.h"
#include "keys/sealer.h"

namespace clary::registry {

// threads: any; one at a time goes on. errors: StorageError.
class Upload {
 public:
  // Goes on with a file that an earlier server began: what was sealed of it. The last 320 KiB,
  // which waited in memory, may be gone when that server was killed; bytes() tells.
  Upload(std::string id, const std::filesystem::path& folder, keys::Sealer& sealer);
  ~Upload();
  Upload(const Upload&) = delete;
  Upload& operator=(const Upload&) = delete;
  // What is on disk of an upload that nobody goes on with.
  static void remove(const std::string& id, const std::filesystem::path& folder);

  const std::string& id() const { return id_; }
  const std::filesystem::path& file() const { return file_; }
  const keys::SecretKey& key() const { return key_; }
  std::uint64_t bytes();
  // When it throws, only what bytes() of another Upload over the same file tells is there.
  void append(std::span<const std::byte> bytes);
  bool broken();
  // Its digest once it is on disk; nothing may be appended after it.
  std::string finish();

 private:
  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };

  void open_key(keys::Sealer& sealer);
  void begin_file(const std::filesystem::path& file);
  void take_over(int earlier);
  void add(std::span<const std::byte> bytes);

  const std::string id_;
  const std::filesystem::path file_, key_file_;
  keys::SecretKey key_;
  std::mutex mutex_;
  int descriptor_ = -1;                             // guarded by mutex_
  std::uint64_t bytes_ = 0, sealed_ = 0;            // guarded by mutex_; plain, and in the file
  bool broken_ = false, finished_ = false;          // guarded by mutex_
  std::unique_ptr<EVP_MD_CTX, Free> hash_;          // guarded by mutex_
  std::optional<keys::SealedFileWriter> writer_{};  // guarded by mutex_
};

}  // namespace clary::registry
