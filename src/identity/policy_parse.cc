#include <algorithm>
#include <tuple>

#include "base/text.h"
#include "identity/policy.h"
#include "identity/policy_conditions.h"
#include "identity/policy_positions.h"

namespace clary::identity {
namespace {

// IAM's own sentences, as its API answers them.
constexpr const char* kSyntax = "Syntax errors in policy.";
constexpr const char* kNotJson = "This policy contains invalid Json";

struct Malformed {
  std::string message;
};

[[noreturn]] void fail(std::string message) {
  throw Malformed{std::move(message)};
}

// A string or an array of strings.
std::vector<std::string> strings(const json::value& value) {
  std::vector<std::string> result;
  const auto add = [&](const json::value& element) {
    if (element.is_string()) {
      result.emplace_back(element.as_string());
    } else if (element.is_bool()) {
      result.emplace_back(element.as_bool() ? "true" : "false");
    } else if (element.is_number()) {
      result.push_back(json::serialize(element));
    } else {
      fail(kSyntax);
    }
  };
  if (value.is_array()) {
    for (const json::value& element : value.as_array()) add(element);
  } else {
    add(value);
  }
  return result;
}

// The member under one of two names; an error when both are there.
const json::value* either(const json::object& object, std::string_view name,
                          std::string_view negated, bool& is_negated) {
  const json::value* const plain = object.if_contains(name);
  const json::value* const other = object.if_contains(negated);
  if (plain != nullptr && other != nullptr) fail(kSyntax);
  is_negated = other != nullptr;
  return plain != nullptr ? plain : other;
}

void parse_actions(const json::object& object, PolicyStatement& statement) {
  const json::value* const value = either(object, "Action", "NotAction", statement.not_action);
  if (value == nullptr) fail("Policy statement must contain actions.");
  statement.actions = strings(*value);
  if (statement.actions.empty()) fail("Policy statement must contain actions.");
  for (std::string& action : statement.actions) {
    const auto colon = action.find(':');
    if (action != "*" && (colon == std::string::npos || colon == 0)) {
      fail("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.");
    }
    if (action != "*" && colon + 1 == action.size()) fail("Action names must not be empty.");
    action = to_lower(action);
  }
}

void parse_resources(const json::object& object, PolicyKind kind, PolicyStatement& statement) {
  const json::value* const value =
      either(object, "Resource", "NotResource", statement.not_resource);
  if (kind == PolicyKind::kTrust) {
    if (value != nullptr) fail("Has prohibited field Resource");
    return;
  }
  if (value == nullptr) fail("Policy statement must contain resources.");
  statement.resources = strings(*value);
  if (statement.resources.empty()) fail("Policy statement must contain resources.");
  for (const std::string& resource : statement.resources) {
    if (resource != "*" && !resource.starts_with("arn:") && !resource.starts_with("${")) {
      fail("Resource " + resource + " must be in ARN format or \"*\".");
    }
    if (resource != "*" && std::ranges::count(resource, ':') < 5 &&
        resource.find('*') == std::string::npos && resource.find("${") == std::string::npos) {
      fail("Resource " + resource + " must be in ARN format or \"*\".");
    }
  }
}

void parse_principals(const json::object& object, PolicyKind kind, PolicyStatement& statement) {
  const json::value* const value =
      either(object, "Principal", "NotPrincipal", statement.not_principal);
  if (kind == PolicyKind::kIdentity) {
    if (value != nullptr) fail("Policy document should not specify a principal.");
    return;
  }
  if (value == nullptr) fail("Missing required field Principal");
  if (value->is_string()) {
    if (value->as_string() != "*") fail("Invalid principal in policy");
    statement.principals["*"] = {"*"};
    return;
  }
  if (!value->is_object()) fail(kSyntax);
  for (const auto& [type, listed] : value->as_object()) {
    if (type != "AWS" && type != "Service" && type != "Federated" && type != "CanonicalUser") {
      fail("Invalid principal in policy: unknown principal type " + std::string(type));
    }
    auto names = strings(listed);
    if (names.empty()) fail("Missing required field Principal cannot be empty!");
    for (const std::string& name : names) {
      const bool service = name.find('.') != std::string::npos || name == "*";
      if (type == "Service" && !service) {
        fail("Invalid principal in policy: \"SERVICE\":\"" + name + "\"");
      }
      const bool aws =
          name == "*" || name.starts_with("arn:") || name.starts_with("AROA") ||
          name.starts_with("AIDA") ||
          (name.size() == 12 && name.find_first_not_of("0123456789") == std::string::npos);
      if (type == "AWS" && !aws) fail("Invalid principal in policy: \"AWS\":\"" + name + "\"");
    }
    statement.principals[std::string(type)] = std::move(names);
  }
  if (statement.principals.empty()) fail("Missing required field Principal cannot be empty!");
}

// "ForAllValues:StringLikeIfExists"
Condition parse_operator(std::string_view text) {
  Condition condition;
  if (const auto colon = text.find(':'); colon != std::string_view::npos) {
    const std::string_view prefix = text.substr(0, colon);
    if (equals_ignore_case(prefix, "ForAllValues")) {
      condition.set = Condition::Set::kForAllValues;
    } else if (equals_ignore_case(prefix, "ForAnyValue")) {
      condition.set = Condition::Set::kForAnyValue;
    } else {
      fail(kSyntax);
    }
    text.remove_prefix(colon + 1);
  }
  constexpr std::string_view kIfExists = "IfExists";
  if (text.size() > kIfExists.size() &&
      equals_ignore_case(text.substr(text.size() - kIfExists.size()), kIfExists)) {
    condition.if_exists = true;
    text.remove_suffix(kIfExists.size());
  }
  if (!known_condition_operator(text)) fail("Invalid Condition type : " + std::string(text) + ".");
  condition.operation = text;
  condition.operation_index = condition_operator_index(text);
  return condition;
}

void parse_conditions(const json::object& object, PolicyStatement& statement) {
  const json::value* const value = object.if_contains("Condition");
  if (value == nullptr) return;
  if (!value->is_object()) fail(kSyntax);
  for (const auto& [operation, keys] : value->as_object()) {
    if (!keys.is_object()) fail(kSyntax);
    for (const auto& [key, wanted] : keys.as_object()) {
      Condition condition = parse_operator(operation);
      if (std::string_view(key).find(':') == std::string_view::npos) {
        fail("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.");
      }
      condition.key = to_lower(key);
      condition.values = strings(wanted);
      statement.conditions.push_back(std::move(condition));
    }
  }
}

PolicyStatement parse_statement(const json::value& value, PolicyKind kind) {
  if (!value.is_object()) fail(kSyntax);
  const json::object& object = value.as_object();
  constexpr std::array<std::string_view, 9> kKnown = {"Sid",          "Effect",      "Action",
                                                      "NotAction",    "Resource",    "Principal",
                                                      "NotPrincipal", "NotResource", "Condition"};
  for (const auto& member : object) {
    if (std::ranges::find(kKnown, std::string_view(member.key())) == kKnown.end()) fail(kSyntax);
  }
  PolicyStatement statement;
  if (const json::value* const sid = object.if_contains("Sid")) {
    if (!sid->is_string()) fail(kSyntax);
    statement.sid = sid->as_string();
  }
  const auto effect = find_string(object, "Effect");
  if (effect != "Allow" && effect != "Deny") fail(kSyntax);
  statement.allow = effect == "Allow";
  parse_principals(object, kind, statement);
  parse_actions(object, statement);
  parse_resources(object, kind, statement);
  parse_conditions(object, statement);
  statement.needs_context =
      !statement.conditions.empty() ||
      std::ranges::any_of(statement.resources, [](const std::string& resource) {
        return resource.find("${") != std::string::npos;
      });
  return statement;
}

Policy parse_document(const json::value& document, PolicyKind kind) {
  if (!document.is_object()) fail(kSyntax);
  const json::object& object = document.as_object();
  Policy policy;
  for (const auto& member : object) {
    const std::string_view name = member.key();
    if (name != "Version" && name != "Id" && name != "Statement") fail(kSyntax);
  }
  const json::value* const version = object.if_contains("Version");
  if (version != nullptr && *version != "2012-10-17" && *version != "2008-10-17") fail(kSyntax);
  policy.variables = version != nullptr && *version == "2012-10-17";
  if (kind == PolicyKind::kIdentity && !policy.variables && version == nullptr) {
    fail("Policy document must be version 2012-10-17 or greater.");
  }
  policy.id = string_or(object, "Id");
  const json::value* const statements = object.if_contains("Statement");
  if (statements == nullptr) fail(kSyntax);
  if (statements->is_array()) {
    for (const json::value& value : statements->as_array()) {
      policy.statements.push_back(parse_statement(value, kind));
    }
  } else {
    policy.statements.push_back(parse_statement(*statements, kind));
  }
  if (policy.statements.empty()) fail(kSyntax);
  std::set<std::string> sids;
  for (const PolicyStatement& statement : policy.statements) {
    if (!statement.sid.empty() && !sids.insert(statement.sid).second) {
      fail("Statement IDs (SID) in a single policy must be unique.");
    }
  }
  return policy;
}

}  // namespace

std::expected<Policy, std::string> parse_policy(std::string_view text, PolicyKind kind) {
  json::parse_options options;
  options.max_depth = 16;
  boost::system::error_code error;
  const json::value document = json::parse(text, error, {}, options);
  if (error) return std::unexpected(kNotJson);
  try {
    Policy policy = parse_document(document, kind);
    const auto positions = statement_positions(text);
    for (std::size_t i = 0; i < std::min(positions.size(), policy.statements.size()); ++i) {
      std::tie(policy.statements[i].begin, policy.statements[i].end) = positions[i];
    }
    return policy;
  } catch (const Malformed& malformed) {
    return std::unexpected(malformed.message);
  }
}

}  // namespace clary::identity
