// The authorizer over the policies of principals.
#pragma once

#include <array>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "identity/authorizer.h"
#include "identity/policy_decision.h"
#include "identity/principal_policies.h"

namespace clary::identity {

// What is known about a principal until something changes.
struct PrincipalEntry {
  std::uint64_t stamp = 0;
  bool exists = false;
  PrincipalPolicySet facts;  // its policies are in the indexes
  std::unique_ptr<const PolicyIndex> identity, boundary;
};

// owns: the policies of principals seen lately, parsed and indexed. threads: any; a known principal
// costs one of 64 short locks. order: destroyed before `principals`.
class PolicyAuthorizer final : public Authorizer {
 public:
  explicit PolicyAuthorizer(PrincipalPolicies& principals) : principals_(principals) {}
  Verdict decide(const Principal& principal, const AccessRequest& request) override;

  // The keys that conditions may ask about a principal.
  static void add_principal_context(const Principal& principal, const PrincipalPolicySet& facts,
                                    Context& context);

 private:
  static constexpr std::size_t kShards = 64, kPerShard = 256;
  template <class Value>
  struct Shard {
    std::mutex mutex;
    std::unordered_map<std::string, std::shared_ptr<const Value>> entries;
  };
  struct SessionEntry {
    std::uint64_t stamp = 0;
    std::unique_ptr<const PolicyIndex> index;
  };

  std::shared_ptr<const PrincipalEntry> entry_of(const Principal& principal);
  std::shared_ptr<const SessionEntry> session_of(const Principal& principal);
  std::unique_ptr<const PolicyIndex> session_policies(const Principal& principal);

  PrincipalPolicies& principals_;
  std::array<Shard<PrincipalEntry>, kShards> entries_;
  std::array<Shard<SessionEntry>, kShards> sessions_;
};

// The names by which policies of resources know a principal. `principal_arn` as PrincipalPolicySet
// has it.
void name_caller(const Principal& principal, const std::string& principal_arn,
                 PolicyRequest& request);

// The canonical id of an account, as S3 shows it.
std::string canonical_user_id(std::string_view account);

}  // namespace clary::identity
