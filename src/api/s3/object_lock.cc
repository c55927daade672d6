// Put- and Get- of ObjectLockConfiguration, ObjectRetention and ObjectLegalHold.
#include "api/s3/object_lock.h"

#include "api/s3/versioning.h"

namespace clary::api::s3 {

using objects::LockMode;
using objects::StoreError;
using wire::ApiError;

namespace {

constexpr std::int64_t kMaxDays = 36'500, kMaxYears = 100;

ApiError malformed() {
  return ApiError("MalformedXML",
                  "The XML you provided was not well-formed or did not validate against our "
                  "published schema",
                  400);
}

std::optional<LockMode> mode_of(std::string_view text) {
  if (text == "GOVERNANCE") return LockMode::kGovernance;
  if (text == "COMPLIANCE") return LockMode::kCompliance;
  return std::nullopt;
}

std::string_view name_of(LockMode mode) {
  return mode == LockMode::kCompliance ? "COMPLIANCE" : "GOVERNANCE";
}

// ISO 8601 with seconds, as S3 sends it in headers.
std::string date_header(Timestamp time) {
  return iso8601_ms(time);
}

ApiError invalid(std::string_view header, const std::string& value, const std::string& message) {
  ApiError error("InvalidArgument", message, 400);
  error.details()["ArgumentName"] = header;
  error.details()["ArgumentValue"] = value;
  return error;
}

void need_lock(const objects::BucketInfo& bucket) {
  if (!bucket.object_lock) {
    throw ApiError("InvalidRequest", "Bucket is missing Object Lock Configuration", 400);
  }
}

int period_of(std::int64_t value, std::int64_t most) {
  if (value >= 1 && value <= most) return static_cast<int>(value);
  if (value < 1) {
    throw ApiError("InvalidRetentionPeriod",
                   "Default retention period must be a positive integer value.", 400);
  }
  throw ApiError("InvalidRetentionPeriod", "Default retention period too large!", 400);
}

objects::DefaultRetention retention_of(const json::object& configuration) {
  const auto* rule = find_object(configuration, "Rule");
  if (rule == nullptr) return {};
  const auto* retention = find_object(*rule, "DefaultRetention");
  if (retention == nullptr) throw malformed();
  const auto mode = mode_of(string_or(*retention, "Mode"));
  const auto days = find_int(*retention, "Days");
  const auto years = find_int(*retention, "Years");
  if (!mode || days.has_value() == years.has_value()) throw malformed();
  objects::DefaultRetention result;
  result.mode = *mode;
  if (days) result.days = period_of(*days, kMaxDays);
  if (years) result.years = period_of(*years, kMaxYears);
  return result;
}

json::object put_configuration(Context& context, const json::object& input, Call& call) {
  const auto bucket = bucket_of(context, input, call);
  const auto* configuration = find_object(input, "ObjectLockConfiguration");
  if (configuration == nullptr || string_or(*configuration, "ObjectLockEnabled") != "Enabled") {
    throw malformed();
  }
  const auto outcome = context.store.set_object_lock(bucket.name, retention_of(*configuration));
  if (!outcome && outcome.error() == StoreError::kInvalidBucketState) {
    throw ApiError("InvalidBucketState",
                   "Versioning must be 'Enabled' on the bucket to apply a Object Lock "
                   "configuration",
                   409);
  }
  must(outcome, input);
  return {};
}

json::object get_configuration(Context& context, const json::object& input, Call& call) {
  const auto bucket = bucket_of(context, input, call);
  if (!bucket.object_lock) {
    ApiError error("ObjectLockConfigurationNotFoundError",
                   "Object Lock configuration does not exist for this bucket", 404);
    error.details()["BucketName"] = bucket.name.str();
    throw error;
  }
  json::object configuration{{"ObjectLockEnabled", "Enabled"}};
  if (const auto& retention = bucket.retention; retention.mode != LockMode::kNone) {
    json::object standard{{"Mode", name_of(retention.mode)}};
    if (retention.days > 0) standard["Days"] = retention.days;
    if (retention.years > 0) standard["Years"] = retention.years;
    configuration["Rule"] = json::object{{"DefaultRetention", std::move(standard)}};
  }
  return {{"ObjectLockConfiguration", std::move(configuration)}};
}

// The version a request is about, in a bucket that locks.
std::shared_ptr<const objects::ObjectInfo> version_in(Context& context, const json::object& input,
                                                      Call& call) {
  const auto bucket = bucket_of(context, input, call);
  need_lock(bucket);
  return must(context.store.head(bucket.name, key_of(input), version_of(input)), input);
}

json::object put_retention(Context& context, const json::object& input, Call& call) {
  const auto bucket = bucket_of(context, input, call);
  need_lock(bucket);
  objects::ObjectLock lock;
  const auto* retention = find_object(input, "Retention");
  const auto mode = retention != nullptr ? find_string(*retention, "Mode") : std::nullopt;
  const auto until =
      retention != nullptr ? find_double(*retention, "RetainUntilDate") : std::nullopt;
  if (mode || until) {
    const auto known = mode ? mode_of(*mode) : std::nullopt;
    if (!known || !until) throw malformed();
    lock.mode = *known;
    lock.until = from_epoch_seconds(*until);
    if (lock.until <= call.now) {
      throw ApiError("InvalidArgument", "The retain until date must be in the future!", 400);
    }
  }
  const bool bypass = find_bool(input, "BypassGovernanceRetention").value_or(false);
  must(context.store.set_retention(bucket.name, version_name(input, call), lock, bypass), input);
  return {};
}

ApiError no_lock() {
  return ApiError("NoSuchObjectLockConfiguration",
                  "The specified object does not have a ObjectLock configuration", 404);
}

json::object get_retention(Context& context, const json::object& input, Call& call) {
  const auto info = version_in(context, input, call);
  if (info->lock.mode == LockMode::kNone) throw no_lock();
  return {{"Retention", json::object{{"Mode", name_of(info->lock.mode)},
                                     {"RetainUntilDate", epoch_seconds(info->lock.until)}}}};
}

json::object put_legal_hold(Context& context, const json::object& input, Call& call) {
  const auto bucket = bucket_of(context, input, call);
  need_lock(bucket);
  const auto* hold = find_object(input, "LegalHold");
  const auto status = hold != nullptr ? string_or(*hold, "Status") : "";
  if (status != "ON" && status != "OFF") throw malformed();
  must(context.store.set_legal_hold(bucket.name, version_name(input, call), status == "ON"), input);
  return {};
}

json::object get_legal_hold(Context& context, const json::object& input, Call& call) {
  const auto info = version_in(context, input, call);
  return {{"LegalHold", json::object{{"Status", info->lock.legal_hold ? "ON" : "OFF"}}}};
}

}  // namespace

void read_lock(const json::object& input, const objects::BucketInfo& bucket, Timestamp now,
               objects::PutOptions& options) {
  const auto mode = find_string(input, "ObjectLockMode");
  const auto until = find_double(input, "ObjectLockRetainUntilDate");
  const auto hold = find_string(input, "ObjectLockLegalHoldStatus");
  if (!mode && !until && !hold) return;
  need_lock(bucket);
  if (mode.has_value() != until.has_value()) {
    throw ApiError("InvalidArgument",
                   "x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be "
                   "supplied",
                   400);
  }
  if (mode) {
    const auto known = mode_of(*mode);
    if (!known) {
      throw invalid("x-amz-object-lock-mode", std::string(*mode), "Unknown wormMode directive.");
    }
    options.lock.mode = *known;
    options.lock.until = from_epoch_seconds(*until);
    if (options.lock.until <= now) {
      throw invalid("x-amz-object-lock-retain-until-date", date_header(options.lock.until),
                    "The retain until date must be in the future!");
    }
  }
  if (hold) {
    if (*hold != "ON" && *hold != "OFF") {
      throw invalid("x-amz-object-lock-legal-hold", std::string(*hold),
                    "Legal Hold must be either of 'ON' or 'OFF'");
    }
    options.lock.legal_hold = *hold == "ON";
  }
}

void show_lock(ResponseHead& head, const objects::BucketInfo& bucket,
               const objects::ObjectInfo& info) {
  if (!bucket.object_lock) return;
  const auto& lock = info.lock;
  if (lock.mode != LockMode::kNone) {
    head.headers.emplace_back("x-amz-object-lock-mode", name_of(lock.mode));
    head.headers.emplace_back("x-amz-object-lock-retain-until-date", date_header(lock.until));
  }
  if (lock.legal_hold) head.headers.emplace_back("x-amz-object-lock-legal-hold", "ON");
}

std::vector<OperationEntry> object_lock_operations(Context& context) {
  const auto plain = [&context](auto function) {
    return [&context, function](const json::object& input, Call& call) {
      return function(context, input, call);
    };
  };
  return {
      {"PutObjectLockConfiguration", plain(put_configuration), {}},
      {"GetObjectLockConfiguration", plain(get_configuration), {}},
      {"PutObjectRetention", plain(put_retention), {}},
      {"GetObjectRetention", plain(get_retention), {}},
      {"PutObjectLegalHold", plain(put_legal_hold), {}},
      {"GetObjectLegalHold", plain(get_legal_hold), {}},
  };
}

}  // namespace clary::api::s3
