// Archives that a stranger may have made, plain or gzip: unpacked into a folder of its own, or
// refused, and nothing beside that folder was touched.
#include <fcntl.h>
#include <stdlib.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <stdexcept>
#include <string_view>

#include "agent/tar_reader.h"
#include "base/errors.h"

namespace {

namespace fs = std::filesystem;
using namespace clary::agent;

// Ends with the process.
struct Folder {
  Folder() {
    std::string name = (fs::temp_directory_path() / "clary-fuzz-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    path = name;
  }
  ~Folder() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
  fs::path path;
};

void unpack(const fs::path& target, std::string_view bytes, std::size_t step) {
  const clary::process::FileDescriptor folder(
      ::open(target.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder) std::abort();
  try {
    ArchiveReader reader(folder.get(), {.bytes = 1 << 20, .entries = 64});
    for (std::size_t at = 0; at < bytes.size(); at += step) reader.write(bytes.substr(at, step));
    reader.finish();
  } catch (const BadArchive&) {
  } catch (const clary::StorageError&) {
    // A name that is a folder in one entry and a file in the next, or too long.
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Folder folder;
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const fs::path target = folder.path / "target";
  fs::create_directory(target);
  unpack(target, bytes, 1 + data[0] * std::size_t{8});
  std::size_t beside = 0;
  for (const auto& entry : fs::directory_iterator(folder.path)) {
    beside += entry.path() != target ? 1 : 0;
  }
  if (beside != 0) std::abort();
  fs::remove_all(target);
  return 0;
}
