// Taking what a run made to S3.
#pragma once

#include <atomic>
#include <filesystem>
#include <vector>

#include "agent/output_files.h"
#include "agent/progress.h"
#include "agent/s3_client.h"
#include "base/job_spec.h"

namespace clary::agent {

// Which outputs a run is entitled to: one that was stopped has a model if it wrote one; one that
// failed keeps its output data but has no model.
enum class Keep { kAll, kWhatIsThere, kWithoutModel };

struct StageOut {
  Keep keep = Keep::kAll;
  std::vector<OutputFiles> uploaded{};  // what went up while it ran, for each output
  UploadProgress* progress = nullptr;
  // Of several instances the first packs for all ("How Amazon SageMaker AI Processes Training
  // Output": SageMaker aggregates them into one archive). Plain files each takes to S3 itself.
  enum class Archives { kPack, kSkip } archives = Archives::kPack;
  std::vector<std::filesystem::path> others{};  // behind /opt/ml of those that are packed too
};

// Bytes of all files that stage_out would look at.
std::uint64_t bytes_to_stage_out(const JobSpec& spec, const std::filesystem::path& opt_ml);

// blocks. errors: S3Failure, StorageError, Cancelled.
void stage_out(const JobSpec& spec, const StageOut& how, const std::filesystem::path& opt_ml,
               const S3Options& s3, const Clock& clock, const std::atomic<bool>& cancelled);

}  // namespace clary::agent
