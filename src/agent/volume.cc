#include "agent/volume.h"

#include "agent/kms_client.h"
#include "base/random.h"

namespace clary::agent {

void mount_volume(const RunFile& run, const S3Options& s3, const Clock& clock,
                  std::optional<process::EncryptedFolder>& volume) {
  const std::string& key = run.spec.volume_key;
  if (key.empty()) return;
  const std::string secret =
      key == "transient" ? random_hex(32) : generate_data_key(s3, clock, key, run.spec.arn);
  volume.emplace(run.folder / "ml.sealed", run.folder / "ml", secret);
}

}  // namespace clary::agent
