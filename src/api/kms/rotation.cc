// Rotation of symmetric keys: new material encrypts, all older material still decrypts.
#include <algorithm>

#include "api/kms/operations.h"

namespace clary::api::kms {
namespace {

using wire::ApiError;

constexpr std::ptrdiff_t kMostOnDemand = 25;

void require_rotatable(const keys::KmsKey& key) {
  if (!key.symmetric()) {
    throw ApiError("UnsupportedOperationException",
                   key.arn + " cannot be rotated: only symmetric encryption keys can.");
  }
}

std::ptrdiff_t on_demand_rotations(const keys::KmsKey& key) {
  return std::count_if(key.materials.begin(), key.materials.end(),
                       [](const keys::KeyMaterial& material) { return material.on_demand; });
}

}  // namespace

json::object enable_key_rotation(const KmsParts& parts, const json::object& input, Call& call) {
  const auto days = find_int(input, "RotationPeriodInDays");
  Ask ask{.action = "EnableKeyRotation"};
  if (days) ask.context["kms:rotationperiodindays"] = {std::to_string(*days)};
  const auto key = own_key_for(parts, input, call, std::move(ask));
  require_rotatable(*key);
  const auto changed = parts.keys.update(key->id, [&](keys::KmsKey& rotated) {
    require_enabled(rotated);
    if (days) {
      rotated.rotation_days = static_cast<int>(*days);
    } else if (!rotated.rotation_enabled) {
      rotated.rotation_days = 365;
    }
    rotated.rotation_enabled = true;
    // From the day it is enabled or changed, as KMS counts.
    rotated.next_rotation = call.now + std::chrono::days(rotated.rotation_days);
  });
  if (changed == nullptr) throw_gone(*key);
  if (parts.wake) parts.wake(*changed);
  return {};
}

json::object disable_key_rotation(const KmsParts& parts, const json::object& input, Call& call) {
  const auto key = own_key_for(parts, input, call, {.action = "DisableKeyRotation"});
  require_rotatable(*key);
  parts.keys.update(key->id, [](keys::KmsKey& rotated) {
    require_enabled(rotated);
    rotated.rotation_enabled = false;
    rotated.next_rotation.reset();
  });
  return {};
}

json::object get_key_rotation_status(const KmsParts& parts, const json::object& input, Call& call) {
  const auto key = key_for(parts, input, call, {.action = "GetKeyRotationStatus"});
  require_rotatable(*key);
  const bool enabled = key->rotation_enabled && key->state != "PendingDeletion";
  json::object output{{"KeyRotationEnabled", enabled}, {"KeyId", key->arn}};
  if (enabled) {
    output["RotationPeriodInDays"] = key->rotation_days;
    if (key->next_rotation) output["NextRotationDate"] = epoch_seconds(*key->next_rotation);
  }
  return output;
}

json::object rotate_key_on_demand(const KmsParts& parts, const json::object& input, Call& call) {
  const auto key = own_key_for(parts, input, call, {.action = "RotateKeyOnDemand"});
  require_rotatable(*key);
  const auto changed = parts.keys.rotate(
      key->id, random_bytes(keys::kDataKeyBytes), true, [](const keys::KmsKey& rotated) {
        require_enabled(rotated);
        if (on_demand_rotations(rotated) >= kMostOnDemand) {
          throw ApiError("LimitExceededException",
                         "The on-demand rotations of a key are limited to 25: " + rotated.arn);
        }
      });
  if (changed == nullptr) throw_gone(*key);
  return {{"KeyId", changed->id}};
}

json::object list_key_rotations(const KmsParts& parts, const json::object& input, Call& call) {
  const auto key = own_key_for(parts, input, call, {.action = "ListKeyRotations"});
  require_rotatable(*key);
  const bool all = string_or(input, "IncludeKeyMaterial") == "ALL_KEY_MATERIAL";
  json::array rotations;
  for (const keys::KeyMaterial& material : key->materials) {
    const bool first = material.number == key->materials.front().number;
    if (first && !all) continue;
    const bool current = &material == &key->materials.back();
    json::object one{{"KeyId", key->id},
                     {"KeyMaterialId", material.id},
                     {"KeyMaterialState", current ? "CURRENT" : "NON_CURRENT"}};
    if (!first) {
      one["RotationDate"] = epoch_seconds(material.created);
      one["RotationType"] = material.on_demand ? "ON_DEMAND" : "AUTOMATIC";
    }
    rotations.emplace_back(std::move(one));
  }
  json::object output;
  page_out(output, "Rotations", std::move(rotations), input, 100, [](const json::object& one) {
    // In the order of time: seconds of equal width.
    const auto date = find_double(one, "RotationDate").value_or(0);
    std::string text = std::to_string(static_cast<std::int64_t>(date * 1000));
    text.insert(0, 16 - std::min<std::size_t>(16, text.size()), '0');
    return text + string_or(one, "KeyMaterialId");
  });
  return output;
}

}  // namespace clary::api::kms
