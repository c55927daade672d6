// The table behind users, groups, instance profiles and identity providers: named things of an
// account with a JSON body. Internal to identity/.
#pragma once

#include <atomic>
#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "identity/policy_holder.h"
#include "store/database.h"

namespace clary::identity {

// Why an update changed nothing.
enum class Unchanged { kAbsent, kNameTaken };

struct EntityRow {
  std::string account, name, path = "/", id, arn;
  Timestamp created;
  json::object body;
};

// threads: any. blocks: all. errors: StorageError.
class EntityTable {
 public:
  // `kind` tells the rows of one table's user from another's.
  EntityTable(store::Database& database, const Clock& clock, std::string kind)
      : database_(database), clock_(clock), kind_(std::move(kind)) {}
  static std::span<const store::Migration> migrations();

  // Sets created. Names are unique without regard to case. False: taken.
  [[nodiscard]] bool create(EntityRow& row);
  std::optional<EntityRow> find(std::string_view account, std::string_view name);
  std::optional<EntityRow> find_by_arn(std::string_view arn);
  // `change` may not alter account, id or created, nor call a store. What it throws changes
  // nothing.
  std::expected<EntityRow, Unchanged> update(std::string_view account, std::string_view name,
                                             const std::function<void(EntityRow&)>& change);
  // `check` may throw to keep it; it calls no store. False: absent.
  bool remove(std::string_view account, std::string_view name,
              const std::function<void(const EntityRow&)>& check);
  // By name.
  std::vector<EntityRow> list(std::string_view account, std::string_view path_prefix,
                              std::string_view after, std::size_t limit);
  // Those whose body has `value` in the list `member` ("$.groups").
  std::vector<EntityRow> list_having(std::string_view account, std::string_view member,
                                     std::string_view value);
  // How many, in all accounts, have `value` in the list or as the text `member`.
  std::size_t count_having(std::string_view member, std::string_view value);
  std::size_t count(std::string_view account);
  // Grows with every change that is stored. Never blocks.
  std::uint64_t changes() const { return changes_.load(std::memory_order_acquire); }

 private:
  store::Database& database_;
  const Clock& clock_;
  const std::string kind_;
  std::atomic<std::uint64_t> changes_{0};
};

// Maps and lists of text as JSON and back.
json::object object_of(const std::map<std::string, std::string>& map);
std::map<std::string, std::string> map_of(const json::object* object);
json::array array_of(const std::vector<std::string>& list);
std::vector<std::string> list_of(const json::array* array);

// What a holder's body keeps of its policies and tags.
json::object body_of(const PolicyHolder& holder);
void read_holder(PolicyHolder& holder, const EntityRow& row);

}  // namespace clary::identity
