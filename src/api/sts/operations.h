// STS's operations, by file, and what they share.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "api/call.h"
#include "api/sts/sts_service.h"

namespace clary::api::sts {

using Operation = json::object(const StsStores&, const json::object& input, Call& call);

// assume_role.cc
Operation assume_role;
// web_identity.cc
Operation assume_role_with_web_identity;
// user_sessions.cc
Operation get_session_token, get_federation_token;
// sts_service.cc
Operation get_caller_identity, get_access_key_info;

void keep_out_sessions(const Call& call);

// session.cc

// What a request asks its session to be.
struct SessionRequest {
  std::string policy;                    // "" for none
  std::vector<std::string> policy_arns;  // managed session policies
  std::map<std::string, std::string> tags;
  std::vector<std::string> transitive_tags;
  std::string source_identity;
};

// Policy, PolicyArns, Tags, TransitiveTagKeys and SourceIdentity, checked. `account` owns the
// managed policies.
SessionRequest session_in(const StsStores& stores, const json::object& input,
                          std::string_view account);
// Tags from elsewhere than the input (a token's claims), checked.
void set_tags(SessionRequest& session, std::map<std::string, std::string> tags,
              std::vector<std::string> transitive);
// aws:RequestTag/*, aws:TagKeys, sts:TransitiveTagKeys, sts:SourceIdentity, sts:RoleSessionName,
// sts:ExternalId.
identity::Context context_of(const json::object& input, const SessionRequest& session);

// A session of the role called `name`.
identity::Principal role_principal(const identity::Role& role, std::string_view name,
                                   const SessionRequest& session, Timestamp now);
// DurationSeconds against what the role allows.
std::chrono::seconds role_duration(const json::object& input, const identity::Role& role);
json::object credentials_out(const identity::AccessKey& key);
// Credentials, AssumedRoleUser, PackedPolicySize and SourceIdentity of a role's session.
json::object role_session_out(const identity::AccessKey& key, const SessionRequest& session);
// How much of what a session may carry it does, in percent.
void show_packed_size(json::object& output, const SessionRequest& session);
[[noreturn]] void refuse(const Call& call, std::string_view action, std::string_view resource);

}  // namespace clary::api::sts
