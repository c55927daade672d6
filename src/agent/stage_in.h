// Bringing a run's inputs from S3 into its /opt/ml.
#pragma once

#include <atomic>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include "agent/progress.h"
#include "agent/s3_client.h"
#include "base/clock.h"
#include "base/job_spec.h"

namespace clary::agent {

// An input that cannot be used: a manifest that is none, a prefix without objects, a bad archive.
// what() is for the user, without the "ClientError: " in front.
class InputError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Where an object of a prefix goes below its channel's folder: what follows the prefix, at a slash.
// "p/train" and "p/train/" both put p/train/a/b.csv at a/b.csv; an object that is the prefix itself
// keeps its name; with "p/tr", p/train/a.csv goes to train/a.csv.
// "" for what is no file (a folder marker). Throws InputError when the path would lead out.
std::string path_below(const std::string& prefix, const std::string& key);

// An object of an input, and its path below the input's prefix.
struct InputObject {
  S3Location from;
  std::string etag;  // "" when it is not known
  std::string path;
};

// The objects of a prefix or a manifest that are this instance's share. blocks. errors: S3Failure,
// InputError, Cancelled, std::invalid_argument (the S3 URI).
std::vector<InputObject> list_objects(S3Client& client, const InputSpec& input,
                                      const JobSpec& spec);

// blocks until every input is there. `opt_ml` is the host's folder behind /opt/ml. Several objects
// are fetched at once. errors: S3Failure, InputError, BadArchive, StorageError, Cancelled.
void stage_in(const JobSpec& spec, const std::filesystem::path& opt_ml, const S3Options& s3,
              const Clock& clock, const std::atomic<bool>& cancelled, DownloadProgress& progress);

}  // namespace clary::agent
