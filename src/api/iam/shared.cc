#include <algorithm>

#include "api/iam/operations.h"
#include "identity/console_sessions.h"

namespace clary::api::iam {

std::string_view noun(Entity entity) {
  switch (entity) {
    case Entity::kUser:
      return "user";
    case Entity::kGroup:
      return "group";
    case Entity::kRole:
      break;
  }
  return "role";
}

std::string_view name_member(Entity entity) {
  switch (entity) {
    case Entity::kUser:
      return "UserName";
    case Entity::kGroup:
      return "GroupName";
    case Entity::kRole:
      break;
  }
  return "RoleName";
}

void throw_no_such(Entity entity, std::string_view name) {
  throw wire::ApiError("NoSuchEntity", "The " + std::string(noun(entity)) + " with name " +
                                           std::string(name) + " cannot be found.");
}

void throw_over_quota(std::string_view what, std::size_t limit) {
  throw wire::ApiError("LimitExceeded", "Cannot exceed quota for " + std::string(what) + ": " +
                                            std::to_string(limit));
}

identity::Role role_or_throw(const IamStores& stores, const json::object& input, const Call& call) {
  const std::string name = required(input, "RoleName");
  auto role = stores.roles.find(call.account, name);
  if (!role) throw_no_such(Entity::kRole, name);
  return *std::move(role);
}

identity::User user_or_throw(const IamStores& stores, const json::object& input, const Call& call) {
  const std::string name = required(input, "UserName");
  auto user = stores.users.find(call.account, name);
  if (!user) throw_no_such(Entity::kUser, name);
  return *std::move(user);
}

identity::Group group_or_throw(const IamStores& stores, const json::object& input,
                               const Call& call) {
  const std::string name = required(input, "GroupName");
  auto group = stores.groups.find(call.account, name);
  if (!group) throw_no_such(Entity::kGroup, name);
  return *std::move(group);
}

identity::PolicyHolder holder_or_throw(Entity entity, const IamStores& stores,
                                       const json::object& input, const Call& call) {
  switch (entity) {
    case Entity::kUser:
      return user_or_throw(stores, input, call);
    case Entity::kGroup:
      return group_or_throw(stores, input, call);
    case Entity::kRole:
      break;
  }
  return role_or_throw(stores, input, call);
}

identity::Role update_role_or_throw(const IamStores& stores, const json::object& input,
                                    const Call& call,
                                    const std::function<void(identity::Role&)>& change) {
  const std::string name = required(input, "RoleName");
  auto role = stores.roles.update(call.account, name, change);
  if (!role) throw_no_such(Entity::kRole, name);
  return *std::move(role);
}

void change_holder_or_throw(Entity entity, const IamStores& stores, const json::object& input,
                            const Call& call,
                            const std::function<void(identity::PolicyHolder&)>& change) {
  const std::string name = required(input, name_member(entity));
  bool found = false;
  switch (entity) {
    case Entity::kUser:
      found = stores.users.update(call.account, name, change).has_value();
      break;
    case Entity::kGroup:
      found = stores.groups.update(call.account, name, change).has_value();
      break;
    case Entity::kRole:
      found = stores.roles.update(call.account, name, change).has_value();
      break;
  }
  if (!found) throw_no_such(entity, name);
}

identity::ManagedPolicy attachable_policy(const IamStores& stores, const Call& call,
                                          const std::string& arn) {
  auto policy = stores.policies.find(arn);
  if (!policy || (policy->account != "aws" && policy->account != call.account)) {
    throw wire::ApiError("NoSuchEntity", "Policy " + arn + " does not exist or is not attachable.");
  }
  return *std::move(policy);
}

std::string boundary_in(const IamStores& stores, const Call& call, const json::object& input) {
  const std::string arn = string_or(input, "PermissionsBoundary");
  if (!arn.empty()) {
    const auto policy = stores.policies.find(arn);
    if (!policy || (policy->account != "aws" && policy->account != call.account)) {
      throw wire::ApiError("NoSuchEntity",
                           "Scope ARN: " + arn + " does not exist or is not attachable.");
    }
  }
  return arn;
}

void show_boundary(json::object& shown, const identity::PolicyHolder& holder) {
  if (holder.permissions_boundary.empty()) return;
  shown["PermissionsBoundary"] =
      json::object{{"PermissionsBoundaryType", "Policy"},
                   {"PermissionsBoundaryArn", holder.permissions_boundary}};
}

std::size_t counted_characters(std::string_view document) {
  return static_cast<std::size_t>(std::ranges::count_if(
      document, [](char c) { return c != ' ' && c != '\n' && c != '\t' && c != '\r'; }));
}

void check_tag_count(std::string_view entity, const std::map<std::string, std::string>& tags) {
  constexpr std::size_t kMaxTags = 50;
  if (tags.size() > kMaxTags) throw_over_quota("TagsPer" + std::string(entity), kMaxTags);
}

void check_policy(std::string_view document, identity::PolicyKind kind) {
  const auto policy = identity::parse_policy(document, kind);
  if (!policy) throw wire::ApiError("MalformedPolicyDocument", policy.error());
}

std::string encoded_document(std::string_view document) {
  return uri_encode(document);
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

json::array tags_out(const std::map<std::string, std::string>& tags) {
  json::array list;
  for (const auto& [key, value] : tags) {
    list.push_back(json::object{{"Key", key}, {"Value", value}});
  }
  return list;
}

std::string required(const json::object& input, std::string_view name) {
  return string_or(input, name);
}

void keep_out_sessions(const Call& call) {
  const identity::Principal& principal = call.principal;
  if (!principal.temporary || principal.kind == identity::Principal::Kind::kAssumedRole) return;
  if (principal.session_context.contains(std::string(identity::kConsoleContext))) return;
  throw wire::ApiError("InvalidClientTokenId",
                       "The security token included in the request is invalid.", 403);
}

std::string_view peer_host(const Call& call) {
  const std::string_view peer = call.request.peer;
  return peer.substr(0, peer.rfind(':'));
}

Paging paging_in(const json::object& input) {
  Paging paging;
  if (const auto limit = find_int(input, "MaxItems")) {
    paging.limit = static_cast<std::size_t>(std::clamp<std::int64_t>(*limit, 1, 1000));
  }
  if (const auto marker = find_string(input, "Marker")) {
    const auto after = unbase64(*marker);
    if (!after) throw wire::ApiError("ValidationError", "Invalid Marker.", 400);
    paging.after = *after;
  }
  return paging;
}

void paging_out(json::object& output, std::string_view list_name, json::array items,
                const Paging& paging, const std::function<std::string(const json::value&)>& name) {
  const bool truncated = items.size() > paging.limit;
  if (truncated) {
    items.resize(paging.limit);
    output["Marker"] = base64(name(items.back()));
  }
  output["IsTruncated"] = truncated;
  output[list_name] = std::move(items);
}

void page_of_names(json::object& output, std::string_view list_name,
                   const std::vector<std::string>& names, const Paging& paging,
                   const std::function<json::value(const std::string&)>& item) {
  json::array items;
  std::string last;
  bool truncated = false;
  for (const std::string& name : names) {
    if (name <= paging.after) continue;
    truncated = items.size() == paging.limit;
    if (truncated) break;
    items.push_back(item(name));
    last = name;
  }
  if (truncated) output["Marker"] = base64(last);
  output["IsTruncated"] = truncated;
  output[list_name] = std::move(items);
}

void page_of_tags(json::object& output, const json::object& input,
                  const std::map<std::string, std::string>& tags) {
  std::vector<std::string> keys;
  for (const auto& tag : tags) keys.push_back(tag.first);
  page_of_names(output, "Tags", keys, paging_in(input), [&](const std::string& key) {
    return json::object{{"Key", key}, {"Value", tags.at(key)}};
  });
}

}  // namespace clary::api::iam
