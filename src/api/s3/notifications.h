// Event notifications: what a bucket says to whom when its objects change.
// Source: "Amazon S3 Event Notifications" and "Event message structure", Amazon S3 user guide.
//
// A configuration names a topic, a queue or a function by ARN. This server has none of the three:
// the ARNs that may be named, and the URL behind each, are a setting of the server (event_targets),
// so that nobody who may configure a bucket can make the server send anything to where they like.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <set>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "objects/event_queue.h"
#include "objects/object_events.h"
#include "objects/object_store.h"

namespace clary::api::s3 {

struct NotificationRule {
  std::string id, target;
  std::vector<std::string> events;  // "s3:ObjectCreated:*"
  std::string prefix, suffix;
};

// The rules of a NotificationConfiguration. Throws ApiError InvalidArgument for what S3 refuses:
// filters it does not know, rules that overlap.
std::vector<NotificationRule> notification_rules(const json::object& configuration);
// "ObjectCreated:Put"; "" for what S3 has no event for.
std::string_view event_name(objects::ObjectEventKind kind);
bool matches(const NotificationRule& rule, std::string_view event, std::string_view key);
// The message, JSON of one record.
std::string event_message(const NotificationRule& rule, const objects::ObjectEvent& event,
                          const objects::BucketInfo& bucket);

// The observer of the store that keeps the rules of all buckets in memory and queues messages.
// threads: any. order: outlives the store's use; constructed before it.
class BucketNotifications final : public objects::ObjectEvents {
 public:
  // Beyond this many, new messages are dropped, and the log says so.
  static constexpr std::size_t kMaxQueued = 100'000;

  // `targets`: the ARNs that may be named. blocks: reads the rules of every bucket.
  BucketNotifications(objects::ObjectStore& store, const Clock& clock,
                      std::set<std::string> targets);
  ~BucketNotifications() override { store_.observe(nullptr); }

  // Throws ApiError; tells the new targets with an s3:TestEvent unless `quiet`. blocks.
  void configure(const objects::BucketInfo& bucket, json::object configuration, bool quiet);
  // As it was configured; empty for nothing.
  json::object configuration(const objects::BucketInfo& bucket);
  // A bucket of that name is new.
  void forget(const BucketName& bucket);

  // Called when messages were queued. Set once, before requests come.
  void on_queued(std::function<void()> wake) { wake_ = std::move(wake); }
  // Parts of this server that want to know of every change, after it; must not block or throw.
  void subscribe(std::function<void(const objects::ObjectEvent&)> subscriber);
  // A message has left the queue.
  void count_sent(std::size_t messages) { queued_ -= messages; }

  void record(store::Connection& connection, const objects::ObjectEvent& event) override;
  void announce(const objects::ObjectEvent& event) override;

 private:
  struct Bucket {
    objects::BucketInfo info;
    std::vector<NotificationRule> rules;
  };
  std::shared_ptr<const Bucket> rules_of(const BucketName& bucket);
  void keep(const objects::BucketInfo& bucket, std::vector<NotificationRule> rules);

  objects::ObjectStore& store_;
  const Clock& clock_;
  const std::set<std::string> targets_;
  std::function<void()> wake_;
  std::vector<std::function<void(const objects::ObjectEvent&)>> subscribers_;
  std::shared_mutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<const Bucket>> buckets_;
  std::atomic<std::size_t> queued_{0};
};

}  // namespace clary::api::s3
