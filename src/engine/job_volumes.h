// Where the files of runs are on this machine, so that the disk holds them only encrypted.
#pragma once

#include <filesystem>
#include <functional>
#include <future>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "engine/job_spec.h"
#include "process/encrypted_disk.h"

namespace clary::engine {

// Whether the files of runs that name no key are encrypted too: kAuto where this machine can, which
// shows when it starts; kOn always, or such runs fail.
enum class VolumePolicy { kOff, kAuto, kOn };

// One encrypted disk for all runs, which outlives the server as they do; a folder for each, with a
// key of its own. threads: any. owns: the disk, until no run is on it when this goes.
class JobVolumes {
 public:
  // `folder` is the disk's.
  JobVolumes(std::filesystem::path folder, VolumePolicy policy);
  ~JobVolumes();
  JobVolumes(const JobVolumes&) = delete;
  JobVolumes& operator=(const JobVolumes&) = delete;

  // Makes the disk ready in the background, and removes from an earlier server's what belongs to no
  // run that `known` (called from another thread) knows. Says in the log what this machine cannot.
  void open(std::function<bool(const std::string& run)> known);

  // The folder of the run, empty, or as it was left by an earlier claim; encrypted unless the spec
  // names a KMS key: then the agent, which has the right to use it, does that. Nullopt: the run is
  // to use its own folder on the disk as it is. blocks: until the disk is ready. Throws
  // std::runtime_error.
  std::optional<std::filesystem::path> claim(const JobSpec& spec);
  void release(const std::string& run);

 private:
  void make_ready(const std::function<bool(const std::string& run)>& known);
  std::filesystem::path make_folder(const JobSpec& spec);

  const std::filesystem::path folder_;
  const VolumePolicy policy_;
  std::mutex mutex_;                            // held while the disk is made ready
  std::optional<process::EncryptedDisk> disk_;  // guarded by mutex_
  std::string why_not_;                         // guarded by mutex_
  std::thread opening_;
};

}  // namespace clary::engine
