#include <algorithm>

#include "api/iam/operations.h"

namespace clary::api::iam {
namespace {

using identity::InstanceProfile;

constexpr std::size_t kMaxProfiles = 1000;

std::string name_in(const json::object& input) {
  return required(input, "InstanceProfileName");
}

[[noreturn]] void throw_no_profile(std::string_view name) {
  throw wire::ApiError("NoSuchEntity",
                       "Instance Profile " + std::string(name) + " cannot be found.");
}

InstanceProfile profile_or_throw(const IamStores& stores, const json::object& input,
                                 const Call& call) {
  const std::string name = name_in(input);
  auto profile = stores.profiles.find(call.account, name);
  if (!profile) throw_no_profile(name);
  return *std::move(profile);
}

void change_or_throw(const IamStores& stores, const json::object& input, const Call& call,
                     const std::function<void(InstanceProfile&)>& change) {
  const std::string name = name_in(input);
  if (!stores.profiles.update(call.account, name, change)) throw_no_profile(name);
}

}  // namespace

json::object shown(const IamStores& stores, const InstanceProfile& profile) {
  json::array roles;
  for (const std::string& name : profile.role_names) {
    if (const auto role = stores.roles.find(profile.account, name)) {
      roles.push_back(shown(*role, Detail::kListed));
    }
  }
  json::object object{{"Path", profile.path},
                      {"InstanceProfileName", profile.name},
                      {"InstanceProfileId", profile.id},
                      {"Arn", profile.arn},
                      {"CreateDate", epoch_seconds(profile.created)},
                      {"Roles", std::move(roles)}};
  if (!profile.tags.empty()) object["Tags"] = tags_out(profile.tags);
  return object;
}

json::object create_instance_profile(const IamStores& stores, const json::object& input,
                                     Call& call) {
  InstanceProfile profile;
  profile.account = call.account;
  profile.name = name_in(input);
  profile.path = string_or(input, "Path", "/");
  profile.tags = tags_in(input);
  check_tag_count("InstanceProfile", profile.tags);
  if (stores.profiles.count(call.account) >= kMaxProfiles) {
    throw_over_quota("InstanceProfilesPerAccount", kMaxProfiles);
  }
  if (!stores.profiles.create(profile)) {
    throw wire::ApiError("EntityAlreadyExists",
                         "Instance Profile " + profile.name + " already exists.");
  }
  return {{"InstanceProfile", shown(stores, profile)}};
}

json::object get_instance_profile(const IamStores& stores, const json::object& input, Call& call) {
  return {{"InstanceProfile", shown(stores, profile_or_throw(stores, input, call))}};
}

json::object list_instance_profiles(const IamStores& stores, const json::object& input,
                                    Call& call) {
  const Paging paging = paging_in(input);
  json::array items;
  for (const InstanceProfile& profile : stores.profiles.list(
           call.account, string_or(input, "PathPrefix", "/"), paging.after, paging.limit + 1)) {
    json::object object = shown(stores, profile);
    object.erase("Tags");
    items.push_back(std::move(object));
  }
  json::object output;
  paging_out(output, "InstanceProfiles", std::move(items), paging, [](const json::value& profile) {
    return string_or(profile.as_object(), "InstanceProfileName");
  });
  return output;
}

json::object list_instance_profiles_for_role(const IamStores& stores, const json::object& input,
                                             Call& call) {
  const identity::Role role = role_or_throw(stores, input, call);
  std::map<std::string, InstanceProfile> profiles;
  std::vector<std::string> names;
  for (InstanceProfile& profile : stores.profiles.of_role(call.account, role.name)) {
    names.push_back(profile.name);
    profiles.emplace(profile.name, std::move(profile));
  }
  std::ranges::sort(names);
  json::object output;
  page_of_names(output, "InstanceProfiles", names, paging_in(input),
                [&](const std::string& name) { return shown(stores, profiles.at(name)); });
  return output;
}

json::object delete_instance_profile(const IamStores& stores, const json::object& input,
                                     Call& call) {
  const std::string name = name_in(input);
  const bool removed =
      stores.profiles.remove(call.account, name, [](const InstanceProfile& profile) {
        if (profile.role_names.empty()) return;
        throw wire::ApiError(
            "DeleteConflict",
            "Cannot delete entity, must remove roles from instance profile first.");
      });
  if (!removed) throw_no_profile(name);
  return {};
}

json::object add_role_to_instance_profile(const IamStores& stores, const json::object& input,
                                          Call& call) {
  const identity::Role role = role_or_throw(stores, input, call);
  change_or_throw(stores, input, call, [&](InstanceProfile& profile) {
    if (!profile.role_names.empty()) throw_over_quota("InstanceSessionsPerInstanceProfile", 1);
    profile.role_names.push_back(role.name);
  });
  return {};
}

json::object remove_role_from_instance_profile(const IamStores& stores, const json::object& input,
                                               Call& call) {
  const identity::Role role = role_or_throw(stores, input, call);
  std::size_t removed = 0;
  change_or_throw(stores, input, call, [&](InstanceProfile& profile) {
    removed = std::erase(profile.role_names, role.name);
  });
  if (removed == 0) throw_no_such(Entity::kRole, role.name);
  return {};
}

json::object tag_instance_profile(const IamStores& stores, const json::object& input, Call& call) {
  const auto tags = tags_in(input);
  change_or_throw(stores, input, call, [&](InstanceProfile& profile) {
    for (const auto& [key, value] : tags) profile.tags[key] = value;
    check_tag_count("InstanceProfile", profile.tags);
  });
  return {};
}

json::object untag_instance_profile(const IamStores& stores, const json::object& input,
                                    Call& call) {
  change_or_throw(stores, input, call, [&](InstanceProfile& profile) {
    for (const json::value& key : *find_array(input, "TagKeys")) {
      profile.tags.erase(std::string(key.as_string()));
    }
  });
  return {};
}

json::object list_instance_profile_tags(const IamStores& stores, const json::object& input,
                                        Call& call) {
  json::object output;
  page_of_tags(output, input, profile_or_throw(stores, input, call).tags);
  return output;
}

}  // namespace clary::api::iam
