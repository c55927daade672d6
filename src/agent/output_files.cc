#include "agent/output_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <functional>
#include <memory>
#include <vector>

#include "base/errors.h"
#include "process/file_descriptor.h"

namespace clary::agent {
namespace {

using process::FileDescriptor;

constexpr std::size_t kReadBytes = 1 << 20;
// Every level holds a file descriptor; nobody's results lie deeper, and an attack's may.
constexpr int kDeepest = 100;

std::int64_t nanoseconds(const timespec& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

FileStamp stamp_of(const struct stat& status) {
  return {status.st_dev, status.st_ino, static_cast<std::uint64_t>(status.st_size),
          nanoseconds(status.st_mtim), nanoseconds(status.st_ctim)};
}

bool is_left_out(std::string_view name) {
  return name.ends_with(".sagemaker-ignore") || name.ends_with(".sagemaker-uploading") ||
         name.ends_with(".sagemaker-uploaded");
}

// `known.changed` 0: whenever that was.
bool is_same(const FileStamp& known, FileStamp now) {
  if (known.changed == 0) now.changed = 0;
  return known == now;
}

std::vector<std::string> names_in(int folder) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(
      fdopendir(openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)), closedir);
  if (!stream) return names;
  while (const dirent* entry = readdir(stream.get())) {
    const std::string_view name(entry->d_name);
    if (name != "." && name != ".." && !is_left_out(name)) names.emplace_back(name);
  }
  return names;
}

using Visit = std::function<void(const std::string& path, int file, const FileStamp& stamp)>;

void walk(int folder, const std::string& above, int depth, const Visit& visit) {
  if (depth > kDeepest) throw StorageError("folders of the output lie too deep in each other");
  for (const std::string& name : names_in(folder)) {
    const FileDescriptor file(
        openat(folder, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    struct stat status = {};
    if (!file || fstat(file.get(), &status) != 0) continue;
    if (S_ISDIR(status.st_mode)) {
      walk(file.get(), above + name + "/", depth + 1, visit);
    } else if (S_ISREG(status.st_mode)) {
      visit(above + name, file.get(), stamp_of(status));
    }
  }
}

void upload_file(S3Client& client, int file, const S3Location& to, const std::string& kms_key) {
  S3Upload upload(client, to, kms_key);
  std::vector<char> buffer(kReadBytes);
  for (ssize_t size; (size = read(file, buffer.data(), buffer.size())) != 0;) {
    if (size < 0) throw StorageError("reading the output " + to.key);
    upload.write({buffer.data(), static_cast<std::size_t>(size)});
  }
  upload.finish();
}

}  // namespace

void upload_files(S3Client& client, int folder, const OutputSpec& output, Round round,
                  OutputFiles& files) {
  const S3Location base = parse_s3_uri(output.s3_uri);
  const std::string separator = base.key.empty() || base.key.ends_with('/') ? "" : "/";
  std::map<std::string, FileStamp> seen;
  walk(folder, "", 0, [&](const std::string& path, int file, const FileStamp& stamp) {
    seen[path] = stamp;
    const auto done = files.uploaded.find(path);
    if (done != files.uploaded.end() && is_same(done->second, stamp)) return;
    const auto before = files.seen.find(path);
    const bool rests = before != files.seen.end() && before->second == stamp;
    if (round == Round::kSettled && !rests) return;
    upload_file(client, file, {base.bucket, base.key + separator + path}, output.kms_key);
    // As it was before it was read: a change meanwhile makes it differ, and it is taken again.
    files.uploaded[path] = stamp;
  });
  files.seen = std::move(seen);
}

OutputFiles files_from_s3(int folder) {
  OutputFiles files;
  walk(folder, "", 0, [&](const std::string& path, int, const FileStamp& stamp) {
    files.uploaded[path] = stamp;
    files.uploaded[path].changed = 0;
  });
  return files;
}

}  // namespace clary::agent
