// Roles of an account, as IAM shows them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "identity/policy_holder.h"
#include "store/database.h"

namespace clary::identity {

struct Role : PolicyHolder {
  std::string trust_policy;  // JSON text
  std::string description;
  int max_session_seconds = 3600;
};

inline constexpr std::string_view kExecutionRole = "ClaryExecutionRole";

// threads: any. blocks: all. errors: StorageError.
class Roles {
 public:
  Roles(store::Database& database, const Clock& clock);
  ~Roles();
  static std::span<const store::Migration> migrations();

  // Makes the account's ready execution role (trusts sagemaker.amazonaws.com, carries
  // AmazonSageMakerFullAccess and AmazonS3FullAccess) when it is not there. Returns it.
  Role ensure_execution_role(std::string_view account);
  // Names are unique without regard to case. False: exists. Fills id, arn, created.
  [[nodiscard]] bool create(Role& role);
  std::optional<Role> find(std::string_view account, std::string_view name);
  std::optional<Role> find_by_arn(std::string_view arn);
  // `change` may not alter account, name, path, id, arn or created, nor call a store.
  std::optional<Role> update(std::string_view account, std::string_view name,
                             const std::function<void(Role&)>& change);
  bool remove(std::string_view account, std::string_view name);
  std::vector<Role> list(std::string_view account, std::string_view path_prefix,
                         std::string_view after, std::size_t limit);
  // How many roles carry the policy, or have it as their boundary: all accounts.
  std::size_t attachments(std::string_view policy_arn);
  std::size_t boundaries(std::string_view policy_arn);
  std::size_t count(std::string_view account);
  // Grows with every change that is stored. Never blocks.
  std::uint64_t changes() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace clary::identity
