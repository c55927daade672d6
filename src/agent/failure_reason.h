// The words of FailureReason. Source of the forms: the developer guide, "How Amazon SageMaker
// Signals Algorithm Success and Failure", and the reasons its container toolkit produces.
#pragma once

#include <exception>
#include <string>

#include "process/spawn.h"

namespace clary::agent {

// DescribeTrainingJob shows at most so many characters.
inline constexpr std::size_t kLongestReason = 1024;

struct EndedWorkload {
  process::Exit exit;
  std::string failure;     // what it wrote to /opt/ml/output/failure
  std::string last_error;  // its last line of standard error
  bool out_of_memory = false;
  std::uint64_t memory_limit = 0;
};

// "AlgorithmError: TEXT, exit code: 1"; a prefix that the algorithm wrote itself is kept.
std::string reason_of(const EndedWorkload& ended);

// For what was thrown while inputs were fetched ("Data download failed") or outputs were taken away
// ("Artifact upload failed").
std::string reason_of(std::exception_ptr error, const std::string& during);

}  // namespace clary::agent
