#include "agent/stage_out.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>

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

// Of its files, as long as they are; links are not followed.
std::uint64_t bytes_below(int folder) {
  DIR* stream = fdopendir(openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (stream == nullptr) return 0;
  std::uint64_t bytes = 0;
  while (const dirent* entry = readdir(stream)) {
    const std::string_view name(entry->d_name);
    struct stat status = {};
    if (name == "." || name == "..") continue;
    if (fstatat(folder, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
    if (S_ISREG(status.st_mode)) bytes += static_cast<std::uint64_t>(status.st_size);
    if (!S_ISDIR(status.st_mode)) continue;
    const FileDescriptor below(
        openat(folder, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (below) bytes += bytes_below(below.get());
  }
  closedir(stream);
  return bytes;
}

void upload_archive(S3Client& client, std::span<const int> folders, const OutputSpec& output,
                    UploadProgress* progress) {
  S3Upload upload(client, parse_s3_uri(output.s3_uri), output.kms_key);
  GzipWriter gzip([&](std::string_view bytes) { upload.write(bytes); });
  const auto take = [&](std::string_view bytes) {
    gzip.write(bytes);
    if (progress != nullptr) progress->moved(bytes.size());
  };
  if (!write_tar(folders, take)) {
    gzip.write(std::string(1024, '\0'));  // an archive without members is two zero blocks
  }
  gzip.finish();
  upload.finish();
}

// The folder of an output in each of these that has it.
std::vector<FileDescriptor> folders_of(const OutputSpec& output,
                                       const std::vector<fs::path>& opt_mls) {
  std::vector<FileDescriptor> folders;
  for (const fs::path& opt_ml : opt_mls) {
    FileDescriptor folder = open_left_behind(opt_ml, output.local_path);
    struct stat status = {};
    if (!folder || fstat(folder.get(), &status) != 0 || !S_ISDIR(status.st_mode)) continue;
    folders.push_back(std::move(folder));
  }
  return folders;
}

}  // namespace

std::uint64_t bytes_to_stage_out(const JobSpec& spec, const fs::path& opt_ml) {
  std::uint64_t bytes = 0;
  for (const OutputSpec& output : spec.outputs) {
    const FileDescriptor folder = open_left_behind(opt_ml, output.local_path);
    if (folder) bytes += bytes_below(folder.get());
  }
  return bytes;
}

void stage_out(const JobSpec& spec, const StageOut& how, const fs::path& opt_ml,
               const S3Options& s3, const Clock& clock, const std::atomic<bool>& cancelled) {
  if (spec.outputs.empty()) return;
  S3Client client(s3, clock, cancelled);
  for (std::size_t i = 0; i < spec.outputs.size(); ++i) {
    const OutputSpec& output = spec.outputs[i];
    const bool of_success = output.only_on_success || output.local_path == "/opt/ml/model";
    if (how.keep == Keep::kWithoutModel && of_success) continue;
    const bool packed = output.form == OutputSpec::Form::kTarGz;
    if (packed && how.archives == StageOut::Archives::kSkip) continue;
    std::vector<fs::path> sources{opt_ml};
    if (packed) sources.insert(sources.end(), how.others.begin(), how.others.end());
    const std::vector<FileDescriptor> opened = folders_of(output, sources);
    std::vector<int> folders;
    for (const FileDescriptor& folder : opened) folders.push_back(folder.get());
    if (folders.empty()) continue;
    const bool optional = output.only_if_not_empty || how.keep == Keep::kWhatIsThere;
    if (optional && std::ranges::all_of(folders, is_empty)) continue;
    if (packed) {
      upload_archive(client, folders, output, how.progress);
    } else {
      OutputFiles files;
      if (i < how.uploaded.size()) files = how.uploaded[i];
      if (how.progress != nullptr) {
        client.on_sent([&](std::uint64_t bytes) { how.progress->moved(bytes); });
      }
      upload_files(client, folders[0], output, Round::kAll, files);
      client.on_sent({});
    }
  }
}

}  // namespace clary::agent
