#include "objects/lifecycle.h"

#include "base/json.h"

namespace clary::objects {
namespace {

std::optional<int> days_in(const json::object* action, std::string_view member) {
  if (action == nullptr) return std::nullopt;
  const auto days = find_int(*action, member);
  return days ? std::optional(static_cast<int>(*days)) : std::nullopt;
}

void read_tag(const json::object& tag, LifecycleRule& rule) {
  rule.tags.emplace(string_or(tag, "Key"), string_or(tag, "Value"));
}

// A filter and the And inside it have the same members.
void read_filter(const json::object& filter, LifecycleRule& rule) {
  if (const auto prefix = find_string(filter, "Prefix")) rule.prefix = *prefix;
  if (const auto* tag = find_object(filter, "Tag")) read_tag(*tag, rule);
  if (const auto* tags = find_array(filter, "Tags")) {
    for (const auto& tag : *tags) read_tag(tag.as_object(), rule);
  }
  if (const auto size = find_int(filter, "ObjectSizeGreaterThan")) {
    rule.larger_than = static_cast<std::uint64_t>(*size);
  }
  if (const auto size = find_int(filter, "ObjectSizeLessThan")) {
    rule.smaller_than = static_cast<std::uint64_t>(*size);
  }
  if (const auto* both = find_object(filter, "And")) read_filter(*both, rule);
}

LifecycleRule rule_of(const json::object& text) {
  LifecycleRule rule;
  rule.id = string_or(text, "ID");
  rule.enabled = string_or(text, "Status") == "Enabled";
  read_filter(text, rule);
  if (const auto* filter = find_object(text, "Filter")) read_filter(*filter, rule);
  if (const auto* expiration = find_object(text, "Expiration")) {
    rule.expire_days = days_in(expiration, "Days");
    if (const auto date = find_double(*expiration, "Date")) {
      rule.expire_at = from_epoch_seconds(*date);
    }
    rule.expire_markers = find_bool(*expiration, "ExpiredObjectDeleteMarker").value_or(false);
  }
  const auto* noncurrent = find_object(text, "NoncurrentVersionExpiration");
  rule.noncurrent_days = days_in(noncurrent, "NoncurrentDays");
  rule.newer_noncurrent = days_in(noncurrent, "NewerNoncurrentVersions").value_or(0);
  rule.abort_days =
      days_in(find_object(text, "AbortIncompleteMultipartUpload"), "DaysAfterInitiation");
  return rule;
}

void take_earlier(std::optional<Expiry>& first, Timestamp at, const LifecycleRule& rule) {
  if (!first || at < first->at) first = Expiry{at, rule.id};
}

}  // namespace

bool LifecycleRule::matches(const ObjectInfo& info) const {
  if (!enabled || !info.key.str().starts_with(prefix)) return false;
  if (larger_than && info.size <= *larger_than) return false;
  if (smaller_than && info.size >= *smaller_than) return false;
  return std::ranges::all_of(tags, [&](const auto& tag) {
    const auto found = info.tags.find(tag.first);
    return found != info.tags.end() && found->second == tag.second;
  });
}

std::shared_ptr<const Lifecycle> read_lifecycle(std::string_view text) {
  if (text.empty()) return nullptr;
  const auto document = json::parse(text);
  auto lifecycle = std::make_shared<Lifecycle>();
  if (const auto* rules = find_array(document.as_object(), "Rules")) {
    for (const auto& rule : *rules) lifecycle->rules.push_back(rule_of(rule.as_object()));
  }
  return lifecycle;
}

Timestamp due(Timestamp from, int days, std::chrono::seconds day) {
  if (day != std::chrono::days(1)) return from + days * day;
  return std::chrono::ceil<std::chrono::days>(from + std::chrono::days(days));
}

std::optional<Expiry> expiry_of(const Lifecycle& lifecycle, const ObjectInfo& info,
                                std::chrono::seconds day) {
  std::optional<Expiry> first;
  for (const auto& rule : lifecycle.rules) {
    if (!rule.expire_days && !rule.expire_at) continue;
    if (!rule.matches(info)) continue;
    take_earlier(
        first, rule.expire_at ? *rule.expire_at : due(info.modified, *rule.expire_days, day), rule);
  }
  return first;
}

std::optional<Expiry> expiry_of(const Lifecycle& lifecycle, const UploadInfo& upload,
                                std::chrono::seconds day) {
  std::optional<Expiry> first;
  for (const auto& rule : lifecycle.rules) {
    if (!rule.enabled || !rule.abort_days) continue;
    if (!upload.key.str().starts_with(rule.prefix)) continue;
    take_earlier(first, due(upload.initiated, *rule.abort_days, day), rule);
  }
  return first;
}

}  // namespace clary::objects
