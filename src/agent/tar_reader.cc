#include "agent/tar_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <vector>

#include "base/errors.h"

namespace clary::agent {
namespace {

constexpr std::size_t kBlock = 512;
constexpr std::uint64_t kMetaBytes = 1 << 20;  // of one pax or long-name entry

[[noreturn]] void refuse(const std::string& path, const std::string& why) {
  throw BadArchive("the archive's member \"" + path + "\" " + why);
}

[[noreturn]] void broken(const std::string& path) {
  const int error = errno;
  throw StorageError("unpacking " + path + ": " + strerror(error),
                     error == ENOSPC ? StorageError::Kind::kFull : StorageError::Kind::kBroken);
}

std::string_view text_field(std::string_view block, std::size_t at, std::size_t size) {
  const std::string_view field = block.substr(at, size);
  return field.substr(0, field.find('\0'));
}

// Octal, or GNU's base 256 when the first bit is set.
std::uint64_t number_field(std::string_view block, std::size_t at, std::size_t size) {
  const std::string_view field = block.substr(at, size);
  const auto first = static_cast<unsigned char>(field[0]);
  std::uint64_t value = 0;
  if ((first & 0x80) != 0) {
    for (std::size_t i = 0; i < size; ++i) {
      const auto byte = static_cast<unsigned char>(field[i]) & (i == 0 ? 0x7fU : 0xffU);
      if (value >> 55 != 0) throw BadArchive("a size in the archive is out of range");
      value = value << 8 | byte;
    }
    return value;
  }
  for (const char c : field) {
    if (c == ' ' || c == '\0') {
      if (value == 0) continue;
      break;
    }
    if (c < '0' || c > '7') throw BadArchive("no tar archive, or a damaged one");
    value = value << 3 | static_cast<std::uint64_t>(c - '0');
  }
  return value;
}

bool checksum_fits(std::string_view block) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < kBlock; ++i) {
    sum += i >= 148 && i < 156 ? ' ' : static_cast<unsigned char>(block[i]);
  }
  return sum == number_field(block, 148, 8);
}

// The components of a member's path; throws when it could lead out.
std::vector<std::string> components(const std::string& path) {
  if (path.starts_with('/')) refuse(path, "has an absolute path");
  if (path.find('\0') != std::string::npos) refuse(path, "has a NUL in its name");
  std::vector<std::string> result;
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    std::string part = path.substr(begin, end - begin);
    if (part == "..") refuse(path, "leads out of the folder (\"..\")");
    if (!part.empty() && part != ".") result.push_back(std::move(part));
    begin = end + 1;
  }
  return result;
}

// Whether a symbolic link at `path` with this target stays inside, by its text.
bool stays_inside(const std::string& path, const std::string& target) {
  if (target.empty() || target.starts_with('/')) return false;
  long depth = static_cast<long>(components(path).size()) - 1;
  for (std::size_t begin = 0; begin <= target.size();) {
    const std::size_t end = std::min(target.find('/', begin), target.size());
    const std::string part = target.substr(begin, end - begin);
    if (part == "..") {
      if (--depth < 0) return false;
    } else if (!part.empty() && part != ".") {
      ++depth;
    }
    begin = end + 1;
  }
  return true;
}

// Pax records: "LENGTH KEY=VALUE\n".
std::map<std::string, std::string> pax_records(std::string_view text) {
  std::map<std::string, std::string> records;
  while (!text.empty()) {
    std::size_t length = 0;
    const auto number = std::from_chars(text.data(), text.data() + text.size(), length);
    const auto used = static_cast<std::size_t>(number.ptr - text.data());
    if (number.ec != std::errc() || length <= used + 1 || length > text.size()) {
      throw BadArchive("damaged pax header");
    }
    const std::string_view record = text.substr(used + 1, length - used - 2);
    const auto equals = record.find('=');
    if (equals == std::string_view::npos) throw BadArchive("damaged pax header");
    records[std::string(record.substr(0, equals))] = record.substr(equals + 1);
    text.remove_prefix(length);
  }
  return records;
}

bool is_meta(char type) {
  return type == 'x' || type == 'g' || type == 'L' || type == 'K';
}

}  // namespace

TarReader::TarReader(int folder, TarLimits limits) : folder_(folder), limits_(limits) {}

void TarReader::write(std::string_view bytes) {
  any_ = any_ || !bytes.empty();
  while (!bytes.empty() && !ended_) {
    if (in_entry_) {
      const std::size_t taken =
          static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
      data(bytes.substr(0, taken));
      left_ -= taken;
      bytes.remove_prefix(taken);
      if (left_ == 0) end();
    } else if (padding_ > 0) {
      const std::size_t taken =
          static_cast<std::size_t>(std::min<std::uint64_t>(padding_, bytes.size()));
      padding_ -= taken;
      bytes.remove_prefix(taken);
    } else {
      const std::size_t taken = std::min(kBlock - block_.size(), bytes.size());
      block_.append(bytes.substr(0, taken));
      bytes.remove_prefix(taken);
      if (block_.size() < kBlock) return;
      const std::string whole = std::exchange(block_, {});
      header(whole);
    }
  }
}

void TarReader::header(std::string_view block) {
  if (block.find_first_not_of('\0') == std::string_view::npos) {
    ended_ = zero_block_;  // two of them end an archive
    zero_block_ = true;
    return;
  }
  zero_block_ = false;
  if (!checksum_fits(block)) throw BadArchive("no tar archive, or a damaged one");
  Entry entry;
  entry.path = text_field(block, 0, 100);
  entry.mode = static_cast<unsigned>(number_field(block, 100, 8));
  entry.size = number_field(block, 124, 12);
  entry.type = block[156];
  entry.link = text_field(block, 157, 100);
  if (block.substr(257, 6) == std::string_view("ustar\0", 6)) {
    const std::string_view prefix = text_field(block, 345, 155);
    if (!prefix.empty()) entry.path = std::string(prefix) + "/" + entry.path;
  }
  if (!is_meta(entry.type)) {
    if (!long_path_.empty()) entry.path = std::exchange(long_path_, {});
    if (!long_link_.empty()) entry.link = std::exchange(long_link_, {});
    if (const auto path = pax_.find("path"); path != pax_.end()) entry.path = path->second;
    if (const auto link = pax_.find("linkpath"); link != pax_.end()) entry.link = link->second;
    if (const auto size = pax_.find("size"); size != pax_.end()) {
      const std::string& text = size->second;
      const auto parsed = std::from_chars(text.data(), text.data() + text.size(), entry.size);
      if (parsed.ec != std::errc()) throw BadArchive("damaged pax header");
    }
    pax_.clear();
  }
  begin(std::move(entry));
}

process::FileDescriptor TarReader::parent_of(const std::string& path, std::string& name) const {
  std::vector<std::string> parts = components(path);
  if (parts.empty()) refuse(path, "has an empty name");
  name = parts.back();
  parts.pop_back();
  constexpr int kFolder = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  process::FileDescriptor at(openat(folder_, ".", kFolder));
  if (!at) broken(path);
  for (const std::string& part : parts) {
    process::FileDescriptor next(openat(at.get(), part.c_str(), kFolder));
    if (!next && errno == ENOENT) {
      if (mkdirat(at.get(), part.c_str(), 0755) != 0) broken(path);
      next.reset(openat(at.get(), part.c_str(), kFolder));
    }
    // ELOOP and ENOTDIR: a component is a link or a file.
    if (!next && (errno == ELOOP || errno == ENOTDIR))
      refuse(path, "goes through a link or a file");
    if (!next) broken(path);
    at = std::move(next);
  }
  return at;
}

void TarReader::make_link(const Entry& entry) {
  std::string name;
  const process::FileDescriptor parent = parent_of(entry.path, name);
  unlinkat(parent.get(), name.c_str(), 0);
  if (entry.type == '2') {
    if (!stays_inside(entry.path, entry.link)) {
      refuse(entry.path, "is a link that leads out of the folder (\"" + entry.link + "\")");
    }
    if (symlinkat(entry.link.c_str(), parent.get(), name.c_str()) != 0) broken(entry.path);
    return;
  }
  std::string target_name;
  const process::FileDescriptor target = parent_of(entry.link, target_name);
  struct stat status = {};
  if (fstatat(target.get(), target_name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0 ||
      !S_ISREG(status.st_mode)) {
    refuse(entry.path, "is a hard link to \"" + entry.link + "\", which is no file before it");
  }
  if (linkat(target.get(), target_name.c_str(), parent.get(), name.c_str(), 0) != 0) {
    broken(entry.path);
  }
}

void TarReader::begin(Entry entry) {
  if (++entries_ > limits_.entries) throw BadArchive("the archive has too many members");
  padding_ = (kBlock - entry.size % kBlock) % kBlock;
  left_ = entry.size;
  entry_ = std::move(entry);
  meta_.clear();
  std::string name;
  switch (entry_.type) {
    case 'x':
    case 'g':
    case 'L':
    case 'K':
      if (entry_.size > kMetaBytes) throw BadArchive("a header in the archive is too long");
      break;
    case '0':
    case '\0':
    case '7': {
      if (entry_.path.ends_with('/')) {  // how old tars write folders
        parent_of(entry_.path + "x", name);
        break;
      }
      if (entry_.size > limits_.bytes - std::min(limits_.bytes, bytes_)) {
        refuse(entry_.path, "is larger than the space that is left for it");
      }
      const process::FileDescriptor parent = parent_of(entry_.path, name);
      unlinkat(parent.get(), name.c_str(), 0);
      const mode_t mode = (entry_.mode & 0777U) | 0600U;
      file_.reset(openat(parent.get(), name.c_str(),
                         O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
      if (!file_) broken(entry_.path);
      break;
    }
    case '5':
      // "/" by itself is the archive's own folder, as Python's tarfile writes it for arcname="/":
      // SDK v2 packs every model so into which it puts a script.
      if (entry_.path.find_first_not_of('/') != std::string::npos) {
        parent_of(entry_.path + "/x", name);
      }
      break;
    case '1':
    case '2':
      make_link(entry_);
      left_ = padding_ = 0;  // whatever their size field says, links carry no data
      break;
    default:
      refuse(entry_.path, "is neither a file nor a folder nor a link");
  }
  in_entry_ = true;
  if (left_ == 0) end();
}

void TarReader::data(std::string_view bytes) {
  if (is_meta(entry_.type)) {
    meta_.append(bytes);
    return;
  }
  bytes_ += bytes.size();
  if (!file_) return;
  while (!bytes.empty()) {
    const ssize_t written = ::write(file_.get(), bytes.data(), bytes.size());
    if (written < 0) broken(entry_.path);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

void TarReader::end() {
  in_entry_ = false;
  file_.reset();
  if (entry_.type == 'x') {
    pax_ = pax_records(meta_);
  } else if (entry_.type == 'L') {
    long_path_ = meta_.c_str();  // up to its NUL
  } else if (entry_.type == 'K') {
    long_link_ = meta_.c_str();
  }
}

void TarReader::finish() {
  // A missing end mark is common (and harmless); a cut member is not.
  if (in_entry_ || !block_.empty() || !any_) throw BadArchive("the archive is cut short");
}

ArchiveReader::ArchiveReader(int folder, TarLimits limits)
    : tar_(folder, limits), gzip_([this](std::string_view bytes) { tar_.write(bytes); }) {}

void ArchiveReader::write(std::string_view bytes) {
  if (kind_ == Kind::kUnknown) {
    first_.append(bytes);
    if (first_.size() < 2) return;
    kind_ = first_.starts_with("\x1f\x8b") ? Kind::kGzip : Kind::kPlain;
    const std::string first = std::exchange(first_, {});
    return write(first);
  }
  if (kind_ == Kind::kGzip) {
    gzip_.write(bytes);
  } else {
    tar_.write(bytes);
  }
}

void ArchiveReader::finish() {
  if (kind_ == Kind::kGzip) gzip_.finish();
  tar_.finish();
}

}  // namespace clary::agent
