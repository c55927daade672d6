#include <algorithm>

#include "api/iam/operations.h"
#include "base/arn.h"

namespace clary::api::iam {
namespace {

using identity::NamedPolicy;

// Documents given with the request take part under AWS's names for them.
void add_given(std::vector<NamedPolicy>& policies, const json::object& input) {
  const json::array* const documents = find_array(input, "PolicyInputList");
  if (documents == nullptr) return;
  int number = 0;
  for (const json::value& document : *documents) {
    auto policy = identity::parse_policy(document.as_string(), identity::PolicyKind::kIdentity);
    if (!policy) throw wire::ApiError("InvalidInput", policy.error());
    policies.push_back({.name = "PolicyInputList." + std::to_string(++number),
                        .policy = std::make_shared<const identity::Policy>(*std::move(policy))});
  }
}

std::map<std::string, std::vector<std::string>> context_in(const json::object& input) {
  std::map<std::string, std::vector<std::string>> context;
  if (const json::array* const entries = find_array(input, "ContextEntries")) {
    for (const json::value& entry : *entries) {
      const json::object& object = entry.as_object();
      auto& values = context[to_lower(string_or(object, "ContextKeyName"))];
      if (const json::array* const given = find_array(object, "ContextKeyValues")) {
        for (const json::value& value : *given) values.emplace_back(value.as_string());
      }
    }
  }
  return context;
}

std::string_view decision_text(identity::Decision decision) {
  switch (decision) {
    case identity::Decision::kAllowed:
      return "allowed";
    case identity::Decision::kExplicitDeny:
      return "explicitDeny";
    case identity::Decision::kImplicitDeny:
      break;
  }
  return "implicitDeny";
}

json::object position(identity::TextPosition at) {
  return {{"Line", at.line}, {"Column", at.column}};
}

json::object result_of(const std::vector<NamedPolicy>& policies,
                       const identity::PolicyRequest& request) {
  const identity::Evaluation evaluation = identity::evaluate(policies, request);
  json::array matched, missing;
  for (const identity::MatchedStatement& statement : evaluation.matched) {
    const bool given = statement.policy.starts_with("PolicyInputList.");
    matched.push_back(json::object{{"SourcePolicyId", statement.policy},
                                   {"SourcePolicyType", given ? "none" : "IAM Policy"},
                                   {"StartPosition", position(statement.begin)},
                                   {"EndPosition", position(statement.end)}});
  }
  for (const std::string& key : identity::missing_context_keys(policies, request)) {
    missing.push_back(json::value(key));
  }
  return {{"EvalActionName", request.action},
          {"EvalResourceName", request.resource},
          {"EvalDecision", decision_text(evaluation.decision)},
          {"MatchedStatements", std::move(matched)},
          {"MissingContextValues", std::move(missing)}};
}

// One result for each action and resource, in that order; Marker counts them.
json::object simulate(const std::vector<NamedPolicy>& policies, const json::object& input,
                      std::map<std::string, std::vector<std::string>> context) {
  std::vector<std::string> resources;
  if (const json::array* const arns = find_array(input, "ResourceArns")) {
    for (const json::value& arn : *arns) resources.emplace_back(arn.as_string());
  }
  if (resources.empty()) resources.emplace_back("*");
  const json::array& actions = *find_array(input, "ActionNames");
  const Paging paging = paging_in(input);
  std::size_t start = 0;
  if (!paging.after.empty()) {
    if (paging.after.size() > 9 ||
        paging.after.find_first_not_of("0123456789") != std::string::npos) {
      throw wire::ApiError("InvalidInput", "Invalid Marker.");
    }
    start = std::stoul(paging.after);
  }
  const std::size_t total = actions.size() * resources.size();
  const std::size_t end = std::min(total, start + paging.limit);
  json::array results;
  for (std::size_t i = start; i < end; ++i) {
    const json::value& action = actions[i / resources.size()];
    const std::string_view name = action.as_string();
    if (name != "*" && name.find(':') == std::string_view::npos) {
      throw wire::ApiError("InvalidInput", "Invalid Action: " + std::string(name));
    }
    results.push_back(result_of(policies, {.action = std::string(name),
                                           .resource = resources[i % resources.size()],
                                           .aws_principals = {},
                                           .service_principal = {},
                                           .context = context}));
  }
  json::object output{{"EvaluationResults", std::move(results)}, {"IsTruncated", end < total}};
  if (end < total) output["Marker"] = base64(std::to_string(end));
  return output;
}

}  // namespace

json::object simulate_principal_policy(const IamStores& stores, const json::object& input,
                                       Call& call) {
  const std::string source = required(input, "PolicySourceArn");
  const auto arn = parse_arn(source);
  if (!arn || arn->service != "iam" || arn->resource.find('/') == std::string::npos) {
    throw wire::ApiError("InvalidInput", "Invalid Entity Arn: " + source +
                                             " does not clearly define entity type and name.");
  }
  const auto role = stores.roles.find_by_arn(source);
  if (!role || role->account != call.account) {
    throw wire::ApiError("NoSuchEntity", "The " + arn->resource.substr(0, arn->resource.find('/')) +
                                             " with name " +
                                             arn->resource.substr(arn->resource.rfind('/') + 1) +
                                             " cannot be found.");
  }
  std::vector<NamedPolicy> policies = stores.policies.of_role(*role);
  add_given(policies, input);
  auto context = context_in(input);
  context.try_emplace("aws:principalarn", std::vector<std::string>{role->arn});
  context.try_emplace("aws:principalaccount", std::vector<std::string>{role->account});
  for (const auto& [key, value] : role->tags) {
    context.try_emplace("aws:principaltag/" + to_lower(key), std::vector<std::string>{value});
  }
  return simulate(policies, input, std::move(context));
}

json::object simulate_custom_policy(const IamStores&, const json::object& input, Call&) {
  std::vector<NamedPolicy> policies;
  add_given(policies, input);
  return simulate(policies, input, context_in(input));
}

}  // namespace clary::api::iam
