// Where the notebook servers that run are: written by their controller, read by whoever lets
// browsers through to them.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>

namespace clary::engine {

struct NotebookName {
  std::string account, region, name;
  friend auto operator<=>(const NotebookName&, const NotebookName&) = default;
};

struct NotebookRoute {
  std::string unix_path;  // the socket that the notebook server listens on
  std::string token;      // its own secret; sent to it with every request, never to a browser
  friend bool operator==(const NotebookRoute&, const NotebookRoute&) = default;
};

// threads: any. blocks: no.
class NotebookRoutes {
 public:
  void publish(const NotebookName& notebook, NotebookRoute route) {
    const std::lock_guard lock(mutex_);
    routes_.insert_or_assign(notebook, std::move(route));
  }
  void withdraw(const NotebookName& notebook) {
    const std::lock_guard lock(mutex_);
    routes_.erase(notebook);
  }
  std::optional<NotebookRoute> find(const NotebookName& notebook) const {
    const std::lock_guard lock(mutex_);
    const auto found = routes_.find(notebook);
    return found == routes_.end() ? std::nullopt : std::optional(found->second);
  }

 private:
  mutable std::mutex mutex_;
  std::map<NotebookName, NotebookRoute> routes_;  // guarded by mutex_
};

}  // namespace clary::engine
