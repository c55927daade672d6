#include "agent/volume.h"

#include <stdexcept>

#include "agent/kms_client.h"
#include "base/errors.h"

namespace clary::agent {
namespace {

constexpr char kLost[] =
    "the encrypted volume with the files of this run was taken away; please start it again";

}  // namespace

Volume::Volume(const RunFile& run, const S3Options& s3, const Clock& clock)
    : opt_ml_(run.opt_ml), encrypted_(run.on_encrypted_disk) {
  const std::string& key = run.spec.volume_key;
  if (!encrypted_) {
    if (!key.empty()) throw std::runtime_error("the volume cannot be encrypted on this machine");
    return;
  }
  if (!key.empty() && key != "transient") {
    process::encrypt_folder(
        opt_ml_, generate_data_key(s3, clock, key, process::kFolderKeyBytes, run.spec.arn));
  }
  if (!process::is_encrypted(opt_ml_)) throw std::runtime_error(kLost);
  errors_.emplace(opt_ml_);
}

void Volume::check() {
  if (!encrypted_) return;
  if (!process::is_encrypted(opt_ml_)) throw std::runtime_error(kLost);
  if (!errors_->none()) {
    throw StorageError("the encrypted volume could not be written", StorageError::Kind::kFull);
  }
}

}  // namespace clary::agent
