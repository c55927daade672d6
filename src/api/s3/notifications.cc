#include "api/s3/notifications.h"

#include <algorithm>
#include <array>
#include <mutex>

#include "api/s3/request.h"
#include "base/log.h"
#include "base/random.h"
#include "base/text.h"
#include "wire/api_error.h"

namespace clary::api::s3 {
namespace {

using objects::ObjectEventKind;
using wire::ApiError;

constexpr std::string_view kSetting = "notification";

struct Family {
  const char *list, *arn;
};
constexpr std::array<Family, 3> kFamilies{{{"TopicConfigurations", "TopicArn"},
                                           {"QueueConfigurations", "QueueArn"},
                                           {"LambdaFunctionConfigurations", "LambdaFunctionArn"}}};

ApiError invalid(const std::string& message) {
  return ApiError("InvalidArgument", message, 400);
}

void read_filter(const json::object& item, NotificationRule& rule) {
  const auto* filter = find_object(item, "Filter");
  const auto* key = filter == nullptr ? nullptr : find_object(*filter, "Key");
  const auto* rules = key == nullptr ? nullptr : find_array(*key, "FilterRules");
  if (rules == nullptr) return;
  bool prefix = false, suffix = false;
  for (const auto& entry : *rules) {
    const auto& object = entry.as_object();
    const auto name = to_lower(string_or(object, "Name"));
    bool& seen = name == "prefix" ? prefix : suffix;
    if (name != "prefix" && name != "suffix") {
      throw invalid("filter rule name must be either prefix or suffix");
    }
    if (std::exchange(seen, true)) {
      throw invalid("Cannot specify more than one " + name + " rule in a filter.");
    }
    (name == "prefix" ? rule.prefix : rule.suffix) = string_or(object, "Value");
  }
}

// Whether an object's event could fit both.
bool events_overlap(std::string_view a, std::string_view b) {
  const auto family = [](std::string_view event) { return event.substr(0, event.size() - 1); };
  if (a.ends_with('*') && b.starts_with(family(a))) return true;
  if (b.ends_with('*') && a.starts_with(family(b))) return true;
  return a == b;
}

bool overlap(const NotificationRule& a, const NotificationRule& b) {
  if (!a.prefix.starts_with(b.prefix) && !b.prefix.starts_with(a.prefix)) return false;
  if (!a.suffix.ends_with(b.suffix) && !b.suffix.ends_with(a.suffix)) return false;
  return std::ranges::any_of(a.events, [&](const auto& first) {
    return std::ranges::any_of(b.events,
                               [&](const auto& second) { return events_overlap(first, second); });
  });
}

// Keys in messages are encoded as in a query string.
std::string encoded_key(std::string_view key) {
  auto text = uri_encode(key, Slash::kKeep);
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text.compare(at, 3, "%20") == 0) {
      out += '+';
      at += 2;
    } else {
      out += text[at];
    }
  }
  return out;
}

std::string sequencer_text(std::uint64_t sequencer) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string text(16, '0');
  for (std::size_t at = text.size(); at-- > 0; sequencer >>= 4) text[at] = kDigits[sequencer & 15];
  return text;
}

}  // namespace

std::vector<NotificationRule> notification_rules(const json::object& configuration) {
  std::vector<NotificationRule> rules;
  for (const auto& family : kFamilies) {
    const auto* list = find_array(configuration, family.list);
    if (list == nullptr) continue;
    for (const auto& entry : *list) {
      const auto& item = entry.as_object();
      NotificationRule rule{.id = string_or(item, "Id"),
                            .target = string_or(item, family.arn),
                            .events = {},
                            .prefix = {},
                            .suffix = {}};
      if (const auto* events = find_array(item, "Events")) {
        for (const auto& event : *events) rule.events.emplace_back(event.as_string());
      }
      read_filter(item, rule);
      for (const auto& other : rules) {
        if (overlap(rule, other)) {
          throw invalid(
              "Configurations overlap. Configurations on the same bucket cannot share a common "
              "event type.");
        }
      }
      rules.push_back(std::move(rule));
    }
  }
  return rules;
}

std::string_view event_name(ObjectEventKind kind) {
  switch (kind) {
    case ObjectEventKind::kCreatedPut:
      return "ObjectCreated:Put";
    case ObjectEventKind::kCreatedPost:
      return "ObjectCreated:Post";
    case ObjectEventKind::kCreatedCopy:
      return "ObjectCreated:Copy";
    case ObjectEventKind::kCreatedMultipart:
      return "ObjectCreated:CompleteMultipartUpload";
    case ObjectEventKind::kRemoved:
      return "ObjectRemoved:Delete";
    case ObjectEventKind::kMarkerCreated:
      return "ObjectRemoved:DeleteMarkerCreated";
    case ObjectEventKind::kExpired:
      return "LifecycleExpiration:Delete";
    case ObjectEventKind::kExpiredByMarker:
      return "LifecycleExpiration:DeleteMarkerCreated";
    case ObjectEventKind::kTagged:
      return "ObjectTagging:Put";
    case ObjectEventKind::kUntagged:
      return "ObjectTagging:Delete";
    case ObjectEventKind::kAclChanged:
      return "ObjectAcl:Put";
    default:
      return "";
  }
}

bool matches(const NotificationRule& rule, std::string_view event, std::string_view key) {
  if (event.empty() || !key.starts_with(rule.prefix) || !key.ends_with(rule.suffix)) return false;
  const std::string name = "s3:" + std::string(event);
  return std::ranges::any_of(rule.events,
                             [&](const auto& wanted) { return events_overlap(wanted, name); });
}

std::string event_message(const NotificationRule& rule, const objects::ObjectEvent& event,
                          const objects::BucketInfo& bucket) {
  const auto name = event_name(event.kind);
  json::object object{{"key", encoded_key(event.key.str())},
                      {"sequencer", sequencer_text(event.sequencer)}};
  if (name.starts_with("ObjectCreated:")) object["size"] = event.size;
  if (!event.etag.empty()) object["eTag"] = event.etag;
  if (event.version_id != objects::kNullVersion) object["versionId"] = event.version_id;
  const json::object record{
      {"eventVersion", "2.3"},
      {"eventSource", "aws:s3"},
      {"awsRegion", bucket.region},
      {"eventTime", iso8601_ms(event.time)},
      {"eventName", name},
      {"userIdentity", json::object{{"principalId", event.requester.principal}}},
      {"requestParameters", json::object{{"sourceIPAddress", event.requester.source_ip}}},
      {"responseElements", json::object{{"x-amz-request-id", event.requester.request_id},
                                        {"x-amz-id-2", event.requester.request_id}}},
      {"s3", json::object{{"s3SchemaVersion", "1.0"},
                          {"configurationId", rule.id},
                          {"bucket", json::object{{"name", bucket.name.str()},
                                                  {"ownerIdentity",
                                                   json::object{{"principalId", bucket.account}}},
                                                  {"arn", "arn:aws:s3:::" + bucket.name.str()}}},
                          {"object", std::move(object)}}}};
  return json::serialize(json::object{{"Records", json::array{record}}});
}

BucketNotifications::BucketNotifications(objects::ObjectStore& store, const Clock& clock,
                                         std::set<std::string> targets)
    : store_(store), clock_(clock), targets_(std::move(targets)) {
  for (const auto& bucket : store_.all_buckets()) {
    keep(bucket, notification_rules(configuration(bucket)));
  }
  queued_ = store_.event_queue().size();
  store_.observe(this);
}

void BucketNotifications::configure(const objects::BucketInfo& bucket, json::object configuration,
                                    bool quiet) {
  for (const auto& family : kFamilies) {
    auto* list = configuration.if_contains(family.list);
    if (list == nullptr) continue;
    for (auto& item : list->as_array()) {
      if (string_or(item.as_object(), "Id").empty()) item.as_object()["Id"] = random_uuid();
    }
  }
  auto rules = notification_rules(configuration);
  std::set<std::string> named;
  for (const auto& rule : rules) {
    if (!targets_.contains(rule.target)) {
      ApiError error = invalid("Unable to validate the following destination configurations");
      error.details()["ArgumentName1"] = rule.target;
      error.details()["ArgumentValue1"] =
          "The destination is not among the event_targets of this server.";
      throw error;
    }
    named.insert(rule.target);
  }
  std::optional<std::string> text;
  if (!configuration.empty()) text = json::serialize(configuration);
  must(store_.set_bucket_config(bucket.name, kSetting, std::move(text)), {});
  keep(bucket, std::move(rules));
  if (quiet || named.empty()) return;
  const auto id = random_uuid();
  const std::string message = json::serialize(json::object{{"Service", "Amazon S3"},
                                                           {"Event", "s3:TestEvent"},
                                                           {"Time", iso8601_ms(clock_.now())},
                                                           {"Bucket", bucket.name.str()},
                                                           {"RequestId", id},
                                                           {"HostId", id}});
  for (const auto& target : named) {
    store_.event_queue().append(target, message, clock_.now());
    ++queued_;
  }
  if (wake_) wake_();
}

json::object BucketNotifications::configuration(const objects::BucketInfo& bucket) {
  const auto text = store_.bucket_config(bucket.name, kSetting);
  if (!text || !*text) return {};
  return json::parse(**text).as_object();
}

void BucketNotifications::forget(const BucketName& bucket) {
  std::lock_guard lock(mutex_);
  buckets_.erase(bucket.str());
}

void BucketNotifications::subscribe(std::function<void(const objects::ObjectEvent&)> subscriber) {
  std::lock_guard lock(mutex_);
  subscribers_.push_back(std::move(subscriber));
}

void BucketNotifications::keep(const objects::BucketInfo& bucket,
                               std::vector<NotificationRule> rules) {
  std::lock_guard lock(mutex_);
  if (rules.empty()) {
    buckets_.erase(bucket.name.str());
  } else {
    buckets_[bucket.name.str()] = std::make_shared<const Bucket>(Bucket{bucket, std::move(rules)});
  }
}

std::shared_ptr<const BucketNotifications::Bucket> BucketNotifications::rules_of(
    const BucketName& bucket) {
  std::shared_lock lock(mutex_);
  const auto found = buckets_.find(bucket.str());
  return found == buckets_.end() ? nullptr : found->second;
}

void BucketNotifications::record(store::Connection& connection, const objects::ObjectEvent& event) {
  const auto bucket = rules_of(event.bucket);
  if (!bucket) return;
  const auto name = event_name(event.kind);
  for (const auto& rule : bucket->rules) {
    if (!matches(rule, name, event.key.str())) continue;
    if (queued_ >= kMaxQueued) {
      spdlog::error("events: {} messages wait; the one of s3://{}/{} is dropped", kMaxQueued,
                    event.bucket.str(), event.key.str());
      return;
    }
    objects::EventQueue::append_within(connection, rule.target,
                                       event_message(rule, event, bucket->info), clock_.now());
    ++queued_;
  }
}

void BucketNotifications::announce(const objects::ObjectEvent& event) {
  std::vector<std::function<void(const objects::ObjectEvent&)>> subscribers;
  bool queued = false;
  {
    std::shared_lock lock(mutex_);
    queued = buckets_.contains(event.bucket.str());
    subscribers = subscribers_;
  }
  for (const auto& subscriber : subscribers) subscriber(event);
  if (queued && wake_) wake_();
}

}  // namespace clary::api::s3
