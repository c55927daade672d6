// The files of the audit log: audit-000001.jsonl, audit-000002.jsonl, ... Only the last is written.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/record.h"

namespace clary::audit {

struct LogFile {
  std::uint32_t number = 0;
  std::filesystem::path path;
};
// By number. Throws StorageError when the folder cannot be read.
std::vector<LogFile> log_files(const std::filesystem::path& folder);
std::filesystem::path log_file_path(const std::filesystem::path& folder, std::uint32_t number);

// The first line of a file as a record; nullopt when there is none.
struct FirstLine {
  std::uint64_t seq = 0;
  std::string prev;
  Timestamp at{};
};
std::optional<FirstLine> first_line(const std::filesystem::path& file);

// `length` bytes at `offset`; "" when the file does not have them (any more).
std::string read_at(const std::filesystem::path& file, std::uint64_t offset, std::uint64_t length);

// The end of the log, which grows. owns: the last file's descriptor.
// threads: one at a time. blocks. errors: StorageError.
class LogEnd {
 public:
  // Finds the last whole line. What a kill left behind it stays, closed with a newline and counted
  // in torn_bytes(): the caller writes the mark that says so.
  explicit LogEnd(std::filesystem::path folder);
  ~LogEnd();
  LogEnd(const LogEnd&) = delete;
  LogEnd& operator=(const LogEnd&) = delete;

  const ChainPoint& found() const { return found_; }
  std::uint64_t torn_bytes() const { return torn_bytes_; }
  // When the last line that was found was written; of an empty log, nothing.
  std::optional<Timestamp> found_at() const { return found_at_; }

  std::uint32_t number() const { return number_; }
  std::uint64_t size() const { return size_; }
  // All of `lines` or nothing.
  void append(std::string_view lines);
  void sync();
  // A descriptor of the file, the caller's own, for a sync that others do not wait for.
  int duplicate() const;
  // The next file; the old one is synced first.
  void rotate();

 private:
  void open(std::uint32_t number);

  const std::filesystem::path folder_;
  ChainPoint found_;
  std::optional<Timestamp> found_at_;
  std::uint64_t torn_bytes_ = 0;
  std::uint32_t number_ = 0;
  std::uint64_t size_ = 0;
  int file_ = -1;
};

}  // namespace clary::audit
