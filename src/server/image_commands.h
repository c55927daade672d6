// The owner's commands about images: image-map, image-unmap, image-mappings.
#pragma once

#include "server/image_map.h"
#include "server/owner_commands.h"

namespace clary::server {

// `images` outlives the commands.
void add_image_commands(OwnerCommands& commands, ImageMap& images);

}  // namespace clary::server
