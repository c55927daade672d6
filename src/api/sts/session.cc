#include <algorithm>
#include <set>

#include "api/sts/operations.h"
#include "base/text.h"

namespace clary::api::sts {
namespace {

using identity::Principal;

// AWS's limit for a session's policies in plain text.
constexpr std::size_t kMaxPolicyCharacters = 2048;

[[noreturn]] void invalid(std::string_view message) {
  throw wire::ApiError("InvalidParameterValue", std::string(message), 400);
}

std::string policy_in(const json::object& input) {
  const std::string policy = string_or(input, "Policy");
  if (policy.empty()) return policy;
  const auto parsed = identity::parse_policy(policy, identity::PolicyKind::kIdentity);
  if (!parsed) throw wire::ApiError("MalformedPolicyDocument", parsed.error());
  if (policy.size() > kMaxPolicyCharacters) {
    throw wire::ApiError("PackedPolicyTooLarge",
                         "Packed size of session policies and tags consumes " +
                             std::to_string(policy.size() * 100 / kMaxPolicyCharacters) +
                             "% of allotted space.");
  }
  return policy;
}

std::vector<std::string> policy_arns_in(const StsStores& stores, const json::object& input,
                                        std::string_view account) {
  std::vector<std::string> arns;
  const json::array* const given = find_array(input, "PolicyArns");
  if (given == nullptr) return arns;
  for (const json::value& entry : *given) {
    std::string arn = string_or(entry.as_object(), "arn");
    const auto policy = stores.policies.find(arn);
    if (!policy || (policy->account != "aws" && policy->account != account)) {
      throw wire::ApiError("ValidationError",
                           "The session policy " + arn + " does not exist or is not attachable.",
                           400);
    }
    arns.push_back(std::move(arn));
  }
  constexpr std::size_t kMaxArns = 10;
  if (arns.size() > kMaxArns) {
    throw wire::ApiError("ValidationError", "PolicyArns has more than 10 policies.", 400);
  }
  return arns;
}

}  // namespace

void set_tags(SessionRequest& session, std::map<std::string, std::string> tags,
              std::vector<std::string> transitive) {
  constexpr std::size_t kMaxTags = 50;
  if (tags.size() > kMaxTags) invalid("A session has 50 tags at most.");
  std::set<std::string> keys;
  for (const auto& tag : tags) {
    if (!keys.insert(to_lower(tag.first)).second) {
      invalid("Duplicate tag keys found. Please note that Tag keys are case insensitive.");
    }
  }
  for (const std::string& key : transitive) {
    if (!keys.contains(to_lower(key))) {
      invalid("The specified transitive tag key must be included in the requested tags.");
    }
  }
  session.tags = std::move(tags);
  session.transitive_tags = std::move(transitive);
}

SessionRequest session_in(const StsStores& stores, const json::object& input,
                          std::string_view account) {
  SessionRequest session;
  session.policy = policy_in(input);
  session.policy_arns = policy_arns_in(stores, input, account);
  session.source_identity = string_or(input, "SourceIdentity");
  std::map<std::string, std::string> tags;
  std::vector<std::string> transitive;
  if (const json::array* const list = find_array(input, "Tags")) {
    for (const json::value& tag : *list) {
      if (!tags.emplace(string_or(tag.as_object(), "Key"), string_or(tag.as_object(), "Value"))
               .second) {
        invalid("Duplicate tag keys found. Please note that Tag keys are case insensitive.");
      }
    }
  }
  if (const json::array* const list = find_array(input, "TransitiveTagKeys")) {
    for (const json::value& key : *list) transitive.emplace_back(key.as_string());
  }
  set_tags(session, std::move(tags), std::move(transitive));
  return session;
}

identity::Context context_of(const json::object& input, const SessionRequest& session) {
  identity::Context context;
  context["sts:rolesessionname"] = {string_or(input, "RoleSessionName")};
  if (const auto id = find_string(input, "ExternalId")) {
    context["sts:externalid"] = {std::string(*id)};
  }
  if (!session.source_identity.empty()) context["sts:sourceidentity"] = {session.source_identity};
  for (const auto& [key, value] : session.tags) {
    context["aws:requesttag/" + to_lower(key)] = {value};
    context["aws:tagkeys"].push_back(key);
  }
  if (!session.transitive_tags.empty()) {
    context["sts:transitivetagkeys"] = session.transitive_tags;
  }
  return context;
}

Principal role_principal(const identity::Role& role, std::string_view name,
                         const SessionRequest& session, Timestamp now) {
  Principal principal;
  principal.kind = Principal::Kind::kAssumedRole;
  principal.account = role.account;
  principal.arn = "arn:aws:sts::" + role.account + ":assumed-role/" + role.name + "/";
  principal.arn += name;
  principal.user_id = role.id + ":" + std::string(name);
  principal.name = role.name;
  principal.session_policy = session.policy;
  principal.session_policy_arns = session.policy_arns;
  principal.session_tags = session.tags;
  principal.transitive_tags = session.transitive_tags;
  principal.source_identity = session.source_identity;
  principal.session_context["aws:tokenissuetime"] = iso8601(now);
  return principal;
}

std::chrono::seconds role_duration(const json::object& input, const identity::Role& role) {
  const auto seconds = find_int(input, "DurationSeconds").value_or(3600);
  if (seconds > role.max_session_seconds) {
    throw wire::ApiError(
        "ValidationError",
        "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.", 400);
  }
  return std::chrono::seconds(seconds);
}

json::object credentials_out(const identity::AccessKey& key) {
  return {{"AccessKeyId", key.id},
          {"SecretAccessKey", key.secret},
          {"SessionToken", key.session_token},
          {"Expiration", epoch_seconds(key.expires.value())}};
}

void show_packed_size(json::object& output, const SessionRequest& session) {
  std::size_t characters = session.policy.size();
  for (const std::string& arn : session.policy_arns) characters += arn.size();
  for (const auto& [key, value] : session.tags) characters += key.size() + value.size();
  if (characters == 0) return;
  output["PackedPolicySize"] =
      std::clamp<std::size_t>(characters * 100 / kMaxPolicyCharacters, 1, 100);
}

json::object role_session_out(const identity::AccessKey& key, const SessionRequest& session) {
  json::object output{{"Credentials", credentials_out(key)},
                      {"AssumedRoleUser", json::object{{"AssumedRoleId", key.principal->user_id},
                                                       {"Arn", key.principal->arn}}}};
  show_packed_size(output, session);
  if (!session.source_identity.empty()) output["SourceIdentity"] = session.source_identity;
  return output;
}

void refuse(const Call& call, std::string_view action, std::string_view resource) {
  throw wire::ApiError("AccessDenied",
                       "User: " + call.principal.arn + " is not authorized to perform: " +
                           std::string(action) + " on resource: " + std::string(resource),
                       403);
}

}  // namespace clary::api::sts
