// One input object of a transform as the requests that are made of it.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "agent/s3_client.h"
#include "agent/stage_in.h"
#include "agent/transform/data_processing.h"
#include "agent/transform/model_client.h"

namespace clary::agent {

// A file that goes when nobody holds it any more.
class ScratchFile {
 public:
  explicit ScratchFile(std::filesystem::path path) : path_(std::move(path)) {}
  ~ScratchFile();
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  const std::filesystem::path path_;
};

// One request: what is sent, and the records it is made of where outputs are associated with them.
struct ObjectPart {
  Payload payload;
  std::vector<std::string> records;
  std::shared_ptr<ScratchFile> file;  // of a payload that is one
};

struct ObjectSource {
  S3Client& client;
  const InputObject& object;
  const TransformSpec& transform;
  const TransformLimits& limits;
  const DataProcessing& processing;
  const std::filesystem::path& scratch;
};

// Records are put together up to the payload's size, or go one by one. `take` may block, and ends
// the reading with false. The object is on the disk first: a model that takes its time must not
// hold a connection to S3. errors: S3Failure, BadRecord, BadArchive, StorageError, Cancelled.
void read_object(const ObjectSource& source, const std::function<bool(ObjectPart)>& take);

}  // namespace clary::agent
