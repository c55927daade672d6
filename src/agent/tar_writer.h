// Packing a folder as tar: what model.tar.gz is made with.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "agent/gzip.h"

namespace clary::agent {

// Writes everything below the open folder, in the order of names, as ustar with pax headers where
// names or sizes need them. Links stay links and are never followed: the files are a workload's,
// and a link could point anywhere. Sockets, devices and FIFOs are left out. Times are kept, owners
// are not. False when there was nothing to pack; then nothing was written. Throws StorageError.
bool write_tar(int folder, const ByteSink& sink);

}  // namespace clary::agent
