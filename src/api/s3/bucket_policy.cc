#include "api/s3/bucket_policy.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/text.h"

namespace clary::api::s3 {
namespace {

using identity::Condition;
using identity::Policy;
using identity::PolicyStatement;

constexpr std::string_view kBucketArn = "arn:aws:s3:::";

bool twelve_digits(std::string_view text) {
  return text.size() == 12 && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// "*", an account, or the ARN of one root, user, role or session. No wildcard within.
bool valid_principal(std::string_view name) {
  if (name == "*" || twelve_digits(name)) return true;
  if (name.find_first_of("*?") != std::string_view::npos) return false;
  constexpr std::string_view kIam = "arn:aws:iam::", kSts = "arn:aws:sts::";
  // The unique id of a role or user, which S3 puts in place of one that is gone.
  if (name.starts_with("AROA") || name.starts_with("AIDA")) return true;
  const bool sts = name.starts_with(kSts);
  if (!sts && !name.starts_with(kIam)) return false;
  name.remove_prefix(kIam.size());
  if (name.size() < 14 || !twelve_digits(name.substr(0, 12)) || name[12] != ':') return false;
  name.remove_prefix(13);
  if (sts) return name.starts_with("assumed-role/") || name.starts_with("federated-user/");
  return name == "root" || (name.starts_with("user/") && name.size() > 5) ||
         (name.starts_with("role/") && name.size() > 5);
}

// Of this bucket or its objects. A pattern's wildcards count: "arn:aws:s3:::*" takes in every
// bucket.
bool names_bucket(std::string_view resource, std::string_view bucket) {
  if (!resource.starts_with(kBucketArn)) return false;
  resource.remove_prefix(kBucketArn.size());
  const auto slash = resource.find('/');
  if (slash == std::string_view::npos && resource.ends_with('*') &&
      identity::matches_wildcard(resource, std::string(bucket) + "/")) {
    return true;
  }
  return identity::matches_wildcard(resource.substr(0, slash), bucket);
}

// "" when S3 takes the statement.
std::string_view fault_of(const PolicyStatement& statement, std::string_view bucket) {
  if (statement.principals.empty()) return "Missing required field Principal";
  if (statement.resources.empty()) return "Missing required field Resource";
  if (statement.allow && statement.not_principal) {
    return "Allow with NotPrincipal is not allowed.";
  }
  for (const auto& [type, names] : statement.principals) {
    if (type != "AWS") continue;
    if (!std::ranges::all_of(names, valid_principal)) return "Invalid principal in policy";
  }
  const bool s3_only = std::ranges::all_of(statement.actions, [](std::string_view action) {
    return action == "*" || action.starts_with("s3:");
  });
  if (!s3_only) return "Policy has invalid action";
  const bool of_bucket = std::ranges::all_of(statement.resources, [&](std::string_view resource) {
    return names_bucket(resource, bucket);
  });
  return of_bucket ? "" : "Policy has invalid resource";
}

// AWS counts very broad networks as everybody: wider than /8, or /32 of IPv6.
bool narrow_network(std::string_view range) {
  const auto slash = range.find('/');
  if (slash == std::string_view::npos) return true;
  int bits = 0;
  const auto length = range.substr(slash + 1);
  const auto [end, error] = std::from_chars(length.data(), length.data() + length.size(), bits);
  if (error != std::errc() || end != length.data() + length.size()) return false;
  return bits >= (range.find(':') == std::string_view::npos ? 8 : 32);
}

bool fixed_value(const Condition& condition, std::string_view value) {
  if (condition.key == "aws:sourceip") return narrow_network(value);
  // A role's session may be called anything; the role's own id is fixed.
  if (condition.key == "aws:userid" && value.starts_with("AROA") && value.ends_with(":*")) {
    value.remove_suffix(2);
  }
  return !value.empty() && value.find_first_of("*?") == std::string_view::npos &&
         value.find("${") == std::string_view::npos;
}

// The condition admits only callers, networks or sources that it names.
bool holds_to_fixed_values(const Condition& condition) {
  constexpr std::array<std::string_view, 15> kKeys{"aws:principalaccount",
                                                   "aws:principalarn",
                                                   "aws:principalorgid",
                                                   "aws:principalorgpaths",
                                                   "aws:principalservicename",
                                                   "aws:sourceaccount",
                                                   "aws:sourcearn",
                                                   "aws:sourceip",
                                                   "aws:sourceowner",
                                                   "aws:sourcevpc",
                                                   "aws:sourcevpce",
                                                   "aws:userid",
                                                   "aws:username",
                                                   "s3:dataaccesspointaccount",
                                                   "s3:dataaccesspointarn"};
  constexpr std::array<std::string_view, 6> kPositive{
      "StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnEquals", "ArnLike", "IpAddress"};
  if (std::ranges::find(kKeys, condition.key) == kKeys.end() || condition.if_exists ||
      condition.set == Condition::Set::kForAllValues) {
    return false;
  }
  const bool positive = std::ranges::any_of(kPositive, [&](std::string_view operation) {
    return equals_ignore_case(operation, condition.operation);
  });
  return positive && std::ranges::all_of(condition.values, [&](const std::string& value) {
           return fixed_value(condition, value);
         });
}

bool names_everybody(const PolicyStatement& statement) {
  return std::ranges::any_of(statement.principals, [](const auto& entry) {
    const auto& [type, names] = entry;
    return type == "*" || (type == "AWS" && std::ranges::find(names, "*") != names.end());
  });
}

}  // namespace

std::expected<Policy, std::string> parse_bucket_policy(std::string_view text,
                                                       std::string_view bucket) {
  boost::system::error_code error;
  if (!text.starts_with('{') || (json::parse(text, error), error)) {
    return std::unexpected("Policies must be valid JSON and the first byte must be '{'");
  }
  auto policy = identity::parse_policy(text, identity::PolicyKind::kResource);
  if (!policy) return policy;
  for (const PolicyStatement& statement : policy->statements) {
    const auto fault = fault_of(statement, bucket);
    if (!fault.empty()) return std::unexpected(std::string(fault));
  }
  return policy;
}

bool is_public(const Policy& policy) {
  return std::ranges::any_of(policy.statements, [](const PolicyStatement& statement) {
    return statement.allow && (names_everybody(statement) || statement.not_principal) &&
           std::ranges::none_of(statement.conditions, holds_to_fixed_values);
  });
}

}  // namespace clary::api::s3
