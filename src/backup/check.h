// `clary fsck`: whether a data folder is whole.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "audit/head.h"

namespace clary::backup {

struct CheckOptions {
  std::filesystem::path data_dir;
  audit::Seal seal;  // as audit::verify()
  bool contents =
      true;           // read every object's bytes; else only that they are there, with their size
  bool live = false;  // a server works in the folder
  // Removes what is safe to remove: data files that no row names, a damaged index of the audit log
  // (it is made anew). Not when `live`.
  bool repair = false;
};

struct CheckReport {
  std::vector<std::string> problems;  // what a person must look at
  std::vector<std::string> notes;     // what is worth knowing
  std::vector<std::string> repaired;
  std::uint64_t objects = 0, files = 0, bytes_read = 0, audit_records = 0;
};

// Changes nothing unless `repair`. blocks. Throws only when the folder cannot be read at all.
CheckReport check_folder(const CheckOptions& options);

}  // namespace clary::backup
