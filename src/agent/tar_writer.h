// Packing a folder as tar: what model.tar.gz is made with.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "agent/gzip.h"

namespace clary::agent {

// Writes everything below the open folders, one after the other, in the order of names, as ustar
// with pax headers where names or sizes need them. Links stay links and are never followed: the
// files are a workload's, and a link could point anywhere. Sockets, devices and FIFOs are left out.
// Times are kept, owners are not. False when there was nothing to pack; then nothing was written.
// Throws StorageError.
bool write_tar(std::span<const int> folders, const ByteSink& sink);

}  // namespace clary::agent
