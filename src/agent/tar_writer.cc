#include "agent/tar_writer.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <vector>

#include "base/errors.h"
#include "process/file_descriptor.h"

namespace clary::agent {
namespace {

using process::FileDescriptor;

constexpr std::size_t kBlock = 512;
constexpr std::uint64_t kLargestUstar = 077777777777;  // 8 GiB - 1
constexpr int kDeepest = 200;

[[noreturn]] void broken(const std::string& path) {
  throw StorageError("packing " + path + ": " + strerror(errno));
}

struct Member {
  std::string path;
  char type = '0';
  unsigned mode = 0644;
  std::uint64_t size = 0;
  std::int64_t time = 0;
  std::string link;
};

void put_octal(std::string& block, std::size_t at, std::size_t size, std::uint64_t value) {
  std::array<char, 24> digits;
  const int length =
      std::snprintf(digits.data(), digits.size(), "%0*llo", static_cast<int>(size - 1),
                    static_cast<unsigned long long>(value));
  block.replace(at, static_cast<std::size_t>(length), digits.data(),
                static_cast<std::size_t>(length));
}

std::string ustar_block(const Member& member) {
  std::string block(kBlock, '\0');
  const auto put = [&](std::size_t at, std::size_t size, std::string_view text) {
    text = text.substr(0, size);
    block.replace(at, text.size(), text);
  };
  put(0, 100, member.path);
  put_octal(block, 100, 8, member.mode & 0777U);
  put_octal(block, 108, 8, 0);
  put_octal(block, 116, 8, 0);
  put_octal(block, 124, 12, std::min(member.size, kLargestUstar));
  put_octal(block, 136, 12, static_cast<std::uint64_t>(std::max<std::int64_t>(0, member.time)));
  block[156] = member.type;
  put(157, 100, member.link);
  put(257, 8, std::string_view("ustar\00000", 8));
  put(148, 8, "        ");
  std::uint64_t sum = 0;
  for (const char c : block) sum += static_cast<unsigned char>(c);
  put_octal(block, 148, 7, sum);
  return block;
}

// "LENGTH KEY=VALUE\n", where LENGTH counts itself.
std::string pax_record(std::string_view key, std::string_view value) {
  const std::size_t body = key.size() + value.size() + 3;
  std::size_t length = body + 1;
  while (std::to_string(length).size() + body != length) ++length;
  return std::to_string(length) + " " + std::string(key) + "=" + std::string(value) + "\n";
}

class Writer {
 public:
  explicit Writer(const ByteSink& sink) : sink_(sink) {}

  void header(const Member& member) {
    any_ = true;
    std::string records;
    if (member.path.size() > 100) records += pax_record("path", member.path);
    if (member.link.size() > 100) records += pax_record("linkpath", member.link);
    if (member.size > kLargestUstar) records += pax_record("size", std::to_string(member.size));
    if (!records.empty()) {
      Member pax;
      pax.path = "PaxHeaders/" + member.path.substr(0, 80);
      pax.type = 'x';
      pax.size = records.size();
      sink_(ustar_block(pax));
      sink_(records);
      pad(records.size());
    }
    sink_(ustar_block(member));
  }

  void pad(std::uint64_t size) {
    const std::size_t rest = size % kBlock;
    if (rest != 0) sink_(std::string(kBlock - rest, '\0'));
  }

  void finish() {
    if (any_) sink_(std::string(2 * kBlock, '\0'));
  }
  bool any() const { return any_; }

  void file(int file, const Member& member) {
    header(member);
    if (buffer_.empty()) buffer_.resize(256 * 1024);
    std::uint64_t left = member.size;
    while (left > 0) {
      const std::size_t wanted =
          static_cast<std::size_t>(std::min<std::uint64_t>(left, buffer_.size()));
      const ssize_t size = read(file, buffer_.data(), wanted);
      if (size < 0) broken(member.path);
      if (size == 0) throw StorageError("packing " + member.path + ": it became shorter");
      sink_(std::string_view(buffer_.data(), static_cast<std::size_t>(size)));
      left -= static_cast<std::uint64_t>(size);
    }
    pad(member.size);
  }

 private:
  const ByteSink& sink_;
  std::vector<char> buffer_;
  bool any_ = false;
};

std::vector<std::string> names_in(int folder, const std::string& path) {
  // fdopendir takes the descriptor over.
  DIR* stream = fdopendir(openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (stream == nullptr) broken(path);
  std::vector<std::string> names;
  while (const dirent* entry = readdir(stream)) {
    const std::string_view name(entry->d_name);
    if (name != "." && name != "..") names.emplace_back(name);
  }
  closedir(stream);
  std::sort(names.begin(), names.end());
  return names;
}

void add_tree(int folder, const std::string& prefix, int depth, Writer& writer) {
  if (depth > kDeepest) throw StorageError("packing " + prefix + ": folders are nested too deep");
  for (const std::string& name : names_in(folder, prefix)) {
    Member member;
    member.path = prefix + name;
    struct stat status = {};
    if (fstatat(folder, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) broken(member.path);
    member.mode = status.st_mode;
    member.time = status.st_mtime;
    if (S_ISLNK(status.st_mode)) {
      std::array<char, 4096> target;
      const ssize_t size = readlinkat(folder, name.c_str(), target.data(), target.size());
      if (size < 0) broken(member.path);
      member.type = '2';
      member.link.assign(target.data(), static_cast<std::size_t>(size));
      writer.header(member);
    } else if (S_ISDIR(status.st_mode)) {
      const FileDescriptor child(
          openat(folder, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
      if (!child) broken(member.path);
      member.type = '5';
      member.path += "/";
      writer.header(member);
      add_tree(child.get(), member.path, depth + 1, writer);
    } else if (S_ISREG(status.st_mode)) {
      const FileDescriptor file(
          openat(folder, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
      if (!file || fstat(file.get(), &status) != 0) broken(member.path);
      if (!S_ISREG(status.st_mode)) continue;
      member.size = static_cast<std::uint64_t>(status.st_size);
      writer.file(file.get(), member);
    }
  }
}

}  // namespace

bool write_tar(std::span<const int> folders, const ByteSink& sink) {
  Writer writer(sink);
  for (const int folder : folders) add_tree(folder, "", 0, writer);
  writer.finish();
  return writer.any();
}

}  // namespace clary::agent
