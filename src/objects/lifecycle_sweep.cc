#include "objects/lifecycle_sweep.h"

#include <algorithm>

#include "base/log.h"

namespace clary::objects {
namespace {

constexpr std::size_t kPage = 1000, kBatch = 100;
// What sweeps find is due at midnight at the earliest; an hour later is soon enough.
constexpr std::chrono::seconds kLongestPause{3600};

// Decides what of a bucket is due, while its versions pass by in the order of a listing.
class Judge {
 public:
  Judge(const Lifecycle& lifecycle, Timestamp now, std::chrono::seconds day)
      : lifecycle_(lifecycle), now_(now), day_(day) {}

  void see(const ObjectInfo& info, std::vector<RemoveRequest>& due_now) {
    if (info.key != key_) {
      finish_key(due_now);
      key_ = info.key;
      noncurrent_ = 0;
    } else {
      lone_marker_.reset();
    }
    if (!info.latest) {
      see_noncurrent(info, due_now);
    } else if (info.delete_marker) {
      // Whether anything stands behind it, the next version will show.
      lone_marker_ = info;
    } else if (const auto expiry = expiry_of(lifecycle_, info, day_);
               expiry && expiry->at <= now_) {
      due_now.push_back(request_for(info, ""));
    }
  }

  void finish_key(std::vector<RemoveRequest>& due_now) {
    if (lone_marker_ && marker_is_due(*lone_marker_)) {
      due_now.push_back(request_for(*lone_marker_, lone_marker_->version_id));
    }
    lone_marker_.reset();
  }

 private:
  static RemoveRequest request_for(const ObjectInfo& info, std::string version_id) {
    RemoveRequest request{.key = info.key, .version_id = std::move(version_id)};
    request.if_sequence = info.sequence;
    request.expired = true;
    return request;
  }

  void see_noncurrent(const ObjectInfo& info, std::vector<RemoveRequest>& due_now) {
    const int newer = noncurrent_++;
    const bool is_due = std::ranges::any_of(lifecycle_.rules, [&](const LifecycleRule& rule) {
      return rule.noncurrent_days && newer >= rule.newer_noncurrent && rule.matches(info) &&
             due(info.noncurrent_since, *rule.noncurrent_days, day_) <= now_;
    });
    if (!is_due) return;
    due_now.push_back(request_for(info, info.version_id));
    due_now.back().if_noncurrent = true;
  }

  bool marker_is_due(const ObjectInfo& marker) const {
    return std::ranges::any_of(lifecycle_.rules, [&](const LifecycleRule& rule) {
      if (!rule.matches(marker)) return false;
      return rule.expire_markers ||
             (rule.expire_days && due(marker.modified, *rule.expire_days, day_) <= now_);
    });
  }

  const Lifecycle& lifecycle_;
  const Timestamp now_;
  const std::chrono::seconds day_;
  ObjectKey key_;
  int noncurrent_ = 0;
  std::optional<ObjectInfo> lone_marker_;
};

}  // namespace

void LifecycleSweep::start() {
  thread_ = std::thread([this] { run(); });
}

void LifecycleSweep::stop() {
  {
    std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  wakeup_.notify_all();
  if (thread_.joinable()) thread_.join();
}

bool LifecycleSweep::stopping() {
  std::scoped_lock lock(mutex_);
  return stopping_;
}

void LifecycleSweep::run() {
  const auto pause = std::clamp(day_ / 10, std::chrono::seconds(1), kLongestPause);
  while (!stopping()) {
    try {
      sweep();
    } catch (const std::exception& error) {
      spdlog::error("lifecycle: {}", error.what());
    }
    std::unique_lock lock(mutex_);
    wakeup_.wait_for(lock, pause, [this] { return stopping_; });
  }
}

void LifecycleSweep::sweep() {
  for (const auto& bucket : store_.all_buckets()) {
    if (stopping()) return;
    if (bucket.lifecycle) sweep_bucket(bucket);
  }
}

void LifecycleSweep::sweep_bucket(const BucketInfo& bucket) {
  sweep_versions(bucket);
  sweep_uploads(bucket);
}

void LifecycleSweep::remove(const BucketName& bucket, std::vector<RemoveRequest>& requests) {
  for (std::size_t from = 0; from < requests.size() && !stopping(); from += kBatch) {
    const auto count = std::min(kBatch, requests.size() - from);
    // What changed meanwhile or is locked stays; the next sweep looks again.
    (void)store_.remove_many(bucket, std::span(requests).subspan(from, count));
  }
  requests.clear();
}

void LifecycleSweep::sweep_versions(const BucketInfo& bucket) {
  Judge judge(*bucket.lifecycle, clock_.now(), day_);
  VersionsQuery query{bucket.name, "", "", "", "", kPage};
  std::vector<RemoveRequest> requests;
  while (!stopping()) {
    const auto page = store_.list_versions(query);
    if (!page) return;
    for (const auto& info : page->versions) judge.see(info, requests);
    if (!page->truncated) judge.finish_key(requests);
    remove(bucket.name, requests);
    if (!page->truncated) return;
    query.after_key = page->last_key;
    query.after_version = page->last_version;
  }
}

void LifecycleSweep::sweep_uploads(const BucketInfo& bucket) {
  const auto now = clock_.now();
  std::string key, upload_id;
  while (!stopping()) {
    const auto uploads = store_.uploads(bucket.name, "", key, upload_id, kPage);
    if (!uploads || uploads->empty()) return;
    // The last one of a full page shows where the next page starts: a later sweep takes it.
    for (const auto& upload : *uploads) {
      const auto expiry = expiry_of(*bucket.lifecycle, upload, day_);
      if (!expiry || expiry->at > now) continue;
      if (&upload == &uploads->back() && uploads->size() == kPage) continue;
      (void)store_.abort_upload(bucket.name, upload.key, upload.upload_id);
    }
    if (uploads->size() < kPage) return;
    key = uploads->back().key.str();
    upload_id = uploads->back().upload_id;
  }
}

}  // namespace clary::objects
