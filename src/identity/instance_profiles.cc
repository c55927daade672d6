#include "identity/instance_profiles.h"

#include "base/random.h"

namespace clary::identity {
namespace {

json::object body_of(const InstanceProfile& profile) {
  return {{"roles", array_of(profile.role_names)}, {"tags", object_of(profile.tags)}};
}

InstanceProfile profile_of(const EntityRow& row) {
  return {.account = row.account,
          .name = row.name,
          .path = row.path,
          .id = row.id,
          .arn = row.arn,
          .created = row.created,
          .role_names = list_of(find_array(row.body, "roles")),
          .tags = map_of(find_object(row.body, "tags"))};
}

std::vector<InstanceProfile> profiles_of(const std::vector<EntityRow>& rows) {
  std::vector<InstanceProfile> profiles;
  profiles.reserve(rows.size());
  for (const EntityRow& row : rows) profiles.push_back(profile_of(row));
  return profiles;
}

}  // namespace

bool InstanceProfiles::create(InstanceProfile& profile) {
  profile.id = "AIPA" + random_id(17);
  profile.arn =
      "arn:aws:iam::" + profile.account + ":instance-profile" + profile.path + profile.name;
  EntityRow row{.account = profile.account,
                .name = profile.name,
                .path = profile.path,
                .id = profile.id,
                .arn = profile.arn,
                .created = {},
                .body = body_of(profile)};
  if (!table_.create(row)) return false;
  profile.created = row.created;
  return true;
}

std::optional<InstanceProfile> InstanceProfiles::find(std::string_view account,
                                                      std::string_view name) {
  const auto row = table_.find(account, name);
  return row ? std::optional(profile_of(*row)) : std::nullopt;
}

std::optional<InstanceProfile> InstanceProfiles::update(
    std::string_view account, std::string_view name,
    const std::function<void(InstanceProfile&)>& change) {
  const auto row = table_.update(account, name, [&](EntityRow& stored) {
    InstanceProfile profile = profile_of(stored);
    change(profile);
    stored.body = body_of(profile);
  });
  return row ? std::optional(profile_of(*row)) : std::nullopt;
}

bool InstanceProfiles::remove(std::string_view account, std::string_view name,
                              const std::function<void(const InstanceProfile&)>& check) {
  return table_.remove(account, name, [&](const EntityRow& row) { check(profile_of(row)); });
}

std::vector<InstanceProfile> InstanceProfiles::list(std::string_view account,
                                                    std::string_view path_prefix,
                                                    std::string_view after, std::size_t limit) {
  return profiles_of(table_.list(account, path_prefix, after, limit));
}

std::vector<InstanceProfile> InstanceProfiles::of_role(std::string_view account,
                                                       std::string_view role_name) {
  return profiles_of(table_.list_having(account, "$.roles", role_name));
}

}  // namespace clary::identity
