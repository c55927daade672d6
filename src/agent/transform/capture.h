// What a transform job captures for Model Monitor: manifests of what went in and what came out.
// Source: the developer guide's "Capture data from batch transform job".
#pragma once

#include <map>
#include <string>
#include <vector>

#include "agent/input_objects.h"
#include "agent/s3_client.h"
#include "base/clock.h"
#include "base/job_spec.h"

namespace clary::agent {

// threads: one. A run that is repeated writes the same keys again.
class CaptureManifests {
 public:
  // `start` says under which hour they go.
  CaptureManifests(const JobSpec& spec, Timestamp start) : spec_(spec), start_(start) {}
  // An object whose output, of this key, is complete.
  void add(const InputObject& object, const S3Location& output);
  // blocks. errors: S3Failure, Cancelled.
  void write(S3Client& client) const;

 private:
  // What the manifest's prefix is, and the keys below it.
  using Listing = std::map<std::string, std::vector<std::string>>;
  static void list(Listing& listing, const S3Location& object, const std::string& path);
  void write(S3Client& client, std::string_view folder, const Listing& listing) const;

  const JobSpec& spec_;
  const Timestamp start_;
  Listing inputs_, outputs_;
};

}  // namespace clary::agent
