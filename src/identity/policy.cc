#include "identity/policy.h"

#include <algorithm>

#include "base/text.h"
#include "identity/policy_conditions.h"

namespace clary::identity {
namespace {

enum class Listed { kNo, kYes, kUnknown };  // unknown: a variable has no value

Listed resource_listed(const Policy& policy, const PolicyStatement& statement,
                       const PolicyRequest& request) {
  Listed listed = Listed::kNo;
  for (const std::string& pattern : statement.resources) {
    if (!policy.variables || pattern.find("${") == std::string::npos) {
      if (matches_wildcard(pattern, request.resource)) return Listed::kYes;
      continue;
    }
    const auto expanded = expand_variables(pattern, request);
    if (!expanded) {
      listed = Listed::kUnknown;
    } else if (matches_pattern(*expanded, request.resource)) {
      return Listed::kYes;
    }
  }
  return listed;
}

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

// "123456789012" stands for "arn:aws:iam::123456789012:root", which stands for the whole account.
Named aws_principal_listed(const std::string& listed, const PolicyRequest& request) {
  if (listed == "*") {
    if (request.aws_principals.empty()) return Named::kNot;
    return request.role_principals.empty() ? Named::kCaller : Named::kRole;
  }
  const bool account_id = listed.size() == 12 &&
                          std::ranges::all_of(listed, [](char c) { return c >= '0' && c <= '9'; });
  const std::string arn = account_id ? "arn:aws:iam::" + listed + ":root" : listed;
  if (contains(request.aws_principals, arn)) return Named::kCaller;
  if (contains(request.role_principals, arn)) return Named::kRole;
  return contains(request.account_principals, arn) ? Named::kAccount : Named::kNot;
}

Named principal_listed(const PolicyStatement& statement, const PolicyRequest& request) {
  Named best = Named::kNot;
  const auto note = [&](Named named) { best = std::max(best, named); };
  for (const auto& [type, values] : statement.principals) {
    if (type == "*") note(request.role_principals.empty() ? Named::kCaller : Named::kRole);
    for (const std::string& value : values) {
      if (type == "AWS") {
        note(aws_principal_listed(value, request));
      } else if (type == "Service") {
        const bool same = !request.service_principal.empty() &&
                          (value == "*" || value == request.service_principal);
        if (same) note(Named::kCaller);
      } else if (type == "Federated") {
        const bool same =
            !request.federated_principal.empty() && value == request.federated_principal;
        if (same) note(Named::kCaller);
      } else if (type == "CanonicalUser") {
        const bool same = !request.canonical_user.empty() && value == request.canonical_user;
        if (same) note(Named::kAccount);
      }
    }
  }
  return best;
}

// How the statement's Principal or NotPrincipal reaches the caller. Naming an account in
// NotPrincipal spares its root, not everybody in it.
Named reaches(const PolicyStatement& statement, const PolicyRequest& request) {
  if (statement.principals.empty()) return Named::kCaller;
  const Named listed = principal_listed(statement, request);
  if (!statement.not_principal) return listed;
  if (listed >= Named::kRole) return Named::kNot;
  return request.role_principals.empty() ? Named::kCaller : Named::kRole;
}

}  // namespace

bool action_listed(const PolicyStatement& statement, std::string_view lower_action) {
  return std::ranges::any_of(statement.actions, [&](const std::string& pattern) {
    return matches_wildcard(pattern, lower_action);  // patterns are kept in lower case
  });
}

bool may_reach(const PolicyStatement& statement, const PolicyRequest& request) {
  if (statement.resources.empty()) return true;
  bool listed = false;
  for (const std::string& pattern : statement.resources) {
    if (pattern.find("${") != std::string::npos) return true;
    listed = listed || matches_wildcard(pattern, request.resource);
  }
  return listed != statement.not_resource;
}

Named applies(const Policy& policy, const PolicyStatement& statement, const PolicyRequest& request,
              std::string_view lower_action) {
  if (action_listed(statement, lower_action) == statement.not_action) return Named::kNot;
  if (!statement.resources.empty()) {
    const Listed listed = resource_listed(policy, statement, request);
    // What cannot be told counts against an Allow, and for a Deny of all but these.
    const bool reached = listed == Listed::kUnknown
                             ? statement.not_resource && !statement.allow
                             : (listed == Listed::kYes) != statement.not_resource;
    if (!reached) return Named::kNot;
  }
  const Named named = reaches(statement, request);
  if (named == Named::kNot) return named;
  const bool held = std::ranges::all_of(statement.conditions, [&](const Condition& condition) {
    return holds(condition, request, policy.variables);
  });
  return held ? named : Named::kNot;
}

MatchedStatement matched(const NamedPolicy& named, std::size_t index) {
  const PolicyStatement& statement = named.policy->statements[index];
  return {.policy = named.name,
          .sid = statement.sid,
          .index = index,
          .begin = statement.begin,
          .end = statement.end};
}

Evaluation evaluate(std::span<const NamedPolicy> policies, const PolicyRequest& request) {
  const std::string action = to_lower(request.action);
  std::vector<MatchedStatement> allowing, denying;
  for (const NamedPolicy& named : policies) {
    const auto& statements = named.policy->statements;
    for (std::size_t i = 0; i < statements.size(); ++i) {
      if (applies(*named.policy, statements[i], request, action) == Named::kNot) continue;
      (statements[i].allow ? allowing : denying).push_back(matched(named, i));
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
