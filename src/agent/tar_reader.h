// Unpacking a tar that a stranger may have made, into a folder and nowhere else.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "agent/gzip.h"
#include "process/file_descriptor.h"

namespace clary::agent {

struct TarLimits {
  std::uint64_t bytes = ~std::uint64_t{0};  // of all files together
  std::uint64_t entries = 1'000'000;
};

// Takes the archive in pieces: ustar, GNU long names, pax paths and sizes. Files, folders, links
// that stay inside; anything else (devices, absolute paths, "..", a path through a link, links that
// lead out) is refused by name, and nothing outside the folder was touched. Owners and special mode
// bits are dropped.
// Source of the format: POSIX.1-2017, pax, "ustar Interchange Format" and "pax Header Block".
// Throws BadArchive, or StorageError when the disk is full.
class TarReader {
 public:
  TarReader(int folder, TarLimits limits);  // folder: a descriptor that stays open
  void write(std::string_view bytes);
  void finish();  // throws when the archive is cut short

 private:
  struct Entry {
    std::string path, link;
    char type = '0';
    unsigned mode = 0644;
    std::uint64_t size = 0;
  };
  void header(std::string_view block);
  void begin(Entry entry);
  void data(std::string_view bytes);
  void end();
  void make_link(const Entry& entry);
  process::FileDescriptor parent_of(const std::string& path, std::string& name) const;

  const int folder_;
  const TarLimits limits_;
  std::string block_;  // of a header, until it is whole
  std::string meta_;   // content of a pax or GNU entry
  std::string long_path_, long_link_;
  std::map<std::string, std::string> pax_;
  Entry entry_;
  process::FileDescriptor file_;
  std::uint64_t left_ = 0, padding_ = 0, bytes_ = 0, entries_ = 0;
  bool in_entry_ = false, zero_block_ = false, ended_ = false, any_ = false;
};

// Feeds a .tar.gz or a plain .tar, told apart by its first bytes.
class ArchiveReader {
 public:
  ArchiveReader(int folder, TarLimits limits);
  void write(std::string_view bytes);
  void finish();

 private:
  TarReader tar_;
  GzipReader gzip_;
  std::string first_;
  enum class Kind { kUnknown, kGzip, kPlain } kind_ = Kind::kUnknown;
};

}  // namespace clary::agent
