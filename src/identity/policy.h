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
  std::string operation;            // "StringEquals", without prefix and suffix
  std::size_t operation_index = 0;  // of it, as policy_conditions.h counts
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
  // Has conditions or policy variables: cannot be decided without the keys of the request.
  bool needs_context = false;
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
  // For policies with principals: the names of the caller itself (user, session, unique id), of
  // the role that a session is of, and of the account that it belongs to.
  std::vector<std::string> aws_principals;
  std::vector<std::string> role_principals = {};
  std::vector<std::string> account_principals = {};
  std::string canonical_user = {};       // of the account, as S3 shows it
  std::string service_principal;         // "sagemaker.amazonaws.com" when a service asks
  std::string federated_principal = {};  // the identity provider's ARN or name for a web identity
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

MatchedStatement matched(const NamedPolicy& named, std::size_t index);

struct Evaluation {
  Decision decision = Decision::kImplicitDeny;
  std::vector<MatchedStatement> matched;  // the denying statements, else those that allow
};

// How closely a statement names the caller. A statement that names only the account leaves it to
// the account's own policies who may (IAM's "Principal" element: account principals).
enum class Named { kNot, kAccount, kRole, kCaller };

// Whether a statement of `policy` applies to the request at all, and how it names the caller
// (kCaller for policies without principals); kNot when it does not apply. `lower_action` is the
// request's action in lower case.
Named applies(const Policy& policy, const PolicyStatement& statement, const PolicyRequest& request,
              std::string_view lower_action);
bool action_listed(const PolicyStatement& statement, std::string_view lower_action);

// All policies of one kind together: an explicit deny beats every allow.
Evaluation evaluate(std::span<const NamedPolicy> policies, const PolicyRequest& request);

// Keys that conditions of these policies ask for and `context` lacks.
std::set<std::string> missing_context_keys(std::span<const NamedPolicy> policies,
                                           const PolicyRequest& request);

// '*' any run, '?' any one character; linear but for the last '*'.
bool matches_wildcard(std::string_view pattern, std::string_view text);

}  // namespace clary::identity
