#include "agent/stage_out.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <vector>

#include "agent/gzip.h"
#include "agent/opt_ml.h"
#include "agent/tar_writer.h"
#include "base/errors.h"

namespace clary::agent {
namespace {

namespace fs = std::filesystem;
using process::FileDescriptor;

bool is_empty(int folder) {
  DIR* stream = fdopendir(openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (stream == nullptr) return true;
  bool empty = true;
  while (const dirent* entry = readdir(stream)) {
    const std::string_view name(entry->d_name);
    empty = empty && (name == "." || name == "..");
  }
  closedir(stream);
  return empty;
}

void upload_archive(S3Client& client, int folder, const S3Location& to,
                    const std::string& kms_key) {
  S3Upload upload(client, to, kms_key);
  GzipWriter gzip([&](std::string_view bytes) { upload.write(bytes); });
  if (!write_tar(folder, [&](std::string_view bytes) { gzip.write(bytes); })) {
    gzip.write(std::string(1024, '\0'));  // an archive without members is two zero blocks
  }
  gzip.finish();
  upload.finish();
}

void upload_file(S3Client& client, int file, const S3Location& to, const std::string& kms_key) {
  S3Upload upload(client, to, kms_key);
  std::vector<char> buffer(1 << 20);
  for (ssize_t size; (size = read(file, buffer.data(), buffer.size())) != 0;) {
    if (size < 0) throw StorageError("reading the output " + to.key);
    upload.write({buffer.data(), static_cast<std::size_t>(size)});
  }
  upload.finish();
}

// Every regular file below the folder, each to its own key. Links are not followed.
void upload_files(S3Client& client, int folder, const S3Location& to, const std::string& kms_key) {
  DIR* stream = fdopendir(openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (stream == nullptr) return;
  std::vector<std::string> names;
  while (const dirent* entry = readdir(stream)) {
    const std::string_view name(entry->d_name);
    if (name != "." && name != "..") names.emplace_back(name);
  }
  closedir(stream);
  for (const std::string& name : names) {
    const FileDescriptor file(
        openat(folder, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    struct stat status = {};
    if (!file || fstat(file.get(), &status) != 0) continue;
    const std::string separator = to.key.empty() || to.key.ends_with('/') ? "" : "/";
    const S3Location target{to.bucket, to.key + separator + name};
    if (S_ISDIR(status.st_mode)) {
      upload_files(client, file.get(), target, kms_key);
    } else if (S_ISREG(status.st_mode)) {
      upload_file(client, file.get(), target, kms_key);
    }
  }
}

}  // namespace

void stage_out(const JobSpec& spec, Keep keep, const fs::path& opt_ml, const S3Options& s3,
               const Clock& clock, const std::atomic<bool>& cancelled) {
  if (spec.outputs.empty()) return;
  S3Client client(s3, clock, cancelled);
  for (const OutputSpec& output : spec.outputs) {
    if (keep == Keep::kWithoutModel && output.local_path == "/opt/ml/model") continue;
    const FileDescriptor folder = open_left_behind(opt_ml, output.local_path);
    struct stat status = {};
    if (!folder || fstat(folder.get(), &status) != 0 || !S_ISDIR(status.st_mode)) continue;
    const bool optional = output.only_if_not_empty || keep == Keep::kWhatIsThere;
    if (optional && is_empty(folder.get())) continue;
    const S3Location to = parse_s3_uri(output.s3_uri);
    if (output.form == OutputSpec::Form::kTarGz) {
      upload_archive(client, folder.get(), to, output.kms_key);
    } else {
      upload_files(client, folder.get(), to, output.kms_key);
    }
  }
}

}  // namespace clary::agent
