#include "api/sagemaker/environment_images.h"

namespace clary::api::sagemaker {

std::optional<ImageWay> EnvironmentImages::find(std::string_view uri, ImageUse) {
  const std::optional<ImageName> image = parse_image(uri);
  if (!image) return std::nullopt;
  const auto* entry = environments_.for_image(image->repository, image->tag);
  if (entry == nullptr) return std::nullopt;
  auto python = environments_.python(*entry);
  if (!python) return std::nullopt;
  return ImageWay{.launch = Launch::kEnvironment, .python = *std::move(python)};
}

std::string EnvironmentImages::offer() const {
  return "the image of a framework that has an environment here (`clary env-create --list`)";
}

std::string EnvironmentImages::remedy(std::string_view uri) {
  const std::optional<ImageName> image = parse_image(uri);
  if (!image) return "";
  const auto* entry = environments_.for_image(image->repository, image->tag);
  if (entry == nullptr) return "";
  const auto python = environments_.python(*entry);
  return python ? "" : python.error();
}

}  // namespace clary::api::sagemaker
