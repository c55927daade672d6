// Managed policies: those that AWS makes, which everybody expects to find, and an account's own.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "identity/policy.h"
#include "identity/policy_holder.h"
#include "identity/roles.h"
#include "store/database.h"

namespace clary::identity {

struct PolicyVersion {
  std::string id;        // "v1"
  std::string document;  // JSON text
  Timestamp created;
};

struct ManagedPolicy {
  std::string account;  // "aws" for AWS's own
  std::string name, path = "/", id, arn, description;
  std::string default_version = "v1";
  std::vector<PolicyVersion> versions;  // oldest first; at least one
  Timestamp created, updated;
  std::map<std::string, std::string> tags;

  const PolicyVersion* version(std::string_view version_id) const;
  const PolicyVersion& current() const { return *version(default_version); }
};

// AWS's managed policies as far as they concern what Clary does. Their permissions are ours to
// keep in step with AWS's documentation; ids and dates are our own.
std::span<const ManagedPolicy> aws_managed_policies();

// threads: any. blocks: all but find() of an AWS policy. errors: StorageError.
class Policies {
 public:
  Policies(store::Database& database, const Clock& clock);
  ~Policies();
  static std::span<const store::Migration> migrations();

  // Fills id, arn, created, updated. False: the name is taken.
  [[nodiscard]] bool create(ManagedPolicy& policy);
  std::optional<ManagedPolicy> find(std::string_view arn);
  // An account's own only. `change` may alter versions, default_version and tags, and calls no
  // store.
  std::optional<ManagedPolicy> update(std::string_view arn,
                                      const std::function<void(ManagedPolicy&)>& change);
  bool remove(std::string_view arn);
  // An account's own, by name.
  std::vector<ManagedPolicy> list(std::string_view account);

  // What the policies of a user, group or role say, attached ones first: for evaluation. Documents
  // that no longer parse (none can come in) are left out.
  std::vector<NamedPolicy> of(const PolicyHolder& holder);
  std::vector<NamedPolicy> of_role(const Role& role) { return of(role); }
  // Grows with every change that is stored. Never blocks.
  std::uint64_t changes() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace clary::identity
