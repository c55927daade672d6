#include <algorithm>

#include "api/access.h"
#include "api/sts/operations.h"
#include "base/text.h"

namespace clary::api::sts {
namespace {

using identity::Principal;

// A session that assumes the next role: its transitive tags and source identity go on.
void inherit(SessionRequest& session, const Principal& caller) {
  for (const std::string& key : caller.transitive_tags) {
    const auto same = [&](const auto& tag) { return equals_ignore_case(tag.first, key); };
    if (std::ranges::any_of(session.tags, same)) {
      throw wire::ApiError("InvalidParameterValue",
                           "One of the specified transitive tag keys can't be set because it "
                           "conflicts with a transitive tag key from the calling session.",
                           400);
    }
    const auto inherited = caller.session_tags.find(key);
    if (inherited == caller.session_tags.end()) continue;
    session.tags.insert(*inherited);
    session.transitive_tags.push_back(key);
  }
  if (caller.source_identity.empty()) return;
  if (!session.source_identity.empty() && session.source_identity != caller.source_identity) {
    throw wire::ApiError("AccessDenied",
                         "The SourceIdentity of a session cannot be changed when it assumes a "
                         "role.",
                         403);
  }
  session.source_identity = caller.source_identity;
}

void check_chaining(const json::object& input, const Principal& caller) {
  constexpr std::int64_t kChained = 3600;
  const bool chained = caller.temporary && caller.kind == Principal::Kind::kAssumedRole;
  if (chained && find_int(input, "DurationSeconds").value_or(kChained) > kChained) {
    throw wire::ApiError("ValidationError",
                         "The requested DurationSeconds exceeds the 1 hour session limit for "
                         "roles assumed by role chaining.",
                         400);
  }
}

}  // namespace

json::object assume_role(const StsStores& stores, const json::object& input, Call& call) {
  const std::string arn = string_or(input, "RoleArn");
  if (call.principal.kind == Principal::Kind::kRoot) {
    throw wire::ApiError("AccessDenied", "Roles may not be assumed by root accounts.", 403);
  }
  const auto role = stores.roles.find_by_arn(arn);
  // As on AWS, a role that is not there looks like one that does not trust the caller.
  if (!role) refuse(call, "sts:AssumeRole", arn);
  SessionRequest session = session_in(stores, input, role->account);
  const bool tagged = !session.tags.empty();
  const bool named = !session.source_identity.empty();
  inherit(session, call.principal);
  const auto trust = identity::parse_policy(role->trust_policy, identity::PolicyKind::kTrust);
  if (!trust) refuse(call, "sts:AssumeRole", arn);
  const auto policy = std::make_shared<const identity::Policy>(*trust);
  const auto require = [&](std::string action) {
    const identity::AccessRequest request{.action = std::move(action),
                                          .resource = arn,
                                          .resource_account = role->account,
                                          .context = context_of(input, session),
                                          .more_context = {},
                                          .resource_policy = policy,
                                          .resource_policy_required = true};
    if (!check_access(call, request).allowed) refuse(call, request.action, arn);
  };
  require("sts:AssumeRole");
  if (tagged) require("sts:TagSession");
  if (named) require("sts:SetSourceIdentity");
  check_chaining(input, call.principal);
  const std::chrono::seconds duration = role_duration(input, *role);
  const auto key = stores.credentials.create_session(
      role_principal(*role, string_or(input, "RoleSessionName"), session, call.now), duration);
  return role_session_out(key, session);
}

}  // namespace clary::api::sts
