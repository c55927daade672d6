// How many instances an account may use at once, as AWS's service quotas: "ml.m5.xlarge for
// training job usage". None is set unless the owner sets it.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "store/database.h"

namespace clary::api::sagemaker {

struct Quota {
  std::string account;  // "" for every account that has none of its own
  std::string name;     // "ml.m5.xlarge for training job usage"
  std::int64_t instances = 0;
};

// threads: any. blocks: set() and remove() until they are stored; the others not. errors:
// StorageError.
class Quotas {
 public:
  explicit Quotas(store::Database& database);
  static std::span<const store::Migration> migrations();

  // Throws std::invalid_argument on a name that no quota can have.
  void set(const Quota& quota);
  bool remove(const std::string& account, const std::string& name);  // false: there was none
  std::vector<Quota> list() const;
  bool empty() const;
  std::optional<std::int64_t> limit(const std::string& account, const std::string& name) const;

  // Held from the look at what is in use until the new use is stored, so that two requests at once
  // do not both take the last instance.
  std::unique_lock<std::mutex> hold() { return std::unique_lock(use_); }

 private:
  store::Database& database_;
  mutable std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, std::int64_t> limits_;  // guarded by mutex_
  std::mutex use_;
};

// "training job" -> "ml.m5.xlarge for training job usage".
std::string quota_name(std::string_view instance_type, std::string_view use);

}  // namespace clary::api::sagemaker
