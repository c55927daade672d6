// Images of one's own: what the owner mapped, what was pushed here, what the container runtime has.
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/sagemaker/images.h"
#include "base/clock.h"
#include "containers/runtime.h"
#include "registry/store.h"
#include "server/image_map.h"

namespace clary::server {

// An image's URI without its registry: "team/model:1" of
// "111122223333.dkr.ecr.us-east-1.amazonaws.com/team/model:1". The tag is "latest" when there is
// none; a digest is kept instead of a tag ("team/model@sha256:...").
struct ImageReference {
  std::string registry;  // "" when it names none
  std::string path;      // repository:tag or repository@digest
};
ImageReference parse_reference(std::string_view uri);

// Of the runtime's images the one that a URI means: the same URI; or, when the URI is one of ECR's,
// the same repository and tag without a registry, in this machine's or in any account's of ECR.
const containers::ImageInfo* image_of_uri(const std::vector<containers::ImageInfo>& images,
                                          std::string_view uri);

// threads: any. blocks: shortly, and only when what it knows is older than a moment.
class ContainerImages final : public api::sagemaker::ImageSource {
 public:
  ContainerImages(std::filesystem::path socket, const ImageMap& map, registry::Store& registry,
                  const Clock& clock);
  // Where agents reach this server's registry; before that, images in it are not found.
  void serve_registry_at(const std::string& url);

  std::optional<api::sagemaker::ImageWay> find(std::string_view uri,
                                               api::sagemaker::ImageUse use) override;
  std::string offer() const override;

  // Removes the containers of a run whose agent is no more. Throws containers::RuntimeError.
  void remove_container(const std::string& run_id);

 private:
  using SteadyTime = std::chrono::steady_clock::time_point;
  void refresh(std::string_view uri);
  std::optional<std::string> pushed(std::string_view uri);

  const std::filesystem::path socket_;
  const ImageMap& map_;
  registry::Store& registry_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::string host_;                           // guarded by mutex_; HOST:PORT of this server
  std::vector<containers::ImageInfo> images_;  // guarded by mutex_
  std::optional<SteadyTime> read_at_;          // guarded by mutex_
  bool answers_ = false;                       // guarded by mutex_: a runtime does
};

}  // namespace clary::server
