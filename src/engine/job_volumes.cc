#include "engine/job_volumes.h"

#include <stdexcept>

#include "base/log.h"

namespace clary::engine {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kTransient = "transient";
// What mke2fs makes.
constexpr std::string_view kLostAndFound = "lost+found";

// The runs that have a folder there.
std::vector<fs::path> runs_on(const fs::path& place) {
  std::vector<fs::path> runs;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(place, error)) {
    if (entry.path().filename() != kLostAndFound) runs.push_back(entry.path());
  }
  return runs;
}

}  // namespace

JobVolumes::JobVolumes(fs::path folder, VolumePolicy policy)
    : folder_(fs::absolute(folder)), policy_(policy) {}

JobVolumes::~JobVolumes() {
  if (opening_.joinable()) opening_.join();
  if (disk_ && runs_on(disk_->place()).empty()) process::EncryptedDisk::close(folder_);
}

void JobVolumes::open(std::function<bool(const std::string& run)> known) {
  std::promise<void> locked;
  opening_ = std::thread([this, known = std::move(known), &locked] {
    const std::lock_guard lock(mutex_);
    locked.set_value();
    make_ready(known);
  });
  locked.get_future().get();  // whoever claims from here on waits
}

void JobVolumes::make_ready(const std::function<bool(const std::string& run)>& known) {
  if (const auto place = process::EncryptedDisk::place_of(folder_)) {
    for (const fs::path& run : runs_on(*place)) {
      if (!known(run.filename())) process::remove_encrypted(run);
    }
  }
  if (policy_ == VolumePolicy::kOff) {
    why_not_ = "the server's setting encrypt_job_volumes is off";
    const auto place = process::EncryptedDisk::place_of(folder_);
    if (place && runs_on(*place).empty()) process::EncryptedDisk::close(folder_);
    return;
  }
  try {
    if (const auto why = process::why_no_encrypted_folders()) throw std::runtime_error(*why);
    disk_.emplace(folder_);
    const fs::path probe = disk_->place() / ".probe";
    process::remove_encrypted(probe);
    fs::create_directory(probe);
    process::encrypt_folder(probe, process::random_folder_key());
    process::remove_encrypted(probe);
  } catch (const std::exception& error) {
    disk_.reset();
    why_not_ = error.what();
    spdlog::warn("the volumes of jobs {}: {}",
                 policy_ == VolumePolicy::kOn ? "cannot be encrypted, so that jobs will fail"
                                              : "are not encrypted",
                 why_not_);
  }
}

fs::path JobVolumes::make_folder(const JobSpec& spec) {
  if (!disk_->mounted()) {
    spdlog::error("the encrypted disk of this machine's jobs was unmounted; making another");
    disk_.emplace(folder_);
  }
  fs::path folder = disk_->place() / spec.id;
  const bool made = fs::create_directory(folder);
  const bool transient = spec.volume_key.empty() || spec.volume_key == kTransient;
  if (transient && (made || !process::is_encrypted(folder))) {
    process::encrypt_folder(folder, process::random_folder_key());
  }
  return folder;
}

std::optional<fs::path> JobVolumes::claim(const JobSpec& spec) {
  const std::lock_guard lock(mutex_);
  if (!disk_) {
    if (spec.volume_key.empty() && policy_ != VolumePolicy::kOn) return std::nullopt;
    throw std::runtime_error("the volume of the job cannot be encrypted: " + why_not_);
  }
  try {
    return make_folder(spec);
  } catch (const std::exception& error) {
    // As when the machine's disk was full and the kernel gave the file system up. Runs that are on
    // it keep it until they end.
    spdlog::error("{}; making another encrypted disk", error.what());
    process::EncryptedDisk::close(folder_);
    disk_.emplace(folder_);
    return make_folder(spec);
  }
}

void JobVolumes::release(const std::string& run) {
  const std::lock_guard lock(mutex_);
  if (const auto place = process::EncryptedDisk::place_of(folder_)) {
    process::remove_encrypted(*place / run);
  }
}

}  // namespace clary::engine
