// One moment in both databases of a data folder, beside a server that writes.
#pragma once

#include <filesystem>
#include <memory>

#include "store/database.h"

namespace clary::backup {

// Holds both writers off for as long as it takes to begin two reads (milliseconds), then lets them
// go on: what was committed before is in, all else is out, in both. While it lives SQLite's logs
// grow instead of being copied back.
// threads: one. blocks. errors: StorageError, also when the databases stay locked.
class Cut {
 public:
  explicit Cut(const std::filesystem::path& data_dir);
  ~Cut();

  store::Connection& objects();
  // Copies of the databases as of the moment.
  void copy_metadata(const std::filesystem::path& to);
  void copy_objects(const std::filesystem::path& to);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace clary::backup
