// Pipe mode: channels that the workload reads from named pipes, filled from S3 while it reads.
#pragma once

#include <exception>
#include <filesystem>
#include <memory>
#include <vector>

#include "agent/input_objects.h"
#include "base/clock.h"

namespace clary::agent {

// What a Pipe channel streams: found while inputs are staged, so that a channel without data fails
// the job before it starts.
struct PipePlan {
  InputSpec input;
  std::vector<InputObject> objects;
  std::vector<ManifestLine> lines;  // of an augmented manifest, in place of objects
};

// Lists what the pipe streams. Errors as input_objects().
PipePlan plan_pipe(S3Client& client, const InputSpec& input);

// For each channel CHANNEL_0, CHANNEL_1, ... beside where its folder would be: a named pipe for
// each epoch, the next one there before the last one ends. An epoch is over when its data is, or
// when the reader closes early. Source: the developer guide, "Access Training Data", Pipe mode.
// owns: a thread for each channel; the destructor ends them, whatever they wait for. `s3` and
// `clock` outlive it. errors: StorageError when the pipes cannot be made.
class PipeChannels {
 public:
  // The first pipes are there when it returns. The folder must not be the workload's yet: it is
  // opened once and never looked up again.
  PipeChannels(std::vector<PipePlan> plans, const JobSpec& spec,
               const std::filesystem::path& opt_ml, const S3Options& s3, const Clock& clock);
  ~PipeChannels();
  PipeChannels(const PipeChannels&) = delete;
  PipeChannels& operator=(const PipeChannels&) = delete;

  int failed() const;  // readable when a channel cannot go on; its reader is kept waiting
  std::exception_ptr error() const;

 private:
  class Channel;
  struct Shared;
  std::unique_ptr<Shared> shared_;
  std::vector<std::unique_ptr<Channel>> channels_;
};

}  // namespace clary::agent
