#include "api/s3/authorize_context.h"

#include <array>
#include <charconv>
#include <chrono>

#include "api/s3/copy_source.h"
#include "api/s3/tags.h"
#include "base/text.h"

namespace clary::api::s3 {
namespace {

using Keys = identity::Context;

// Headers that are condition keys, and the keys when they are called otherwise. A header that came
// twice counts with its first value, which is also the one the operation uses.
constexpr std::array kHeaderKeys{
    std::pair{"x-amz-acl", "s3:x-amz-acl"},
    std::pair{"x-amz-content-sha256", "s3:x-amz-content-sha256"},
    std::pair{"x-amz-grant-full-control", "s3:x-amz-grant-full-control"},
    std::pair{"x-amz-grant-read", "s3:x-amz-grant-read"},
    std::pair{"x-amz-grant-read-acp", "s3:x-amz-grant-read-acp"},
    std::pair{"x-amz-grant-write", "s3:x-amz-grant-write"},
    std::pair{"x-amz-grant-write-acp", "s3:x-amz-grant-write-acp"},
    std::pair{"x-amz-metadata-directive", "s3:x-amz-metadata-directive"},
    std::pair{"x-amz-object-ownership", "s3:x-amz-object-ownership"},
    std::pair{"x-amz-server-side-encryption", "s3:x-amz-server-side-encryption"},
    std::pair{"x-amz-server-side-encryption-aws-kms-key-id",
              "s3:x-amz-server-side-encryption-aws-kms-key-id"},
    std::pair{"x-amz-server-side-encryption-customer-algorithm",
              "s3:x-amz-server-side-encryption-customer-algorithm"},
    std::pair{"x-amz-storage-class", "s3:x-amz-storage-class"},
    std::pair{"x-amz-website-redirect-location", "s3:x-amz-website-redirect-location"},
    std::pair{"x-amz-object-lock-mode", "s3:object-lock-mode"},
    std::pair{"x-amz-object-lock-retain-until-date", "s3:object-lock-retain-until-date"},
    std::pair{"x-amz-object-lock-legal-hold", "s3:object-lock-legal-hold"},
    std::pair{"if-match", "s3:if-match"},
    std::pair{"if-none-match", "s3:if-none-match"},
};

void set(Keys& keys, std::string key, std::string_view value) {
  keys.insert_or_assign(std::move(key), std::vector{std::string(value)});
}

void add_listing(Keys& keys, const json::object& input, const Wanted& wanted) {
  if (!wanted.listed_key.empty()) {
    set(keys, "s3:prefix", wanted.listed_key);
    return;
  }
  if (!wanted.key.empty()) return;
  if (const auto prefix = find_string(input, "Prefix")) set(keys, "s3:prefix", *prefix);
  if (const auto text = find_string(input, "Delimiter")) set(keys, "s3:delimiter", *text);
  if (const auto most = find_int(input, "MaxKeys")) {
    set(keys, "s3:max-keys", std::to_string(*most));
  }
}

void add_lock(Keys& keys, const json::object& input, const Call& call) {
  if (const auto* retention = find_object(input, "Retention")) {
    if (const auto mode = find_string(*retention, "Mode")) set(keys, "s3:object-lock-mode", *mode);
    if (const auto until = find_double(*retention, "RetainUntilDate")) {
      set(keys, "s3:object-lock-retain-until-date", iso8601(from_epoch_seconds(*until)));
      constexpr double kDay = 86400;
      const double left = (*until - epoch_seconds(call.now)) / kDay;
      set(keys, "s3:object-lock-remaining-retention-days",
          std::to_string(static_cast<std::int64_t>(left)));
    }
  }
  if (const auto* hold = find_object(input, "LegalHold")) {
    if (const auto status = find_string(*hold, "Status")) {
      set(keys, "s3:object-lock-legal-hold", *status);
    }
  }
}

// 20260101T000000Z
std::optional<Timestamp> basic_time(std::string_view text) {
  constexpr std::array<std::pair<std::size_t, std::size_t>, 6> kFields{
      {{0, 4}, {4, 2}, {6, 2}, {9, 2}, {11, 2}, {13, 2}}};
  if (text.size() != 16 || text[8] != 'T' || text[15] != 'Z') return std::nullopt;
  std::array<int, 6> fields{};
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const auto part = text.substr(kFields[i].first, kFields[i].second);
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), fields[i]);
    if (error != std::errc() || end != part.data() + part.size()) return std::nullopt;
  }
  const std::chrono::year_month_day day{std::chrono::year(fields[0]),
                                        std::chrono::month(static_cast<unsigned>(fields[1])),
                                        std::chrono::day(static_cast<unsigned>(fields[2]))};
  if (!day.ok()) return std::nullopt;
  return std::chrono::sys_days(day) + std::chrono::hours(fields[3]) +
         std::chrono::minutes(fields[4]) + std::chrono::seconds(fields[5]);
}

void add_signature(Keys& keys, const Call& call) {
  const auto authorization = call.request.headers.get("Authorization");
  const auto& query = call.request.query;
  if (call.account.empty()) return;
  const bool in_query = authorization.empty();
  set(keys, "s3:authtype", in_query ? "REST-QUERY-STRING" : "REST-HEADER");
  const bool version_2 = in_query && query.find("AWSAccessKeyId=") != std::string::npos;
  set(keys, "s3:signatureversion", version_2 ? "AWS" : "AWS4-HMAC-SHA256");
  if (version_2) return;
  // 20260101T000000Z, in the query of a link or in a header.
  std::string signed_at(call.request.headers.get("x-amz-date"));
  constexpr std::string_view kDate = "X-Amz-Date=";
  if (const auto at = query.find(kDate); in_query && at != std::string::npos) {
    signed_at = query.substr(at + kDate.size(), 16);
  }
  if (const auto time = basic_time(signed_at)) {
    set(keys, "s3:signatureage", std::to_string((call.now - *time).count()));
  }
}

void add_tags(Keys& keys, std::string_view key, const Tags& tags) {
  for (const auto& [name, value] : tags) {
    set(keys, to_lower(std::string(key) + name), value);
  }
}

void add_request_tags(Keys& keys, const json::object& input, const Call& call) {
  Tags tags;
  if (const auto header = call.request.headers.find("x-amz-tagging")) {
    tags = tags_of_header(*header);
  } else if (find_object(input, "Tagging") != nullptr) {
    tags = tags_of_input(input, kMaxBucketTags);
  }
  if (tags.empty()) return;
  add_tags(keys, "s3:RequestObjectTag/", tags);
  std::vector<std::string> names;
  for (const auto& [name, value] : tags) names.push_back(name);
  keys.insert_or_assign("s3:requestobjecttagkeys", std::move(names));
}

}  // namespace

void add_condition_keys(Keys& keys, const json::object& input, const Call& call,
                        const Wanted& wanted,
                        const std::function<std::shared_ptr<const objects::ObjectInfo>()>& object) {
  for (const auto& [header, key] : kHeaderKeys) {
    if (const auto value = call.request.headers.find(header)) set(keys, key, *value);
  }
  // However it was written in the header: the bucket and the key, decoded.
  if (const auto source = parse_copy_source(string_or(input, "CopySource"))) {
    set(keys, "s3:x-amz-copy-source", source->bucket.str() + "/" + source->key.str());
  }
  add_listing(keys, input, wanted);
  add_lock(keys, input, call);
  add_signature(keys, call);
  add_request_tags(keys, input, call);
  if (!wanted.version_id.empty()) set(keys, "s3:versionid", wanted.version_id);
  if (const auto* made = find_object(input, "CreateBucketConfiguration")) {
    if (const auto region = find_string(*made, "LocationConstraint")) {
      set(keys, "s3:locationconstraint", *region);
    }
  }
  if (wanted.bucket == nullptr) return;
  set(keys, "s3:resourceaccount", wanted.bucket->account);
  set(keys, "aws:resourceaccount", wanted.bucket->account);
  if (wanted.key.empty()) return;
  if (const auto info = object()) add_tags(keys, "s3:ExistingObjectTag/", info->tags);
}

}  // namespace clary::api::s3
