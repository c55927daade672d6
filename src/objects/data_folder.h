// The files that hold the bytes of large objects: named by random ids, never by keys.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "objects/object_content.h"

namespace clary::objects {

// threads: any. blocks: all.
class DataFolder {
 public:
  // Makes the folders that are missing. Throws StorageError.
  explicit DataFolder(std::filesystem::path folder);

  // A name no file has, marked as made by this run of the program.
  std::string new_name() const;
  std::filesystem::path path_of(std::string_view name) const;

  int open_for_read(std::string_view name) const;  // -1 when there is no such file
  int create(std::string_view name) const;         // throws StorageError
  // Makes the folder's entry for `name` durable.
  void sync_entry(std::string_view name) const;
  // A second name for the same bytes; false when the file system cannot (then copy).
  bool link(std::string_view name, std::string_view new_name) const;
  void remove(std::string_view name) const noexcept;

  // Deletes files of earlier runs that `is_used` does not know. For one thread beside the others.
  void sweep(const std::function<bool(const std::string& name)>& is_used,
             const std::function<bool()>& stopping) const;

 private:
  std::filesystem::path folder_;
  std::string run_;  // prefix of this run's names
};

// Keeps the part files of one multipart object on disk while somebody reads them: removal of a
// pinned object's files happens when the last pin goes.
class DataPins {
 public:
  explicit DataPins(const DataFolder& folder) : folder_(folder) {}
  std::shared_ptr<DataPin> pin(std::int64_t parts_id);
  // Removes the files now, or later.
  void remove(std::int64_t parts_id, std::vector<std::string> names);

 private:
  friend class DataPin;
  void unpin(std::int64_t parts_id);
  struct Pinned {
    int count = 0;
    std::vector<std::string> doomed;
  };
  const DataFolder& folder_;
  std::mutex mutex_;
  std::unordered_map<std::int64_t, Pinned> pinned_;
};

class DataPin {
 public:
  DataPin(DataPins& pins, std::int64_t parts_id) : pins_(pins), parts_id_(parts_id) {}
  ~DataPin() { pins_.unpin(parts_id_); }
  DataPin(const DataPin&) = delete;
  DataPin& operator=(const DataPin&) = delete;

 private:
  DataPins& pins_;
  std::int64_t parts_id_;
};

}  // namespace clary::objects
