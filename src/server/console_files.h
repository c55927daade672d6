// The files of the web console: a folder that the build made, with each file also compressed ahead.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "process/file_descriptor.h"

namespace clary::server {

struct ConsoleFile {
  process::FileDescriptor file;
  std::uint64_t length = 0;
  std::string type;      // Content-Type
  std::string encoding;  // Content-Encoding, "" for none
  std::string etag;      // quoted
  // Its name changes with its content, so browsers never have to ask again.
  bool immutable = false;
};

// threads: any. blocks: open(), shortly.
class ConsoleFiles {
 public:
  // A folder that is not there is looked for again with each request: who builds the console while
  // the server runs need not restart it.
  explicit ConsoleFiles(std::filesystem::path folder) : folder_(std::move(folder)) {}

  bool built() const;
  const std::filesystem::path& folder() const { return folder_; }
  // `path` is what follows "/_console/". What names no file is one of the page's own addresses and
  // answers index.html; nullopt: no such file. Never leaves the folder, never follows a link.
  std::optional<ConsoleFile> open(std::string_view path, std::string_view accept_encoding) const;

 private:
  std::optional<ConsoleFile> open_file(const std::string& name,
                                       std::string_view accept_encoding) const;

  const std::filesystem::path folder_;
};

// The folder of an installed or built `clary`: share/clary/console beside the folder of the
// program.
std::filesystem::path default_console_folder();

}  // namespace clary::server
