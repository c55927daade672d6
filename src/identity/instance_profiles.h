// Instance profiles: a role's handle for machines. Tools that make roles make these with them.
#pragma once

#include <expected>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "identity/entity_table.h"

namespace clary::identity {

struct InstanceProfile {
  std::string account, name, path = "/", id, arn;
  Timestamp created;
  std::vector<std::string> role_names;  // one at most
  std::map<std::string, std::string> tags;
};

// threads: any. blocks: all. errors: StorageError. Shares the table of Users (its migrations).
class InstanceProfiles {
 public:
  InstanceProfiles(store::Database& database, const Clock& clock)
      : table_(database, clock, "instance-profile") {}

  // False: exists. Fills id, arn, created.
  [[nodiscard]] bool create(InstanceProfile& profile);
  std::optional<InstanceProfile> find(std::string_view account, std::string_view name);
  // `change` may alter roles and tags; what it throws changes nothing.
  std::optional<InstanceProfile> update(std::string_view account, std::string_view name,
                                        const std::function<void(InstanceProfile&)>& change);
  bool remove(std::string_view account, std::string_view name,
              const std::function<void(const InstanceProfile&)>& check);
  std::vector<InstanceProfile> list(std::string_view account, std::string_view path_prefix,
                                    std::string_view after, std::size_t limit);
  std::vector<InstanceProfile> of_role(std::string_view account, std::string_view role_name);
  std::size_t count(std::string_view account) { return table_.count(account); }

 private:
  EntityTable table_;
};

}  // namespace clary::identity
