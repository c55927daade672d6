#include "process/shared_libraries.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "process/file_descriptor.h"

namespace clary::process {
namespace {

namespace fs = std::filesystem;

// A file mapped for reading. Every access is checked against its size: libraries come from users.
class Mapped {
 public:
  explicit Mapped(const fs::path& file) {
    const FileDescriptor descriptor(open(file.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat status = {};
    if (!descriptor || fstat(descriptor.get(), &status) != 0 || status.st_size <= 0) return;
    size_ = static_cast<std::size_t>(status.st_size);
    void* data = mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, descriptor.get(), 0);
    if (data == MAP_FAILED) {
      size_ = 0;
    } else {
      data_ = static_cast<const char*>(data);
    }
  }
  ~Mapped() {
    if (data_ != nullptr) munmap(const_cast<char*>(data_), size_);
  }
  Mapped(const Mapped&) = delete;
  Mapped& operator=(const Mapped&) = delete;

  template <class Type>
  bool read(std::uint64_t offset, Type& value) const {
    if (offset > size_ || size_ - offset < sizeof value) return false;
    std::memcpy(&value, data_ + offset, sizeof value);
    return true;
  }
  std::string_view text(std::uint64_t offset) const {
    if (offset >= size_) return {};
    return {data_ + offset, strnlen(data_ + offset, size_ - offset)};
  }

 private:
  const char* data_ = nullptr;
  std::size_t size_ = 0;
};

struct Dynamic {
  std::vector<std::string> needed, run_paths;
};

// File offset of a virtual address, by the loadable segments.
std::uint64_t offset_of(std::span<const Elf64_Phdr> segments, std::uint64_t address) {
  for (const Elf64_Phdr& segment : segments) {
    if (segment.p_type == PT_LOAD && address >= segment.p_vaddr &&
        address - segment.p_vaddr < segment.p_filesz) {
      return segment.p_offset + (address - segment.p_vaddr);
    }
  }
  return ~std::uint64_t{0};
}

Dynamic read_dynamic(const fs::path& file) {
  Dynamic result;
  const Mapped mapped(file);
  Elf64_Ehdr header;
  if (!mapped.read(0, header) || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
      header.e_ident[EI_CLASS] != ELFCLASS64) {
    return result;
  }
  std::vector<Elf64_Phdr> segments(header.e_phnum);
  for (std::size_t i = 0; i < segments.size(); ++i) {
    if (!mapped.read(header.e_phoff + i * sizeof(Elf64_Phdr), segments[i])) return result;
  }
  const auto dynamic =
      std::find_if(segments.begin(), segments.end(),
                   [](const Elf64_Phdr& segment) { return segment.p_type == PT_DYNAMIC; });
  if (dynamic == segments.end()) return result;
  std::vector<Elf64_Dyn> entries;
  std::uint64_t strings = 0;
  for (std::uint64_t at = 0; at + sizeof(Elf64_Dyn) <= dynamic->p_filesz; at += sizeof(Elf64_Dyn)) {
    Elf64_Dyn entry;
    if (!mapped.read(dynamic->p_offset + at, entry) || entry.d_tag == DT_NULL) break;
    if (entry.d_tag == DT_STRTAB) strings = offset_of(segments, entry.d_un.d_ptr);
    entries.push_back(entry);
  }
  for (const Elf64_Dyn& entry : entries) {
    if (entry.d_tag == DT_NEEDED) {
      result.needed.emplace_back(mapped.text(strings + entry.d_un.d_val));
    } else if (entry.d_tag == DT_RPATH || entry.d_tag == DT_RUNPATH) {
      result.run_paths.emplace_back(mapped.text(strings + entry.d_un.d_val));
    }
  }
  return result;
}

std::vector<fs::path> split_paths(const std::string& list, const fs::path& origin) {
  std::vector<fs::path> folders;
  for (std::size_t begin = 0; begin <= list.size();) {
    const std::size_t end = std::min(list.find(':', begin), list.size());
    std::string folder = list.substr(begin, end - begin);
    for (const std::string_view name : {"${ORIGIN}", "$ORIGIN"}) {
      if (folder.starts_with(name)) folder.replace(0, name.size(), origin.string());
    }
    if (folder.starts_with('/')) folders.push_back(fs::path(folder).lexically_normal());
    begin = end + 1;
  }
  return folders;
}

bool of_the_system(const fs::path& folder) {
  const std::string& text = folder.native();
  return text.starts_with("/usr/") || text.starts_with("/lib");
}

void collect(const fs::path& file, std::set<fs::path>& seen, std::vector<fs::path>& folders) {
  constexpr std::size_t kMostFiles = 200;
  if (seen.size() > kMostFiles || !seen.insert(file).second) return;
  const Dynamic dynamic = read_dynamic(file);
  std::error_code error;
  for (const std::string& list : dynamic.run_paths) {
    for (const fs::path& folder : split_paths(list, file.parent_path())) {
      if (of_the_system(folder) || !fs::is_directory(folder, error)) continue;
      if (std::find(folders.begin(), folders.end(), folder) == folders.end()) {
        folders.push_back(folder);
      }
      for (const std::string& name : dynamic.needed) {
        if (fs::exists(folder / name, error)) collect(folder / name, seen, folders);
      }
    }
  }
}

}  // namespace

std::vector<fs::path> library_folders(const fs::path& program) {
  std::set<fs::path> seen;
  std::vector<fs::path> folders;
  collect(program, seen, folders);
  return folders;
}

}  // namespace clary::process
