// What hangs on a principal: the policies of its identity, its permission boundary, its tags. The
// authorizer asks here once per principal and change.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "identity/credentials.h"
#include "identity/policies.h"
#include "identity/policy.h"
#include "identity/roles.h"
#include "identity/users.h"

namespace clary::identity {

struct PrincipalPolicySet {
  // Attached and inline policies of the role, or of the user and its groups.
  std::vector<NamedPolicy> identity;
  std::optional<NamedPolicy> boundary;
  // What aws:PrincipalArn says: the role's ARN with its path for a session, the user's own.
  std::string principal_arn;
  // Of the role or user; tags of a session replace them.
  std::map<std::string, std::string> tags;
};

// threads: any. blocks: on the store, but for stamp(). errors: StorageError.
class PrincipalPolicies {
 public:
  virtual ~PrincipalPolicies() = default;
  // Of a user, of a role's sessions, of a federated user the one who made it. Nullopt: the role or
  // user is gone, and may do nothing. Root has no policies: all is its.
  virtual std::optional<PrincipalPolicySet> of(const Principal& principal) = 0;
  // A managed policy as it is now; nullopt when it is gone.
  virtual std::optional<NamedPolicy> managed(std::string_view policy_arn) = 0;
  // Grows whenever an answer from here may have changed for any principal: after the change is
  // stored, before it is answered.
  virtual std::uint64_t stamp() const = 0;
};

// Over the stores of this server.
class StoredPrincipalPolicies final : public PrincipalPolicies {
 public:
  StoredPrincipalPolicies(Users& users, Groups& groups, Roles& roles, Policies& policies)
      : users_(users), groups_(groups), roles_(roles), policies_(policies) {}
  std::optional<PrincipalPolicySet> of(const Principal& principal) override;
  std::optional<NamedPolicy> managed(std::string_view policy_arn) override;
  std::uint64_t stamp() const override {
    return users_.changes() + groups_.changes() + roles_.changes() + policies_.changes();
  }
  // What hangs on a user or role itself; `groups` of the user.
  PrincipalPolicySet of_holder(const PolicyHolder& holder, const std::vector<Group>& groups);

 private:
  PrincipalPolicySet of_federated_root();

  Users& users_;
  Groups& groups_;
  Roles& roles_;
  Policies& policies_;
};

}  // namespace clary::identity
