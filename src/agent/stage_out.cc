#include "agent/stage_out.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

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

}  // namespace

void stage_out(const JobSpec& spec, const StageOut& how, const fs::path& opt_ml,
               const S3Options& s3, const Clock& clock, const std::atomic<bool>& cancelled) {
  if (spec.outputs.empty()) return;
  S3Client client(s3, clock, cancelled);
  for (std::size_t i = 0; i < spec.outputs.size(); ++i) {
    const OutputSpec& output = spec.outputs[i];
    const bool of_success = output.only_on_success || output.local_path == "/opt/ml/model";
    if (how.keep == Keep::kWithoutModel && of_success) continue;
    const FileDescriptor folder = open_left_behind(opt_ml, output.local_path);
    struct stat status = {};
    if (!folder || fstat(folder.get(), &status) != 0 || !S_ISDIR(status.st_mode)) continue;
    const bool optional = output.only_if_not_empty || how.keep == Keep::kWhatIsThere;
    if (optional && is_empty(folder.get())) continue;
    if (output.form == OutputSpec::Form::kTarGz) {
      upload_archive(client, folder.get(), parse_s3_uri(output.s3_uri), output.kms_key);
    } else {
      OutputFiles files;
      if (i < how.uploaded.size()) files = how.uploaded[i];
      upload_files(client, folder.get(), output, Round::kAll, files);
    }
  }
}

}  // namespace clary::agent
