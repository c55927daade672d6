// EnableKey, DisableKey, ScheduleKeyDeletion, CancelKeyDeletion.
#include "api/kms/operations.h"

namespace clary::api::kms {
namespace {

using wire::ApiError;

json::object set_state(const KmsParts& parts, const json::object& input, const Call& call,
                       std::string_view action, std::string_view state) {
  const auto key = own_key_for(parts, input, call, {.action = action});
  parts.keys.update(key->id, [&](keys::KmsKey& changed) {
    require_not_pending(changed);
    changed.state = state;
  });
  return {};
}

}  // namespace

json::object enable_key(const KmsParts& parts, const json::object& input, Call& call) {
  return set_state(parts, input, call, "EnableKey", "Enabled");
}

json::object disable_key(const KmsParts& parts, const json::object& input, Call& call) {
  return set_state(parts, input, call, "DisableKey", "Disabled");
}

json::object schedule_key_deletion(const KmsParts& parts, const json::object& input, Call& call) {
  const auto days = static_cast<int>(find_int(input, "PendingWindowInDays").value_or(30));
  Ask ask{.action = "ScheduleKeyDeletion"};
  ask.context["kms:schedulekeydeletionpendingwindowindays"] = {std::to_string(days)};
  const auto key = own_key_for(parts, input, call, std::move(ask));
  if (days < 7 || days > 30) {
    throw ApiError("ValidationException", "PendingWindowInDays must be between 7 and 30");
  }
  const auto changed = parts.keys.update(key->id, [&](keys::KmsKey& pending) {
    require_not_pending(pending);
    pending.state = "PendingDeletion";
    pending.pending_days = days;
    pending.deletion_date = call.now + std::chrono::days(days);
  });
  if (changed == nullptr) throw_gone(*key);
  if (parts.wake) parts.wake(*changed);
  return {{"KeyId", changed->arn},
          {"DeletionDate", epoch_seconds(*changed->deletion_date)},
          {"KeyState", changed->state},
          {"PendingWindowInDays", days}};
}

json::object cancel_key_deletion(const KmsParts& parts, const json::object& input, Call& call) {
  const auto key = own_key_for(parts, input, call, {.action = "CancelKeyDeletion"});
  const auto changed = parts.keys.update(key->id, [](keys::KmsKey& kept) {
    if (kept.state != "PendingDeletion") {
      throw ApiError("KMSInvalidStateException", kept.arn + " is not pending deletion.");
    }
    // Never usable at once: whoever scheduled the deletion may have meant it.
    kept.state = "Disabled";
    kept.pending_days = 0;
    kept.deletion_date.reset();
  });
  if (changed == nullptr) throw_gone(*key);
  return {{"KeyId", changed->arn}};
}

}  // namespace clary::api::kms
