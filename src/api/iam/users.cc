#include "api/iam/operations.h"

namespace clary::api::iam {
namespace {

using identity::Principal;

constexpr std::size_t kMaxUsers = 5000;

[[noreturn]] void throw_taken(std::string_view name) {
  throw wire::ApiError("EntityAlreadyExists",
                       "User with name " + std::string(name) + " already exists.");
}

json::object root_user(const Call& call) {
  return {{"UserId", call.principal.user_id},
          {"Arn", call.principal.arn},
          {"Path", "/"},
          {"UserName", "root"},
          {"CreateDate", 0}};
}

}  // namespace

json::object shown(const identity::User& user, Detail detail) {
  json::object object{{"Path", user.path},
                      {"UserName", user.name},
                      {"UserId", user.id},
                      {"Arn", user.arn},
                      {"CreateDate", epoch_seconds(user.created)}};
  if (detail == Detail::kListed) return object;
  if (!user.tags.empty()) object["Tags"] = tags_out(user.tags);
  show_boundary(object, user);
  return object;
}

json::object create_user(const IamStores& stores, const json::object& input, Call& call) {
  identity::User user;
  user.account = call.account;
  user.name = required(input, "UserName");
  user.path = string_or(input, "Path", "/");
  user.tags = tags_in(input);
  check_tag_count("User", user.tags);
  user.permissions_boundary = boundary_in(stores, call, input);
  if (stores.users.count(call.account) >= kMaxUsers) throw_over_quota("UsersPerAccount", kMaxUsers);
  if (!stores.users.create(user)) throw_taken(user.name);
  return {{"User", shown(user, Detail::kWhole)}};
}

json::object get_user(const IamStores& stores, const json::object& input, Call& call) {
  if (find_string(input, "UserName")) {
    const identity::User user = user_or_throw(stores, input, call);
    json::object object = shown(user, Detail::kWhole);
    if (const auto used = stores.logins.last_used(user.id)) {
      object["PasswordLastUsed"] = epoch_seconds(*used);
    }
    return {{"User", std::move(object)}};
  }
  switch (call.principal.kind) {
    case Principal::Kind::kRoot:
      return {{"User", root_user(call)}};
    case Principal::Kind::kUser:
      return get_user(stores, {{"UserName", call.principal.name}}, call);
    default:
      throw wire::ApiError("ValidationError",
                           "Must specify userName when calling with non-User credentials", 400);
  }
}

json::object list_users(const IamStores& stores, const json::object& input, Call& call) {
  const Paging paging = paging_in(input);
  json::array items;
  for (const identity::User& user : stores.users.list(
           call.account, string_or(input, "PathPrefix", "/"), paging.after, paging.limit + 1)) {
    json::object object = shown(user, Detail::kListed);
    if (const auto used = stores.logins.last_used(user.id)) {
      object["PasswordLastUsed"] = epoch_seconds(*used);
    }
    items.push_back(std::move(object));
  }
  json::object output;
  paging_out(output, "Users", std::move(items), paging,
             [](const json::value& user) { return string_or(user.as_object(), "UserName"); });
  return output;
}

json::object update_user(const IamStores& stores, const json::object& input, Call& call) {
  const identity::User before = user_or_throw(stores, input, call);
  const auto after = stores.users.update(call.account, before.name, [&](identity::User& user) {
    user.path = string_or(input, "NewPath", user.path);
    user.name = string_or(input, "NewUserName", user.name);
  });
  if (!after) {
    if (after.error() == identity::Unchanged::kAbsent) throw_no_such(Entity::kUser, before.name);
    throw_taken(string_or(input, "NewUserName"));
  }
  if (after->arn != before.arn) {
    // Its keys go on working under the new name.
    Principal principal;
    principal.arn = after->arn;
    principal.name = after->name;
    stores.credentials.rename(before.arn, principal);
  }
  return {};
}

json::object delete_user(const IamStores& stores, const json::object& input, Call& call) {
  const identity::User found = user_or_throw(stores, input, call);
  const auto conflict = [](std::string_view what) {
    throw wire::ApiError("DeleteConflict",
                         "Cannot delete entity, must " + std::string(what) + " first.");
  };
  if (!stores.credentials.keys_of(found.arn).empty()) conflict("delete access keys");
  if (stores.logins.find(found.id)) conflict("delete login profile");
  const bool removed =
      stores.users.remove(call.account, found.name, [&](const identity::User& user) {
        if (!user.group_ids.empty()) conflict("remove users from group");
        if (!user.attached_policy_arns.empty()) conflict("detach all policies");
        if (!user.inline_policies.empty()) conflict("delete policies");
      });
  if (!removed) throw_no_such(Entity::kUser, found.name);
  // Sessions that the user took end with it.
  stores.credentials.remove_all_of(found.arn);
  return {};
}

}  // namespace clary::api::iam
