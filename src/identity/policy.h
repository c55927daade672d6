// Policy documents: parsed once, evaluated many times. Pure functions, no storage.
// Sources: IAM's "Policy evaluation logic", "JSON policy elements", "Condition operators",
// "Policy variables".
#pragma once

#include <expected>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/json.h"

namespace clary::identity {

// What a policy hangs on, which decides what its statements need.
enum class PolicyKind {
  kIdentity,  // of a role or user: Action and Resource, no Principal
  kTrust,     // of a role, who may assume it: Principal and Action, no Resource
  kResource   // of a bucket, key, ...: Principal, Action and Resource
};

struct Condition {
  std::string operation;  // "StringEquals", without prefix and suffix
  enum class Set { kSingle, kForAllValues, kForAnyValue } set = Set::kSingle;
  bool if_exists = false;
  std::string key;  // lower case: "aws:principalarn"
  std::vector<std::string> values;
};

// Where a statement stands in its document, counted from 1.
struct TextPosition {
  int line = 1, column = 1;
};

struct PolicyStatement {
  std::string sid;
  TextPosition begin, end;
  bool allow = false;
  std::vector<std::string> actions, resources;
  bool not_action = false, not_resource = false;
  // Type ("AWS", "Service", "Federated", "CanonicalUser", or "*" for everybody) to its values.
  std::map<std::string, std::vector<std::string>> principals;
  bool not_principal = false;
  std::vector<Condition> conditions;
};

struct Policy {
  std::string id;
  bool variables = true;  // only since version 2012-10-17
  std::vector<PolicyStatement> statements;
};

// The error is IAM's sentence for MalformedPolicyDocument.
std::expected<Policy, std::string> parse_policy(std::string_view text, PolicyKind kind);

// Who asks, for what, and everything known around it.
struct PolicyRequest {
  std::string action;    // "s3:GetObject"
  std::string resource;  // an ARN or "*"
  // For policies with principals: every name the caller goes by (session, role, account), or the
  // service ("sagemaker.amazonaws.com").
  std::vector<std::string> aws_principals;
  std::string service_principal;
  // Condition keys in lower case; single-valued ones have one value.
  std::map<std::string, std::vector<std::string>> context;
};

enum class Decision { kImplicitDeny, kAllowed, kExplicitDeny };

struct NamedPolicy {
  std::string name;  // what SimulatePrincipalPolicy calls SourcePolicyId
  std::shared_ptr<const Policy> policy;
};

// One statement that had a say in a decision.
struct MatchedStatement {
  std::string policy;     // NamedPolicy::name
  std::string sid;        // "" when it has none
  std::size_t index = 0;  // in its document
  TextPosition begin, end;
};

struct Evaluation {
  Decision decision = Decision::kImplicitDeny;
  std::vector<MatchedStatement> matched;  // the denying statements, else those that allow
};

// All policies of one kind together: an explicit deny beats every allow.
Evaluation evaluate(std::span<const NamedPolicy> policies, const PolicyRequest& request);

// Keys that conditions of these policies ask for and `context` lacks.
std::set<std::string> missing_context_keys(std::span<const NamedPolicy> policies,
                                           const PolicyRequest& request);

// '*' any run, '?' any one character; linear but for the last '*'.
bool matches_wildcard(std::string_view pattern, std::string_view text);

}  // namespace clary::identity
