#include <algorithm>

#include "api/iam/operations.h"

namespace clary::api::iam {
namespace {

constexpr std::size_t kMaxGroups = 300, kMaxGroupsOfUser = 10;

[[noreturn]] void throw_taken(std::string_view name) {
  throw wire::ApiError("EntityAlreadyExists",
                       "Group with name " + std::string(name) + " already exists.");
}

}  // namespace

json::object shown(const identity::Group& group) {
  return {{"Path", group.path},
          {"GroupName", group.name},
          {"GroupId", group.id},
          {"Arn", group.arn},
          {"CreateDate", epoch_seconds(group.created)}};
}

json::object create_group(const IamStores& stores, const json::object& input, Call& call) {
  identity::Group group;
  group.account = call.account;
  group.name = required(input, "GroupName");
  group.path = string_or(input, "Path", "/");
  if (stores.groups.count(call.account) >= kMaxGroups) {
    throw_over_quota("GroupsPerAccount", kMaxGroups);
  }
  if (!stores.groups.create(group)) throw_taken(group.name);
  return {{"Group", shown(group)}};
}

json::object get_group(const IamStores& stores, const json::object& input, Call& call) {
  const identity::Group group = group_or_throw(stores, input, call);
  std::map<std::string, identity::User> members;
  for (identity::User& user : stores.users.members_of(group)) {
    members.emplace(user.name, std::move(user));
  }
  std::vector<std::string> names;
  for (const auto& member : members) names.push_back(member.first);
  json::object output{{"Group", shown(group)}};
  page_of_names(output, "Users", names, paging_in(input),
                [&](const std::string& name) { return shown(members.at(name), Detail::kListed); });
  return output;
}

json::object list_groups(const IamStores& stores, const json::object& input, Call& call) {
  const Paging paging = paging_in(input);
  json::array items;
  for (const identity::Group& group : stores.groups.list(
           call.account, string_or(input, "PathPrefix", "/"), paging.after, paging.limit + 1)) {
    items.push_back(shown(group));
  }
  json::object output;
  paging_out(output, "Groups", std::move(items), paging,
             [](const json::value& group) { return string_or(group.as_object(), "GroupName"); });
  return output;
}

json::object update_group(const IamStores& stores, const json::object& input, Call& call) {
  const std::string name = required(input, "GroupName");
  const auto updated = stores.groups.update(call.account, name, [&](identity::Group& group) {
    group.path = string_or(input, "NewPath", group.path);
    group.name = string_or(input, "NewGroupName", group.name);
  });
  if (!updated) {
    if (updated.error() == identity::Unchanged::kAbsent) throw_no_such(Entity::kGroup, name);
    throw_taken(string_or(input, "NewGroupName"));
  }
  return {};
}

json::object delete_group(const IamStores& stores, const json::object& input, Call& call) {
  const identity::Group found = group_or_throw(stores, input, call);
  const auto conflict = [](std::string_view what) {
    throw wire::ApiError("DeleteConflict",
                         "Cannot delete entity, must " + std::string(what) + " first.");
  };
  if (!stores.users.members_of(found).empty()) conflict("remove users from group");
  const bool removed =
      stores.groups.remove(call.account, found.name, [&](const identity::Group& group) {
        if (!group.attached_policy_arns.empty()) conflict("detach all policies");
        if (!group.inline_policies.empty()) conflict("delete policies");
      });
  if (!removed) throw_no_such(Entity::kGroup, found.name);
  return {};
}

json::object add_user_to_group(const IamStores& stores, const json::object& input, Call& call) {
  const identity::Group group = group_or_throw(stores, input, call);
  const std::string name = required(input, "UserName");
  const auto updated = stores.users.update(call.account, name, [&](identity::User& user) {
    auto& ids = user.group_ids;
    if (std::ranges::find(ids, group.id) != ids.end()) return;
    if (ids.size() >= kMaxGroupsOfUser) throw_over_quota("GroupsPerUser", kMaxGroupsOfUser);
    ids.push_back(group.id);
  });
  if (!updated) throw_no_such(Entity::kUser, name);
  return {};
}

json::object remove_user_from_group(const IamStores& stores, const json::object& input,
                                    Call& call) {
  const identity::Group group = group_or_throw(stores, input, call);
  const std::string name = required(input, "UserName");
  std::size_t removed = 0;
  const auto updated = stores.users.update(call.account, name, [&](identity::User& user) {
    removed = std::erase(user.group_ids, group.id);
  });
  if (!updated) throw_no_such(Entity::kUser, name);
  if (removed == 0) {
    throw wire::ApiError("NoSuchEntity", "User " + name + " not in group " + group.name);
  }
  return {};
}

json::object list_groups_for_user(const IamStores& stores, const json::object& input, Call& call) {
  std::map<std::string, identity::Group> groups;
  for (identity::Group& group : stores.groups.of(user_or_throw(stores, input, call))) {
    groups.emplace(group.name, std::move(group));
  }
  std::vector<std::string> names;
  for (const auto& group : groups) names.push_back(group.first);
  json::object output;
  page_of_names(output, "Groups", names, paging_in(input),
                [&](const std::string& name) { return shown(groups.at(name)); });
  return output;
}

}  // namespace clary::api::iam
