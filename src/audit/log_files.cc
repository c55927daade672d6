#include "audit/log_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>

#include "base/errors.h"
#include "base/file_io.h"

namespace clary::audit {
namespace {

constexpr std::string_view kPrefix = "audit-", kSuffix = ".jsonl";
constexpr std::size_t kDigits = 6;

[[noreturn]] void fail(const std::filesystem::path& file, int error) {
  throw StorageError(
      file.string() + ": " + std::strerror(error),
      error == ENOSPC || error == EDQUOT ? StorageError::Kind::kFull : StorageError::Kind::kBroken);
}

std::string whole(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) fail(file, errno);
  return std::string{std::istreambuf_iterator<char>(in), {}};
}

// The end of `text` up to which whole lines reach that are records, and the last of them.
struct WholeEnd {
  std::size_t bytes = 0;
  std::optional<Record> record;
};
WholeEnd whole_end(std::string_view text) {
  std::size_t end = text.rfind('\n');
  while (end != std::string_view::npos) {
    const std::size_t before = end == 0 ? std::string_view::npos : text.rfind('\n', end - 1);
    const std::size_t begin = before == std::string_view::npos ? 0 : before + 1;
    if (auto record = read_record(text.substr(begin, end - begin))) {
      record->members = {};
      return {.bytes = end + 1, .record = std::move(record)};
    }
    end = before;
  }
  return {};
}

}  // namespace

std::filesystem::path log_file_path(const std::filesystem::path& folder, std::uint32_t number) {
  std::string digits = std::to_string(number);
  if (digits.size() < kDigits) digits.insert(0, kDigits - digits.size(), '0');
  return folder / (std::string(kPrefix) + digits + std::string(kSuffix));
}

std::vector<LogFile> log_files(const std::filesystem::path& folder) {
  std::vector<LogFile> files;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (!name.starts_with(kPrefix) || !name.ends_with(kSuffix)) continue;
    const char* begin = name.data() + kPrefix.size();
    const char* stop = name.data() + name.size() - kSuffix.size();
    std::uint32_t number = 0;
    const auto [at, bad] = std::from_chars(begin, stop, number);
    if (bad != std::errc() || at != stop || number == 0) continue;
    files.push_back({.number = number, .path = entry->path()});
  }
  if (error) throw StorageError(folder.string() + ": " + error.message());
  std::ranges::sort(files, {}, &LogFile::number);
  return files;
}

std::optional<FirstLine> first_line(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::string line;
  if (!std::getline(in, line)) return std::nullopt;
  const auto record = read_record(line);
  if (!record) return std::nullopt;
  return FirstLine{.seq = record->seq, .prev = record->prev, .at = record->at};
}

std::string read_at(const std::filesystem::path& file, std::uint64_t offset, std::uint64_t length) {
  if (length > kMaxLineBytes) return {};
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return {};
  std::string text(length, '\0');
  const ssize_t got = ::pread(fd, text.data(), length, static_cast<off_t>(offset));
  ::close(fd);
  if (got != static_cast<ssize_t>(length)) return {};
  return text;
}

LogEnd::LogEnd(std::filesystem::path folder) : folder_(std::move(folder)) {
  std::error_code error;
  std::filesystem::create_directories(folder_, error);
  if (error) throw StorageError(folder_.string() + ": " + error.message());
  std::filesystem::permissions(folder_, std::filesystem::perms::owner_all, error);
  const std::vector<LogFile> files = log_files(folder_);
  // A file that was just begun may hold no line yet: then the one before it has the last.
  for (auto file = files.rbegin(); file != files.rend() && !found_at_; ++file) {
    const std::string text = whole(file->path);
    const WholeEnd end = whole_end(text);
    if (file == files.rbegin()) torn_bytes_ = text.size() - end.bytes;
    if (!end.record) continue;
    found_ = {.seq = end.record->seq, .hash = end.record->hash};
    found_at_ = end.record->at;
  }
  open(files.empty() ? 1 : files.back().number);
  if (torn_bytes_ > 0) append("\n");
}

LogEnd::~LogEnd() {
  if (file_ >= 0) ::close(file_);
}

void LogEnd::open(std::uint32_t number) {
  const auto path = log_file_path(folder_, number);
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (file < 0) fail(path, errno);
  struct stat status{};
  if (::fstat(file, &status) != 0) {
    const int error = errno;
    ::close(file);
    fail(path, error);
  }
  if (file_ >= 0) ::close(file_);
  file_ = file;
  number_ = number;
  size_ = static_cast<std::uint64_t>(status.st_size);
  sync_folder(folder_);
}

void LogEnd::append(std::string_view lines) {
  std::size_t written = 0;
  while (written < lines.size()) {
    const ssize_t n = ::write(file_, lines.data() + written, lines.size() - written);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      const int error = n < 0 ? errno : EIO;
      // Lines are whole or absent; where even this fails the next start finds a torn one.
      [[maybe_unused]] const int cut = ::ftruncate(file_, static_cast<off_t>(size_));
      fail(log_file_path(folder_, number_), error);
    }
    written += static_cast<std::size_t>(n);
  }
  size_ += lines.size();
}

void LogEnd::sync() {
  if (::fdatasync(file_) != 0) fail(log_file_path(folder_, number_), errno);
}

int LogEnd::duplicate() const {
  const int copy = ::fcntl(file_, F_DUPFD_CLOEXEC, 0);
  if (copy < 0) fail(log_file_path(folder_, number_), errno);
  return copy;
}

void LogEnd::rotate() {
  sync();
  open(number_ + 1);
}

}  // namespace clary::audit
