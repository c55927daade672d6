#include "identity/policy.h"

#include <algorithm>

#include "base/text.h"
#include "identity/policy_conditions.h"

namespace clary::identity {
namespace {

// Only the evaluator's own matching of statements; parsing is in policy_parse.cc.

bool action_listed(const PolicyStatement& statement, std::string_view action) {
  const std::string lower = to_lower(action);
  return std::ranges::any_of(statement.actions, [&](const std::string& pattern) {
    return matches_wildcard(pattern, lower);  // patterns are kept in lower case
  });
}

bool resource_listed(const Policy& policy, const PolicyStatement& statement,
                     const PolicyRequest& request) {
  return std::ranges::any_of(statement.resources, [&](const std::string& pattern) {
    if (!policy.variables || pattern.find("${") == std::string::npos) {
      return matches_wildcard(pattern, request.resource);
    }
    const auto expanded = expand_variables(pattern, request);
    return expanded && matches_pattern(*expanded, request.resource);
  });
}

// "123456789012" stands for "arn:aws:iam::123456789012:root", which stands for the whole account.
bool aws_principal_listed(const std::string& listed, const PolicyRequest& request) {
  if (listed == "*") return !request.aws_principals.empty();
  const bool account_id = listed.size() == 12 &&
                          std::ranges::all_of(listed, [](char c) { return c >= '0' && c <= '9'; });
  const std::string arn = account_id ? "arn:aws:iam::" + listed + ":root" : listed;
  return std::ranges::find(request.aws_principals, arn) != request.aws_principals.end();
}

bool principal_listed(const PolicyStatement& statement, const PolicyRequest& request) {
  for (const auto& [type, values] : statement.principals) {
    if (type == "*") return true;
    for (const std::string& value : values) {
      if (type == "AWS" && aws_principal_listed(value, request)) return true;
      if (type == "Service" && !request.service_principal.empty() &&
          (value == "*" || value == request.service_principal)) {
        return true;
      }
    }
  }
  return false;
}

bool applies(const Policy& policy, const PolicyStatement& statement, const PolicyRequest& request) {
  if (action_listed(statement, request.action) == statement.not_action) return false;
  if (!statement.resources.empty() &&
      resource_listed(policy, statement, request) == statement.not_resource) {
    return false;
  }
  if (!statement.principals.empty() &&
      principal_listed(statement, request) == statement.not_principal) {
    return false;
  }
  return std::ranges::all_of(statement.conditions, [&](const Condition& condition) {
    return holds(condition, request, policy.variables);
  });
}

}  // namespace

Evaluation evaluate(std::span<const NamedPolicy> policies, const PolicyRequest& request) {
  std::vector<MatchedStatement> allowing, denying;
  for (const NamedPolicy& named : policies) {
    const auto& statements = named.policy->statements;
    for (std::size_t i = 0; i < statements.size(); ++i) {
      if (!applies(*named.policy, statements[i], request)) continue;
      (statements[i].allow ? allowing : denying)
          .push_back({.policy = named.name,
                      .sid = statements[i].sid,
                      .index = i,
                      .begin = statements[i].begin,
                      .end = statements[i].end});
    }
  }
  if (!denying.empty()) {
    return {.decision = Decision::kExplicitDeny, .matched = std::move(denying)};
  }
  if (!allowing.empty()) {
    return {.decision = Decision::kAllowed, .matched = std::move(allowing)};
  }
  return {};
}

std::set<std::string> missing_context_keys(std::span<const NamedPolicy> policies,
                                           const PolicyRequest& request) {
  std::set<std::string> missing;
  for (const NamedPolicy& named : policies) {
    for (const PolicyStatement& statement : named.policy->statements) {
      for (const Condition& condition : statement.conditions) {
        if (!request.context.contains(condition.key)) missing.insert(condition.key);
      }
    }
  }
  return missing;
}

}  // namespace clary::identity
