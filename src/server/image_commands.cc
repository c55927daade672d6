#include "server/image_commands.h"

#include <stdexcept>

namespace clary::server {
namespace {

json::object map_image(ImageMap& images, const json::object& command) {
  constexpr std::size_t kLongest = 512;
  const ImageMapping mapping{string_or(command, "pattern"), string_or(command, "image")};
  for (const std::string* text : {&mapping.pattern, &mapping.image}) {
    if (text->empty() || text->size() > kLongest || text->find_first_of(" \t\n") != text->npos) {
      throw std::invalid_argument("a URI or an image has 1 to 512 characters, and no spaces");
    }
  }
  if (mapping.image.contains('*')) {
    throw std::invalid_argument("only the URI may contain *, not the image");
  }
  images.set(mapping);
  return {{"pattern", mapping.pattern}, {"image", mapping.image}};
}

json::object unmap_image(ImageMap& images, const json::object& command) {
  const std::string pattern = string_or(command, "pattern");
  if (!images.remove(pattern)) {
    throw std::invalid_argument("nothing is mapped for " + pattern + "; see `clary image list`");
  }
  return {{"pattern", pattern}};
}

json::object list_mappings(const ImageMap& images) {
  json::array list;
  for (const ImageMapping& mapping : images.list()) {
    list.push_back({{"pattern", mapping.pattern}, {"image", mapping.image}});
  }
  return {{"mappings", std::move(list)}};
}

}  // namespace

void add_image_commands(OwnerCommands& commands, ImageMap& images) {
  commands.add("image-map",
               [&images](const json::object& command) { return map_image(images, command); });
  commands.add("image-unmap",
               [&images](const json::object& command) { return unmap_image(images, command); });
  commands.add("image-mappings", [&images](const json::object&) { return list_mappings(images); });
}

}  // namespace clary::server
