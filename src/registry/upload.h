// A layer on its way in: a file that grows, and the SHA-256 of what it holds.
#pragma once

#include <openssl/evp.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <span>
#include <string>

namespace clary::registry {

// threads: any; one at a time goes on. errors: StorageError.
class Upload {
 public:
  // Goes on with a file that an earlier server began.
  Upload(std::string id, std::filesystem::path file);
  ~Upload();
  Upload(const Upload&) = delete;
  Upload& operator=(const Upload&) = delete;

  const std::string& id() const { return id_; }
  const std::filesystem::path& file() const { return file_; }
  std::uint64_t bytes();
  void append(std::span<const std::byte> bytes);
  // Its digest once it is on disk; nothing may be appended after it.
  std::string finish();

 private:
  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };

  const std::string id_;
  const std::filesystem::path file_;
  std::mutex mutex_;
  int descriptor_ = -1;                     // guarded by mutex_
  std::uint64_t bytes_ = 0;                 // guarded by mutex_
  std::unique_ptr<EVP_MD_CTX, Free> hash_;  // guarded by mutex_
};

}  // namespace clary::registry
