// A file's bytes without copying them.
#pragma once

#include <filesystem>
#include <string_view>

namespace clary::algorithms {

// Maps the whole file for reading. Throws ClientError when it cannot be opened; a file cut short
// by somebody else while it is mapped ends the process, as with any mapping.
class MappedFile {
 public:
  explicit MappedFile(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::string_view bytes() const { return bytes_; }

 private:
  std::string_view bytes_;
};

}  // namespace clary::algorithms
