// Carries out the lifecycle rules of all buckets.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "objects/lifecycle.h"
#include "objects/object_store.h"

namespace clary::objects {

// A sweep walks every version of every bucket that has rules, in pages, and removes what is due in
// small changes, each of which checks again that the version is the one that was looked at. It
// keeps no state, so the server may die at any point: the next sweep goes on. Locked versions stay.
// threads: one of its own; sweep() also from a test. order: stopped before the store goes.
class LifecycleSweep {
 public:
  // `day`: how long a rule's day is; tests make it short.
  LifecycleSweep(ObjectStore& store, const Clock& clock, std::chrono::seconds day)
      : store_(store), clock_(clock), day_(day) {}
  ~LifecycleSweep() { stop(); }
  LifecycleSweep(const LifecycleSweep&) = delete;
  LifecycleSweep& operator=(const LifecycleSweep&) = delete;

  // Sweeps now and then, several times a day. Waits for nothing.
  void start();
  void stop();

  // One sweep of everything, on the caller's thread.
  void sweep();

 private:
  void run();
  bool stopping();
  void sweep_bucket(const BucketInfo& bucket);
  void sweep_versions(const BucketInfo& bucket);
  void sweep_uploads(const BucketInfo& bucket);
  void remove(const BucketName& bucket, std::vector<RemoveRequest>& requests);

  ObjectStore& store_;
  const Clock& clock_;
  const std::chrono::seconds day_;
  std::mutex mutex_;
  std::condition_variable wakeup_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace clary::objects
