// The folder behind a workload's /opt/ml, laid out as SageMaker's containers find it.
#pragma once

#include <filesystem>
#include <string>

#include "base/job_spec.h"
#include "process/file_descriptor.h"

namespace clary::agent {

// input/config with its files, input/data/<channel>, model, output/data, checkpoints, code.
// Source: the developer guide, "How Amazon SageMaker Provides Training Information".
// Throws StorageError.
void lay_out_opt_ml(const JobSpec& spec, const std::filesystem::path& opt_ml);

// The host's path of one below /opt/ml. Throws std::invalid_argument for any other.
std::filesystem::path host_path(const std::filesystem::path& opt_ml, const std::string& inside);

// Opens what the workload left at `inside` (below /opt/ml) for reading, following no link on the
// way: the workload owns the folder and could have put links to the host's files there. Empty when
// it is not there, or a link.
process::FileDescriptor open_left_behind(const std::filesystem::path& opt_ml,
                                         const std::string& inside);

// /opt/ml/output/failure, up to `limit` bytes; "" when there is none.
std::string read_failure(const std::filesystem::path& opt_ml, std::size_t limit);

// The first kilobyte of /opt/ml/output/message; "" when there is none. Throws InputError when it is
// not UTF-8. Source: the developer guide, "Save and Access Metadata Information About Your
// Processing Job".
std::string read_exit_message(const std::filesystem::path& opt_ml);

}  // namespace clary::agent
