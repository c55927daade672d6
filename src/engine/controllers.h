// Controllers bring resources to their goals, level-triggered: reconcile(key) reads the stored
// document, looks at the world, takes one idempotent step, and says when to be called again.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "store/documents.h"

namespace clary::engine {

class Controller {
 public:
  virtual ~Controller() = default;
  virtual std::string_view kind() const = 0;  // document kind it is responsible for
  // Keys to look at when the server starts.
  virtual std::vector<store::DocumentKey> pending() = 0;
  // Never runs twice at once for one key. blocks: shortly. Nullopt: nothing more until enqueued.
  virtual std::optional<std::chrono::milliseconds> reconcile(const store::DocumentKey& key) = 0;
};

// The work queue: keys waiting, each at most once; failures retried with growing delay.
// threads: enqueue from any. order: stop() before the controllers are destroyed.
class Controllers {
 public:
  Controllers(const Clock& clock, unsigned threads);
  ~Controllers();
  void add(Controller& controller);  // before start(); not owned
  void start();                      // enqueues every pending() key
  void stop();                       // waits for reconciles under way
  void enqueue(const store::DocumentKey& key, std::chrono::milliseconds delay = {});
  // For tests that moved the clock: what is due now runs now.
  void look_at_clock();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace clary::engine
