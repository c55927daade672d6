// A model server of a run: the folder of its socket, and its workload.
#pragma once

#include <filesystem>
#include <memory>

#include "agent/run_file.h"
#include "agent/workload.h"

namespace clary::agent {

// A folder for the model server's socket whose path is short enough for one (a socket's path has at
// most 107 bytes): DATA/s/<12 letters>, or below /tmp when the data folder's own path is long.
std::filesystem::path socket_folder(const std::filesystem::path& data_folder,
                                    const std::string& run_id);

// owns: the folder, on the disk.
class SocketFolder {
 public:
  // Throws StorageError when it cannot be made, or somebody else was first.
  explicit SocketFolder(const RunFile& run);
  ~SocketFolder();
  SocketFolder(const SocketFolder&) = delete;
  SocketFolder& operator=(const SocketFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path socket() const { return path_ / "sock"; }

 private:
  const std::filesystem::path path_;
};

// Sets a model server up that will listen on the folder's socket. Throws CannotLaunch.
std::unique_ptr<Workload> make_model_server(const RunFile& run, const std::filesystem::path& opt_ml,
                                            const SocketFolder& folder);

}  // namespace clary::agent
