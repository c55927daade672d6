#include "server/container_images.h"

#include <algorithm>

#include "base/log.h"

namespace clary::server {
namespace {

using api::sagemaker::ImageUse;
using api::sagemaker::ImageWay;
using containers::ImageInfo;
using std::chrono::milliseconds;

// How long an answer holds: an image that is there seldom goes, one that is missing may have been
// built just now.
constexpr milliseconds kFoundHolds{5000};
constexpr milliseconds kMissingHolds{200};

bool is_ecr(std::string_view registry) {
  return registry.contains(".dkr.ecr.") || registry.contains(".dkr-ecr.");
}

bool is_this_machine(std::string_view registry) {
  return registry.starts_with("127.0.0.1:") || registry.starts_with("localhost");
}

bool has_name(const ImageInfo& image, auto&& matches) {
  return std::ranges::any_of(image.tags, matches) || std::ranges::any_of(image.digests, matches);
}

}  // namespace

ImageReference parse_reference(std::string_view uri) {
  ImageReference reference;
  const auto slash = uri.find('/');
  const std::string_view first = uri.substr(0, slash);
  const bool is_host = slash != std::string_view::npos &&
                       (first.contains('.') || first.contains(':') || first == "localhost");
  if (is_host) {
    reference.registry = first;
    uri.remove_prefix(slash + 1);
  }
  reference.path = uri;
  if (const auto at = uri.find('@'); at != std::string_view::npos) {
    // repository:tag@digest: the digest alone says it.
    std::string_view repository = uri.substr(0, at);
    if (const auto colon = repository.rfind(':'); colon != std::string_view::npos) {
      repository = repository.substr(0, colon);
    }
    reference.path = std::string(repository) + std::string(uri.substr(at));
  } else if (!uri.substr(std::min(uri.rfind('/') + 1, uri.size())).contains(':')) {
    reference.path += ":latest";
  }
  return reference;
}

const ImageInfo* image_of_uri(const std::vector<ImageInfo>& images, std::string_view uri) {
  const ImageReference wanted = parse_reference(uri);
  // The better it fits, the earlier: the first of these that an image's name satisfies.
  const auto same = [&](const ImageReference& name) {
    return name.path == wanted.path && name.registry == wanted.registry;
  };
  const auto local = [&](const ImageReference& name) {
    return name.path == wanted.path && (name.registry.empty() || is_this_machine(name.registry));
  };
  const auto any_account = [&](const ImageReference& name) {
    return name.path == wanted.path && is_ecr(name.registry);
  };
  const auto first = [&](auto&& matches) -> const ImageInfo* {
    const auto found = std::ranges::find_if(images, [&](const ImageInfo& image) {
      return has_name(image,
                      [&](const std::string& name) { return matches(parse_reference(name)); });
    });
    return found == images.end() ? nullptr : &*found;
  };
  if (const ImageInfo* image = first(same)) return image;
  if (!is_ecr(wanted.registry) && !wanted.registry.empty()) return nullptr;
  if (const ImageInfo* image = first(local)) return image;
  return is_ecr(wanted.registry) ? first(any_account) : nullptr;
}

ContainerImages::ContainerImages(std::filesystem::path socket, const ImageMap& map,
                                 registry::Store& registry, const Clock& clock)
    : socket_(std::move(socket)), map_(map), registry_(registry), clock_(clock) {}

void ContainerImages::serve_registry_at(const std::string& url) {
  const std::lock_guard lock(mutex_);
  const auto scheme = url.find("://");
  host_ = scheme == std::string::npos ? url : url.substr(scheme + 3);
}

// An image of this server's registry, by its digest: which image a tag means is settled when the
// job starts. With the mutex held.
std::optional<std::string> ContainerImages::pushed(std::string_view uri) {
  const ImageReference wanted = parse_reference(uri);
  const bool ours =
      wanted.registry == host_ || is_ecr(wanted.registry) || is_this_machine(wanted.registry);
  if (host_.empty() || !ours) return std::nullopt;
  const auto at = wanted.path.find('@');
  const auto end = at != std::string::npos ? at : wanted.path.rfind(':');
  const std::string repository = wanted.path.substr(0, end);
  std::string account, region;
  if (is_ecr(wanted.registry)) {
    account = wanted.registry.substr(0, wanted.registry.find('.'));
    constexpr std::size_t kRegionField = 3;
    std::string_view rest = wanted.registry;
    for (std::size_t field = 0; field < kRegionField; ++field)
      rest.remove_prefix(rest.find('.') + 1);
    region = rest.substr(0, rest.find('.'));
  }
  const auto found = registry_.look_up(account, region, repository, wanted.path.substr(end + 1));
  if (!found) return std::nullopt;
  return host_ + "/" + found->name.name + "@" + found->digest;
}

// With the mutex held.
void ContainerImages::refresh(std::string_view uri) {
  const SteadyTime now = clock_.steady_now();
  const bool found = image_of_uri(images_, uri) != nullptr;
  if (read_at_ && now - *read_at_ < (found ? kFoundHolds : kMissingHolds)) return;
  answers_ = false;
  images_.clear();
  try {
    if (const auto socket = containers::find_socket(socket_)) {
      images_ = containers::Runtime(*socket).images();
      answers_ = true;
    }
  } catch (const containers::RuntimeError& error) {
    spdlog::warn("images of the container runtime: {}", error.what());
  }
  read_at_ = clock_.steady_now();
}

std::optional<ImageWay> ContainerImages::find(std::string_view uri, ImageUse) {
  const std::optional<std::string> mapped = map_.find(uri);
  const std::string wanted = mapped.value_or(std::string(uri));
  const std::lock_guard lock(mutex_);
  if (auto reference = pushed(wanted)) {
    ImageWay way;
    way.launch = Launch::kImage;
    way.local_image = *std::move(reference);
    return way;
  }
  refresh(wanted);
  const ImageInfo* image = image_of_uri(images_, wanted);
  if (image == nullptr && mapped) {
    // What was mapped is meant, and by its id too.
    const auto by_id = std::ranges::find_if(images_, [&](const ImageInfo& each) {
      return each.id == wanted || each.id == "sha256:" + wanted;
    });
    if (by_id != images_.end()) image = &*by_id;
  }
  // A mapping to what is not there must not fall back to something else.
  if (image == nullptr && !mapped) return std::nullopt;
  ImageWay way;
  way.launch = Launch::kImage;
  way.local_image = image == nullptr ? wanted : image->id;
  return way;
}

std::string ContainerImages::offer() const {
  const std::lock_guard lock(mutex_);
  if (!answers_) {
    return "run images of your own with Docker or Podman, neither of which answers on this "
           "machine (see the setting container_socket)";
  }
  return "give the container runtime an image of that name (`docker push` to this server, `clary "
         "image load FILE.tar`, `docker build -t`), or say which of its images is meant: `clary "
         "image map URI IMAGE`";
}

void ContainerImages::remove_container(const std::string& run_id) {
  const auto socket = containers::find_socket(socket_);
  if (!socket) throw containers::RuntimeError(0, containers::kNoRuntime);
  containers::Runtime(*socket).remove("clary-" + run_id);
}

}  // namespace clary::server
