#include "engine/notebook_volumes.h"

#include <stdexcept>

#include "process/volume_image.h"

namespace clary::engine {

using process::VolumeImage;

NotebookVolumes::NotebookVolumes(std::filesystem::path folder) : folder_(std::move(folder)) {}

std::optional<std::string> NotebookVolumes::why_not() {
  return process::why_no_volume_images();
}

std::filesystem::path NotebookVolumes::folder_of(const std::string& id) const {
  const std::filesystem::path name = id;
  if (id.empty() || id == "." || id == ".." || name.filename() != name) {
    throw std::runtime_error("'" + id + "' names no volume");
  }
  return folder_ / name;
}

std::filesystem::path NotebookVolumes::open(const std::string& id, std::uint64_t bytes,
                                            std::string_view key) {
  return VolumeImage(folder_of(id)).open(bytes, key);
}

bool NotebookVolumes::exists(const std::string& id) const {
  return VolumeImage(folder_of(id)).exists();
}

void NotebookVolumes::close(const std::string& id) {
  VolumeImage(folder_of(id)).close();
}

void NotebookVolumes::remove(const std::string& id) {
  VolumeImage(folder_of(id)).remove();
}

}  // namespace clary::engine
