#include "agent/continuous_upload.h"

#include <sys/stat.h>

#include <algorithm>

#include "agent/opt_ml.h"
#include "base/log.h"

namespace clary::agent {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kPause{500};
// A round over very many files must not take a processor of its own.
constexpr int kPauseForRound = 10;
constexpr milliseconds kLongestPause{60000};

bool is_continuous(const OutputSpec& output) {
  return output.continuous && output.form == OutputSpec::Form::kFiles;
}

}  // namespace

ContinuousUpload::ContinuousUpload(const JobSpec& spec, std::filesystem::path opt_ml,
                                   const S3Options& s3, const Clock& clock)
    : spec_(spec), opt_ml_(std::move(opt_ml)), s3_(s3), clock_(clock), files_(spec.outputs.size()) {
  for (std::size_t i = 0; i < spec.outputs.size(); ++i) {
    if (!is_continuous(spec.outputs[i])) continue;
    const process::FileDescriptor folder = open_left_behind(opt_ml_, spec.outputs[i].local_path);
    if (folder) files_[i] = files_from_s3(folder.get());
  }
  if (std::ranges::any_of(spec.outputs, is_continuous)) thread_ = std::thread([this] { run(); });
}

ContinuousUpload::~ContinuousUpload() {
  finish();
}

std::vector<OutputFiles> ContinuousUpload::finish() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
  return std::move(files_);
}

bool ContinuousUpload::sleep(milliseconds time) {
  std::unique_lock lock(mutex_);
  return !wake_.wait_for(lock, time, [this] { return stopping_; });
}

void ContinuousUpload::run() {
  const std::atomic<bool> never{false};
  S3Client client(s3_, clock_, never);
  milliseconds pause = kPause;
  while (sleep(pause)) {
    const auto begin = clock_.steady_now();
    try {
      upload_round(client);
    } catch (const std::exception& error) {
      // The last round tries again, and its failure is the job's.
      spdlog::warn("uploading outputs: {}", error.what());
    }
    const auto took = std::chrono::ceil<milliseconds>(clock_.steady_now() - begin);
    pause = std::clamp(took * kPauseForRound, kPause, kLongestPause);
  }
}

void ContinuousUpload::upload_round(S3Client& client) {
  for (std::size_t i = 0; i < spec_.outputs.size(); ++i) {
    const OutputSpec& output = spec_.outputs[i];
    if (!is_continuous(output)) continue;
    const process::FileDescriptor folder = open_left_behind(opt_ml_, output.local_path);
    struct stat status = {};
    if (!folder || fstat(folder.get(), &status) != 0 || !S_ISDIR(status.st_mode)) continue;
    upload_files(client, folder.get(), output, Round::kSettled, files_[i]);
  }
}

}  // namespace clary::agent
