// Which image of the container runtime stands in for a URI, as the owner of the server says:
// `clary image map`. Kept in the data folder.
#pragma once

#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "store/database.h"

namespace clary::server {

struct ImageMapping {
  std::string pattern;  // a URI, in which * stands for any characters
  std::string image;
};

// threads: any. blocks: changes do, look-ups are answered from memory. errors: StorageError.
class ImageMap {
 public:
  explicit ImageMap(store::Database& database);
  static std::span<const store::Migration> migrations();

  void set(const ImageMapping& mapping);
  bool remove(const std::string& pattern);  // false: there is none
  std::vector<ImageMapping> list() const;
  // Of several patterns the longest.
  std::optional<std::string> find(std::string_view uri) const;

 private:
  store::Database& database_;
  mutable std::mutex mutex_;
  std::vector<ImageMapping> mappings_;  // guarded by mutex_; longest pattern first
  void load();
};

// Whether `text` fits `pattern`, in which * stands for any characters.
bool fits(std::string_view pattern, std::string_view text);

}  // namespace clary::server
