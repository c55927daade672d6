// Whether the log still is what the server wrote: `clary audit verify`, `clary fsck`.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "audit/head.h"

namespace clary::audit {

struct Fault {
  std::string file;        // "audit-000001.jsonl"; "" when it concerns the log as a whole
  std::uint64_t line = 0;  // counts from 1; 0 with no file
  std::string what;
};

struct Verification {
  std::optional<Fault> fault;  // the first one
  // What is no damage but worth knowing: lines that kills cut off, gaps, marks of breaks that the
  // server itself found, a head without a seal.
  std::vector<std::string> notes;
  std::uint64_t records = 0, requests = 0;
  ChainPoint before, last;
};

// Reads every line. Safe beside a server that writes: lines behind the head's are taken as they
// come, and a last line without its end is left out when `live`.
// blocks. Throws StorageError when the folder cannot be read.
struct VerifyOptions {
  bool live = false;
  // A point of the chain that was written down elsewhere and must still be in the log.
  std::optional<ChainPoint> expected;
};
Verification verify(const std::filesystem::path& folder, const Seal& seal,
                    const VerifyOptions& options = {});

}  // namespace clary::audit
