// Policies of a principal, ready for many questions: which statements speak of an action is found
// out once.
#pragma once

#include <memory>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "identity/policy.h"

namespace clary::identity {

// threads: any.
class PolicyIndex {
 public:
  struct Candidate {
    const NamedPolicy* policy;
    std::size_t index;  // of the statement
    const PolicyStatement& statement() const { return policy->policy->statements[index]; }
  };
  struct Candidates {
    std::vector<Candidate> statements;
  };

  explicit PolicyIndex(std::vector<NamedPolicy> policies) : policies_(std::move(policies)) {}

  // The statements that speak of an action, whatever the resource. They live as long as the index.
  std::shared_ptr<const Candidates> candidates(const std::string& lower_action) const;
  std::span<const NamedPolicy> policies() const { return policies_; }

 private:
  // Actions come from operations, of which there are some hundreds.
  static constexpr std::size_t kMostActions = 4096;

  const std::vector<NamedPolicy> policies_;
  mutable std::shared_mutex mutex_;
  mutable std::unordered_map<std::string, std::shared_ptr<const Candidates>> by_action_;
};

}  // namespace clary::identity
