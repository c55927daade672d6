#include <algorithm>

#include "api/iam/operations.h"
#include "base/arn.h"
#include "identity/policy_authorizer.h"

namespace clary::api::iam {
namespace {

using identity::NamedPolicy;

constexpr const char* kResourcePolicy = "ResourcePolicy";

NamedPolicy parsed(std::string name, const json::value& document, identity::PolicyKind kind) {
  auto policy = identity::parse_policy(document.as_string(), kind);
  if (!policy) throw wire::ApiError("InvalidInput", policy.error());
  return {.name = std::move(name),
          .policy = std::make_shared<const identity::Policy>(*std::move(policy))};
}

// Documents given with the request take part under AWS's names for them.
void add_given(std::vector<NamedPolicy>& policies, const json::object& input,
               const std::string& member) {
  const json::array* const documents = find_array(input, member);
  if (documents == nullptr) return;
  int number = 0;
  for (const json::value& document : *documents) {
    policies.push_back(
        parsed(member + "." + std::to_string(++number), document, identity::PolicyKind::kIdentity));
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

// Whose permissions are simulated, and what takes part.
struct Simulation {
  std::vector<NamedPolicy> identity, boundary;
  bool bounded = false;
  std::optional<NamedPolicy> resource_policy;
  bool cross_account = false;
  identity::PolicyRequest caller = {};  // its names, and the keys of the context

  void read_given(const json::object& input) {
    add_given(identity, input, "PolicyInputList");
    const std::string boundaries = "PermissionsBoundaryPolicyInputList";
    if (const json::array* const given = find_array(input, boundaries);
        given != nullptr && !given->empty()) {
      boundary.clear();
      add_given(boundary, input, boundaries);
      bounded = true;
    }
    if (const json::value* const policy = input.if_contains(kResourcePolicy)) {
      resource_policy = parsed(kResourcePolicy, *policy, identity::PolicyKind::kResource);
      identity::Policy named = *resource_policy->policy;
      named.id = kResourcePolicy;  // whatever it calls itself
      resource_policy->policy = std::make_shared<const identity::Policy>(std::move(named));
    }
  }
};

std::string_view source_type(const std::string& policy) {
  if (policy == kResourcePolicy) return "resource";
  return policy.find("PolicyInputList.") != std::string::npos ? "none" : "IAM Policy";
}

json::array matched_out(const std::vector<identity::MatchedStatement>& statements) {
  json::array matched;
  for (const identity::MatchedStatement& statement : statements) {
    matched.push_back(json::object{{"SourcePolicyId", statement.policy},
                                   {"SourcePolicyType", source_type(statement.policy)},
                                   {"StartPosition", position(statement.begin)},
                                   {"EndPosition", position(statement.end)}});
  }
  return matched;
}

// The same decision as for a real request, of which only the context is the caller's word.
json::object result_of(const Simulation& simulation, std::string action, std::string resource) {
  const identity::PolicyIndex identity(simulation.identity), boundary(simulation.boundary);
  identity::DecisionInput input;
  input.request = simulation.caller;
  input.request.action = action;
  input.request.resource = resource;
  if (simulation.resource_policy) input.resource_policy = simulation.resource_policy->policy.get();
  input.cross_account = simulation.cross_account;
  identity::DecisionDetail detail;
  const identity::Verdict verdict =
      identity::decide_by({.everything = false,
                           .identity = &identity,
                           .boundary = simulation.bounded ? &boundary : nullptr,
                           .session = nullptr},
                          input, &detail);
  json::array missing;
  for (const auto& policies : {simulation.identity, simulation.boundary}) {
    for (const std::string& key : identity::missing_context_keys(policies, input.request)) {
      missing.push_back(json::value(key));
    }
  }
  json::object result{{"EvalActionName", std::move(action)},
                      {"EvalResourceName", std::move(resource)},
                      {"EvalDecision", decision_text(verdict.decision)},
                      {"MatchedStatements", matched_out(verdict.matched)},
                      {"MissingContextValues", std::move(missing)}};
  if (simulation.bounded) {
    result["PermissionsBoundaryDecisionDetail"] =
        json::object{{"AllowedByPermissionsBoundary", detail.boundary}};
  }
  return result;
}

// One result for each action and resource, in that order; Marker counts them.
json::object simulate(const Simulation& simulation, const json::object& input) {
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
    results.push_back(result_of(simulation, std::string(name), resources[i % resources.size()]));
  }
  json::object output{{"EvaluationResults", std::move(results)}, {"IsTruncated", end < total}};
  if (end < total) output["Marker"] = base64(std::to_string(end));
  return output;
}

// The user, group or role that an ARN names.
identity::PrincipalPolicySet source_in(const IamStores& stores, const std::string& source,
                                       const Call& call) {
  const auto arn = parse_arn(source);
  if (!arn || arn->service != "iam" || arn->resource.find('/') == std::string::npos) {
    throw wire::ApiError("InvalidInput", "Invalid Entity Arn: " + source +
                                             " does not clearly define entity type and name.");
  }
  const std::string type = arn->resource.substr(0, arn->resource.find('/'));
  const std::string name = arn->resource.substr(arn->resource.rfind('/') + 1);
  identity::StoredPrincipalPolicies policies(stores.users, stores.groups, stores.roles,
                                             stores.policies);
  const auto same = [&](const auto& found) { return found && found->arn == source; };
  if (arn->account == call.account && type == "role") {
    if (const auto role = stores.roles.find(call.account, name); same(role)) {
      return policies.of_holder(*role, {});
    }
  } else if (arn->account == call.account && type == "user") {
    if (const auto user = stores.users.find(call.account, name); same(user)) {
      return policies.of_holder(*user, stores.groups.of(*user));
    }
  } else if (arn->account == call.account && type == "group") {
    if (const auto group = stores.groups.find(call.account, name); same(group)) {
      return policies.of_holder(*group, {});
    }
  }
  throw wire::ApiError("NoSuchEntity", "The " + type + " with name " + name + " cannot be found.");
}

// By which names a resource's policy knows the caller, and whose resource it is.
void set_caller(Simulation& simulation, const json::object& input, const std::string& caller_arn) {
  const auto arn = parse_arn(caller_arn);
  if (simulation.resource_policy && !arn) {
    throw wire::ApiError("InvalidInput", "CallerArn is required when ResourcePolicy is given.");
  }
  if (!arn) return;
  auto& names = arn->resource.starts_with("role/") ? simulation.caller.role_principals
                                                   : simulation.caller.aws_principals;
  names = {caller_arn};
  simulation.caller.account_principals = {"arn:aws:iam::" + arn->account + ":root"};
  simulation.caller.canonical_user = identity::canonical_user_id(arn->account);
  std::string owner = string_or(input, "ResourceOwner");
  if (const auto owner_arn = parse_arn(owner)) owner = owner_arn->account;
  simulation.cross_account = !owner.empty() && owner != arn->account;
}

}  // namespace

json::object simulate_principal_policy(const IamStores& stores, const json::object& input,
                                       Call& call) {
  const std::string source = required(input, "PolicySourceArn");
  identity::PrincipalPolicySet set = source_in(stores, source, call);
  Simulation simulation;
  simulation.identity = std::move(set.identity);
  if (set.boundary) {
    simulation.boundary = {*std::move(set.boundary)};
    simulation.bounded = true;
  }
  simulation.read_given(input);
  const std::string caller_arn = string_or(input, "CallerArn");
  set_caller(simulation, input, caller_arn.empty() ? source : caller_arn);
  auto& context = simulation.caller.context;
  context = context_in(input);
  const auto add = [&](std::string key, std::string value) {
    context.try_emplace(std::move(key), std::vector<std::string>{std::move(value)});
  };
  add("aws:principalarn", source);
  add("aws:principalaccount", std::string(call.account));
  const bool user = parse_arn(source)->resource.starts_with("user/");
  if (user) add("aws:username", source.substr(source.rfind('/') + 1));
  add("aws:principaltype", user ? "User" : "AssumedRole");
  for (const auto& [key, value] : set.tags) add("aws:principaltag/" + to_lower(key), value);
  return simulate(simulation, input);
}

json::object simulate_custom_policy(const IamStores&, const json::object& input, Call&) {
  Simulation simulation;
  simulation.read_given(input);
  set_caller(simulation, input, string_or(input, "CallerArn"));
  simulation.caller.context = context_in(input);
  return simulate(simulation, input);
}

}  // namespace clary::api::iam
