#include "api/kms/key_controller.h"

#include <algorithm>

#include "base/log.h"
#include "base/random.h"

namespace clary::api::kms {
namespace {

// A clock that is set while the server runs is noticed within that time.
constexpr std::chrono::milliseconds kLongestSleep = std::chrono::hours(1);

std::string fresh_material() {
  std::string material(keys::kDataKeyBytes, '\0');
  fill_random(std::as_writable_bytes(std::span(material)));
  return material;
}

}  // namespace

store::DocumentKey controller_key(const keys::KmsKey& key) {
  return {
      .kind = std::string(kKeyKind), .account = key.account, .region = key.region, .name = key.id};
}

std::vector<store::DocumentKey> KeyController::pending() {
  std::vector<store::DocumentKey> keys;
  for (const auto& key : keys_.all()) {
    if (key->deletion_date || key->next_rotation) keys.push_back(controller_key(*key));
  }
  return keys;
}

std::optional<std::chrono::milliseconds> KeyController::reconcile(const store::DocumentKey& key) {
  const auto found = keys_.find(key.name);
  if (found == nullptr) return std::nullopt;
  const Timestamp now = clock_.now();
  if (found->state == "PendingDeletion" && found->deletion_date) {
    if (*found->deletion_date > now) return std::min(*found->deletion_date - now, kLongestSleep);
    keys_.destroy(found->id);
    spdlog::info("{}: the waiting period is over, its material is destroyed", found->arn);
    return std::nullopt;
  }
  if (!found->rotation_enabled || !found->next_rotation) return std::nullopt;
  if (*found->next_rotation > now) return std::min(*found->next_rotation - now, kLongestSleep);
  // Disabled keys are not rotated; they are once they are enabled again.
  if (found->state != "Enabled") return kLongestSleep;
  keys_.rotate(found->id, fresh_material(), false, [&](keys::KmsKey& rotated) {
    rotated.next_rotation = now + std::chrono::days(rotated.rotation_days);
  });
  return kLongestSleep;
}

}  // namespace clary::api::kms
