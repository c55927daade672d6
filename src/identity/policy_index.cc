#include "identity/policy_index.h"

#include <mutex>

namespace clary::identity {

std::shared_ptr<const PolicyIndex::Candidates> PolicyIndex::candidates(
    const std::string& lower_action) const {
  {
    const std::shared_lock lock(mutex_);
    const auto found = by_action_.find(lower_action);
    if (found != by_action_.end()) return found->second;
  }
  auto made = std::make_shared<Candidates>();
  for (const NamedPolicy& named : policies_) {
    const auto& statements = named.policy->statements;
    for (std::size_t i = 0; i < statements.size(); ++i) {
      if (action_listed(statements[i], lower_action) == statements[i].not_action) continue;
      made->statements.push_back({.policy = &named, .index = i});
    }
  }
  const std::unique_lock lock(mutex_);
  if (by_action_.size() >= kMostActions) by_action_.clear();
  return by_action_.insert_or_assign(lower_action, std::move(made)).first->second;
}

}  // namespace clary::identity
