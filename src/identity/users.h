// Users and groups of an account, as IAM shows them.
#pragma once

#include <expected>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "identity/entity_table.h"
#include "identity/policy_holder.h"

namespace clary::identity {

struct User : PolicyHolder {
  std::vector<std::string> group_ids;
};

struct Group : PolicyHolder {};

// threads: any. blocks: all. errors: StorageError.
class Users {
 public:
  Users(store::Database& database, const Clock& clock) : table_(database, clock, "user") {}
  static std::span<const store::Migration> migrations() { return EntityTable::migrations(); }

  // Names are unique without regard to case. False: exists. Fills id, arn, created.
  [[nodiscard]] bool create(User& user);
  std::optional<User> find(std::string_view account, std::string_view name);
  std::optional<User> find_by_arn(std::string_view arn);
  // `change` may alter all but account, id, arn and created; the ARN follows name and path. It
  // calls no store, and what it throws changes nothing.
  std::expected<User, Unchanged> update(std::string_view account, std::string_view name,
                                        const std::function<void(User&)>& change);
  // `check` may throw to keep the user. False: absent.
  bool remove(std::string_view account, std::string_view name,
              const std::function<void(const User&)>& check);
  // By name.
  std::vector<User> list(std::string_view account, std::string_view path_prefix,
                         std::string_view after, std::size_t limit);
  std::vector<User> members_of(const Group& group);
  // How many users carry the policy, or have it as their boundary: all accounts.
  std::size_t attachments(std::string_view policy_arn);
  std::size_t boundaries(std::string_view policy_arn);
  std::size_t count(std::string_view account) { return table_.count(account); }
  std::uint64_t changes() const { return table_.changes(); }

 private:
  EntityTable table_;
};

// threads: any. blocks: all. errors: StorageError. As Users.
class Groups {
 public:
  Groups(store::Database& database, const Clock& clock) : table_(database, clock, "group") {}

  [[nodiscard]] bool create(Group& group);
  std::optional<Group> find(std::string_view account, std::string_view name);
  std::expected<Group, Unchanged> update(std::string_view account, std::string_view name,
                                         const std::function<void(Group&)>& change);
  bool remove(std::string_view account, std::string_view name,
              const std::function<void(const Group&)>& check);
  std::vector<Group> list(std::string_view account, std::string_view path_prefix,
                          std::string_view after, std::size_t limit);
  // The groups that a user is in, by name.
  std::vector<Group> of(const User& user);
  std::size_t attachments(std::string_view policy_arn);
  std::size_t count(std::string_view account) { return table_.count(account); }
  std::uint64_t changes() const { return table_.changes(); }

 private:
  EntityTable table_;
};

}  // namespace clary::identity
