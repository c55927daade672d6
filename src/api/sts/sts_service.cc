#include "api/sts/sts_service.h"

#include "base/arn.h"
#include "identity/policy.h"

namespace clary::api {
namespace {

using identity::Principal;

json::object credentials_out(const identity::AccessKey& key) {
  return {{"AccessKeyId", key.id},
          {"SecretAccessKey", key.secret},
          {"SessionToken", key.session_token},
          {"Expiration", epoch_seconds(key.expires.value())}};
}

json::object get_caller_identity(const json::object&, Call& call) {
  return {{"UserId", call.principal.user_id},
          {"Account", call.principal.account},
          {"Arn", call.principal.arn}};
}

[[noreturn]] void refuse(const Call& call, std::string_view role_arn) {
  throw wire::ApiError(
      "AccessDenied",
      "User: " + call.principal.arn +
          " is not authorized to perform: sts:AssumeRole on resource: " + std::string(role_arn),
      403);
}

std::map<std::string, std::string> tags_in(const json::object& input) {
  std::map<std::string, std::string> tags;
  if (const json::array* const list = find_array(input, "Tags")) {
    for (const json::value& tag : *list) {
      tags.insert_or_assign(string_or(tag.as_object(), "Key"), string_or(tag.as_object(), "Value"));
    }
  }
  return tags;
}

std::string host_of(std::string_view peer) {
  const std::string_view host = peer.substr(0, peer.rfind(':'));
  return std::string(host.starts_with('[') && host.ends_with(']') ? host.substr(1, host.size() - 2)
                                                                  : host);
}

// Condition keys of an AssumeRole request.
std::map<std::string, std::vector<std::string>> context_of(
    const json::object& input, const Call& call, const std::map<std::string, std::string>& tags,
    const std::string& role_arn) {
  std::map<std::string, std::vector<std::string>> context;
  context["aws:principalarn"] = {role_arn.empty() ? call.principal.arn : role_arn};
  context["aws:principalaccount"] = {call.principal.account};
  context["aws:userid"] = {call.principal.user_id};
  context["aws:currenttime"] = {iso8601(call.now)};
  context["aws:epochtime"] = {std::to_string(static_cast<std::int64_t>(epoch_seconds(call.now)))};
  context["aws:securetransport"] = {call.request.tls ? "true" : "false"};
  context["aws:sourceip"] = {host_of(call.request.peer)};
  context["aws:requestedregion"] = {std::string(call.region)};
  context["sts:rolesessionname"] = {string_or(input, "RoleSessionName")};
  if (const auto id = find_string(input, "ExternalId")) {
    context["sts:externalid"] = {std::string(*id)};
  }
  if (const auto source = find_string(input, "SourceIdentity")) {
    context["sts:sourceidentity"] = {std::string(*source)};
  }
  for (const auto& [key, value] : tags) {
    context["aws:requesttag/" + to_lower(key)] = {value};
    context["aws:tagkeys"].push_back(key);
  }
  for (const auto& [key, value] : call.principal.session_tags) {
    context["aws:principaltag/" + to_lower(key)] = {value};
  }
  return context;
}

std::string session_policy_in(const json::object& input) {
  const std::string policy = string_or(input, "Policy");
  if (policy.empty()) return policy;
  const auto parsed = identity::parse_policy(policy, identity::PolicyKind::kIdentity);
  if (!parsed) throw wire::ApiError("MalformedPolicyDocument", parsed.error());
  return policy;
}

}  // namespace

std::vector<OperationEntry> StsService::operations() {
  const auto on = [this](json::object (StsService::*operation)(const json::object&, Call&)) {
    return [this, operation](const json::object& input, Call& call) {
      return (this->*operation)(input, call);
    };
  };
  return {
      {"GetCallerIdentity", get_caller_identity, {}, true},
      {"AssumeRole", on(&StsService::assume_role), {}},
      {"GetSessionToken", on(&StsService::get_session_token), {}},
      {"GetAccessKeyInfo", on(&StsService::get_access_key_info), {}},
  };
}

std::string StsService::role_arn_of(const Principal& principal) {
  if (principal.kind != Principal::Kind::kAssumedRole) return {};
  const auto role = roles_.find(principal.account, principal.name);
  return role ? role->arn : std::string();
}

json::object StsService::assume_role(const json::object& input, Call& call) {
  const std::string arn = string_or(input, "RoleArn");
  const std::string session = string_or(input, "RoleSessionName");
  if (find_array(input, "PolicyArns") != nullptr && !find_array(input, "PolicyArns")->empty()) {
    throw wire::ApiError(
        "ValidationError",
        "Managed session policies are not supported by Clary; give the permissions "
        "in Policy instead of PolicyArns.",
        400);
  }
  const auto role = roles_.find_by_arn(arn);
  // As on AWS, a role that is not there looks like one that does not trust the caller.
  if (!role) refuse(call, arn);
  const std::string caller_role = role_arn_of(call.principal);
  const auto tags = tags_in(input);
  identity::PolicyRequest request{.action = "sts:AssumeRole",
                                  .resource = arn,
                                  .aws_principals = {call.principal.arn},
                                  .service_principal = {},
                                  .context = context_of(input, call, tags, caller_role)};
  if (!caller_role.empty()) request.aws_principals.push_back(caller_role);
  request.aws_principals.push_back("arn:aws:iam::" + call.principal.account + ":root");
  const auto trust = identity::parse_policy(role->trust_policy, identity::PolicyKind::kTrust);
  if (!trust) refuse(call, arn);
  const identity::NamedPolicy named{.name = "trust",
                                    .policy = std::make_shared<const identity::Policy>(*trust)};
  const auto allowed = [&](std::string action) {
    request.action = std::move(action);
    return identity::evaluate(std::span(&named, 1), request).decision ==
           identity::Decision::kAllowed;
  };
  if (!allowed("sts:AssumeRole") || (!tags.empty() && !allowed("sts:TagSession"))) {
    refuse(call, arn);
  }
  const auto seconds = find_int(input, "DurationSeconds").value_or(3600);
  if (seconds > role->max_session_seconds) {
    throw wire::ApiError(
        "ValidationError",
        "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.", 400);
  }
  Principal principal;
  principal.kind = Principal::Kind::kAssumedRole;
  principal.account = role->account;
  principal.arn = "arn:aws:sts::" + role->account + ":assumed-role/" + role->name + "/" + session;
  principal.user_id = role->id + ":" + session;
  principal.name = role->name;
  principal.session_policy = session_policy_in(input);
  principal.session_tags = tags;
  const auto key = credentials_.create_session(principal, std::chrono::seconds(seconds));
  json::object output{{"Credentials", credentials_out(key)},
                      {"AssumedRoleUser",
                       json::object{{"AssumedRoleId", principal.user_id}, {"Arn", principal.arn}}}};
  if (!principal.session_policy.empty()) {
    // The share of the 2,048 characters that a session's policies may fill.
    output["PackedPolicySize"] = principal.session_policy.size() * 100 / 2048;
  }
  if (const auto source = find_string(input, "SourceIdentity")) output["SourceIdentity"] = *source;
  return output;
}

json::object StsService::get_session_token(const json::object& input, Call& call) {
  if (call.principal.kind == Principal::Kind::kAssumedRole) {
    throw wire::ApiError("AccessDenied", "Cannot call GetSessionToken with session credentials",
                         403);
  }
  const auto seconds = find_int(input, "DurationSeconds").value_or(12 * 3600);
  return {{"Credentials", credentials_out(credentials_.create_session(
                              call.principal, std::chrono::seconds(seconds)))}};
}

json::object StsService::get_access_key_info(const json::object& input, Call&) {
  const auto key = credentials_.find(string_or(input, "AccessKeyId"));
  if (key == nullptr) {
    throw wire::ApiError("ValidationError", "The specified AccessKeyId is not a valid access key.",
                         400);
  }
  return {{"Account", key->principal->account}};
}

}  // namespace clary::api
