// The grammar of lifecycle rules, with S3's errors.
// Source: "Lifecycle configuration elements", Amazon S3 user guide;
// PutBucketLifecycleConfiguration, API reference.
#include <array>
#include <set>

#include "api/s3/lifecycle.h"
#include "base/random.h"

namespace clary::api::s3 {
namespace {

using wire::ApiError;

constexpr std::size_t kMaxRules = 1000, kMaxIdBytes = 255;
constexpr std::int64_t kMaxNewer = 100, kSecondsOfDay = 86'400;

[[noreturn]] void malformed() {
  throw ApiError("MalformedXML",
                 "The XML you provided was not well-formed or did not validate against our "
                 "published schema",
                 400);
}

[[noreturn]] void invalid_argument(const std::string& message) {
  throw ApiError("InvalidArgument", message, 400);
}

[[noreturn]] void invalid_request(const std::string& message) {
  throw ApiError("InvalidRequest", message, 400);
}

template <std::size_t N>
std::size_t count_of(const json::object& object, const std::array<std::string_view, N>& names) {
  return static_cast<std::size_t>(
      std::ranges::count_if(names, [&](auto name) { return object.contains(name); }));
}

void check_positive(const json::object& action, std::string_view member, const char* name) {
  const auto days = find_int(action, member);
  if (!days) malformed();
  if (*days < 1 || *days > 2147483647) {
    invalid_argument("'" + std::string(member) + "' for " + name +
                     " action must be a positive integer");
  }
}

void check_date(double date) {
  if (date != static_cast<double>(static_cast<std::int64_t>(date)) ||
      static_cast<std::int64_t>(date) % kSecondsOfDay != 0) {
    invalid_argument("'Date' must be at midnight GMT");
  }
}

void check_sizes(const json::object& filter) {
  const auto larger = find_int(filter, "ObjectSizeGreaterThan");
  const auto smaller = find_int(filter, "ObjectSizeLessThan");
  if ((larger && *larger < 0) || (smaller && *smaller < 1)) {
    invalid_request("'ObjectSizeGreaterThan' and 'ObjectSizeLessThan' must not be negative");
  }
  if (larger && smaller && *larger >= *smaller) {
    invalid_request("'ObjectSizeLessThan' has to be a value greater than 'ObjectSizeGreaterThan'.");
  }
}

void check_tag(const json::object& tag, std::set<std::string>& keys) {
  const auto key = string_or(tag, "Key");
  if (key.empty() || key.size() > 128) invalid_request("The TagKey you have provided is invalid");
  if (string_or(tag, "Value").size() > 256) {
    invalid_request("The TagValue you have provided is invalid");
  }
  if (!keys.insert(key).second) invalid_request("Duplicate Tag Keys are not allowed.");
}

// One condition, or several within And. Says whether it asks for tags or sizes.
bool check_filter(const json::object& filter) {
  constexpr std::array<std::string_view, 5> kForms{"Prefix", "Tag", "And", "ObjectSizeGreaterThan",
                                                   "ObjectSizeLessThan"};
  constexpr std::array<std::string_view, 4> kWithin{"Prefix", "Tags", "ObjectSizeGreaterThan",
                                                    "ObjectSizeLessThan"};
  if (count_of(filter, kForms) > 1) malformed();
  std::set<std::string> keys;
  if (const auto* tag = find_object(filter, "Tag")) check_tag(*tag, keys);
  check_sizes(filter);
  const auto* both = find_object(filter, "And");
  if (both == nullptr) return !filter.empty() && !filter.contains("Prefix");
  if (count_of(*both, kWithin) == 0) malformed();
  if (const auto* tags = find_array(*both, "Tags")) {
    for (const auto& tag : *tags) check_tag(tag.as_object(), keys);
  }
  check_sizes(*both);
  return !keys.empty() || both->contains("ObjectSizeGreaterThan") ||
         both->contains("ObjectSizeLessThan");
}

void check_expiration(const json::object& expiration, bool narrow) {
  constexpr std::array<std::string_view, 3> kForms{"Days", "Date", "ExpiredObjectDeleteMarker"};
  if (count_of(expiration, kForms) != 1) malformed();
  if (expiration.contains("Days")) check_positive(expiration, "Days", "Expiration");
  if (const auto date = find_double(expiration, "Date")) check_date(*date);
  if (narrow && expiration.contains("ExpiredObjectDeleteMarker")) {
    invalid_request("ExpiredObjectDeleteMarker cannot be specified with Tags.");
  }
}

void check_newer(const json::object& action) {
  const auto newer = find_int(action, "NewerNoncurrentVersions");
  if (newer && (*newer < 1 || *newer > kMaxNewer)) {
    invalid_argument("'NewerNoncurrentVersions' must be an integer between 1 and 100");
  }
}

void check_class(const json::object& transition) {
  constexpr std::array<std::string_view, 6> kClasses{
      "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE"};
  const auto name = string_or(transition, "StorageClass");
  if (std::ranges::find(kClasses, name) == kClasses.end()) malformed();
}

void check_transitions(const json::object& rule) {
  if (const auto* transitions = find_array(rule, "Transitions")) {
    for (const auto& entry : *transitions) {
      const auto& transition = entry.as_object();
      check_class(transition);
      const auto days = find_int(transition, "Days");
      const auto date = find_double(transition, "Date");
      if (days.has_value() == date.has_value()) malformed();
      if (date) check_date(*date);
      if (days && *days < 0) {
        invalid_argument("'Days' in Transition action must be nonnegative");
      }
    }
  }
  if (const auto* transitions = find_array(rule, "NoncurrentVersionTransitions")) {
    for (const auto& entry : *transitions) {
      const auto& transition = entry.as_object();
      check_class(transition);
      check_newer(transition);
      const auto days = find_int(transition, "NoncurrentDays");
      if (!days) malformed();
      if (*days < 0) {
        invalid_argument(
            "'NoncurrentDays' in NoncurrentVersionTransition action must be nonnegative");
      }
    }
  }
}

void check_rule(const json::object& rule) {
  constexpr std::array<std::string_view, 5> kActions{
      "Expiration", "Transitions", "NoncurrentVersionTransitions", "NoncurrentVersionExpiration",
      "AbortIncompleteMultipartUpload"};
  const auto status = string_or(rule, "Status");
  if (status != "Enabled" && status != "Disabled") malformed();
  const auto* filter = find_object(rule, "Filter");
  if ((filter != nullptr) == rule.contains("Prefix")) malformed();
  const bool narrow = filter != nullptr && check_filter(*filter);
  if (count_of(rule, kActions) == 0) {
    invalid_request("At least one action needs to be specified in a rule");
  }
  if (const auto* expiration = find_object(rule, "Expiration")) {
    check_expiration(*expiration, narrow);
  }
  if (const auto* noncurrent = find_object(rule, "NoncurrentVersionExpiration")) {
    check_positive(*noncurrent, "NoncurrentDays", "NoncurrentVersionExpiration");
    check_newer(*noncurrent);
  }
  if (const auto* abort = find_object(rule, "AbortIncompleteMultipartUpload")) {
    check_positive(*abort, "DaysAfterInitiation", "AbortIncompleteMultipartUpload");
    if (narrow) invalid_request("AbortIncompleteMultipartUpload cannot be specified with Tags.");
  }
  check_transitions(rule);
}

}  // namespace

void check_lifecycle_rules(json::array& rules) {
  if (rules.empty() || rules.size() > kMaxRules) malformed();
  std::set<std::string> ids;
  for (auto& entry : rules) {
    auto& rule = entry.as_object();
    auto id = string_or(rule, "ID");
    if (id.size() > kMaxIdBytes) {
      invalid_argument("ID length should not exceed allowed limit of 255");
    }
    if (id.empty()) {
      constexpr std::size_t kIdBytes = 24;
      id = random_hex(kIdBytes);
      rule["ID"] = id;
    }
    if (!ids.insert(id).second) {
      invalid_argument("Rule ID must be unique. Found same ID for more than one rule");
    }
    check_rule(rule);
  }
}

}  // namespace clary::api::s3
