// What happens to a key by itself: its yearly rotation, and its end after the waiting period.
#pragma once

#include "engine/controllers.h"
#include "keys/key_table.h"

namespace clary::api::kms {

inline constexpr std::string_view kKeyKind = "kms-key";

store::DocumentKey controller_key(const keys::KmsKey& key);

class KeyController final : public engine::Controller {
 public:
  KeyController(keys::KeyTable& keys, const Clock& clock) : keys_(keys), clock_(clock) {}
  std::string_view kind() const override { return kKeyKind; }
  std::vector<store::DocumentKey> pending() override;
  std::optional<std::chrono::milliseconds> reconcile(const store::DocumentKey& key) override;

 private:
  keys::KeyTable& keys_;
  const Clock& clock_;
};

}  // namespace clary::api::kms
