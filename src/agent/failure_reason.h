// The words of FailureReason: what happened, and what to do next. Source of the forms: the
// developer guide, "How Amazon SageMaker Signals Algorithm Success and Failure", and the reasons
// its container toolkit produces.
#pragma once

#include <exception>
#include <optional>
#include <string>

#include "base/job_spec.h"
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
  std::uint64_t volume_bytes = 0;
  std::string instance_type{};  // "ml.m5.large"; "" when the run has none
};

// The type in the run's resourceconfig.json; "" when it has none.
std::string instance_type_of(const JobSpec& spec);
// The next size of the same family; nullopt where sizes differ between families.
std::optional<std::string> larger_instance_type(const std::string& type);

// "AlgorithmError: TEXT, exit code: 1"; a prefix that the algorithm wrote itself is kept.
std::string reason_of(const EndedWorkload& ended);

// For what was thrown while inputs were fetched ("Data download failed") or outputs were taken away
// ("Artifact upload failed").
std::string reason_of(std::exception_ptr error, const std::string& during);

}  // namespace clary::agent
