// KMS: keys that never leave the server, and what is done with them.
#pragma once

#include <functional>

#include "api/call.h"
#include "keys/key_table.h"

namespace clary::api {

namespace kms {
class KeyAccess;
}  // namespace kms

// What KMS works with; all of it outlives the service.
struct KmsParts {
  keys::KeyTable& keys;
  kms::KeyAccess& access;
  const Clock& clock;
  // A deletion or a rotation was scheduled.
  std::function<void(const keys::KmsKey& key)> wake;
};

// Each operation asks for the keys it names itself: who may is decided by the policy of a key that
// may be named four ways, or only by the ciphertext.
class KmsService final : public Service {
 public:
  explicit KmsService(KmsParts parts) : parts_(std::move(parts)) {}
  std::string_view model_name() const override { return "kms"; }
  std::vector<OperationEntry> operations() override;
  void authorize(const json::object&, Call&) override {}

 private:
  const KmsParts parts_;
};

}  // namespace clary::api
