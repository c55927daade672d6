// Where a file system puts new folders.
#pragma once

#include <filesystem>

namespace clary::process {

// Makes the folder when it is missing, and has ext4 put each folder made in it into a block group
// of its own choice instead of all into one (the attribute T of chattr(1)). ext4 passes by inodes
// that were freed in the last minutes, one at a time: where folders of thousands of files come and
// go in one place, each new file waits for a look at all that were removed. Other file systems have
// no such attribute, and then nothing is done. errors: none; a folder that cannot be made is found
// missing by whoever uses it.
void make_spreading_folder(const std::filesystem::path& folder);

}  // namespace clary::process
