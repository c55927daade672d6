#include "identity/users.h"

#include <algorithm>

#include "base/random.h"

namespace clary::identity {
namespace {

constexpr std::size_t kAll = 1000000;

std::string arn_of(std::string_view type, const PolicyHolder& holder) {
  return "arn:aws:iam::" + holder.account + ":" + std::string(type) + holder.path + holder.name;
}

EntityRow row_of(const PolicyHolder& holder, json::object body) {
  return {.account = holder.account,
          .name = holder.name,
          .path = holder.path,
          .id = holder.id,
          .arn = holder.arn,
          .created = holder.created,
          .body = std::move(body)};
}

EntityRow row_of(const User& user) {
  json::object body = body_of(user);
  body["groups"] = array_of(user.group_ids);
  return row_of(user, std::move(body));
}

EntityRow row_of(const Group& group) {
  return row_of(group, body_of(group));
}

template <class Entity>
Entity entity_of(const EntityRow& row) {
  Entity entity;
  read_holder(entity, row);
  if constexpr (requires { entity.group_ids; }) {
    entity.group_ids = list_of(find_array(row.body, "groups"));
  }
  return entity;
}

template <class Entity>
std::optional<Entity> entity_of(const std::optional<EntityRow>& row) {
  return row ? std::optional(entity_of<Entity>(*row)) : std::nullopt;
}

template <class Entity>
std::vector<Entity> entities_of(const std::vector<EntityRow>& rows) {
  std::vector<Entity> entities;
  entities.reserve(rows.size());
  for (const EntityRow& row : rows) entities.push_back(entity_of<Entity>(row));
  return entities;
}

template <class Entity>
bool create_entity(EntityTable& table, std::string_view type, std::string_view id_prefix,
                   Entity& entity) {
  entity.id = std::string(id_prefix) + random_id(17);
  entity.arn = arn_of(type, entity);
  EntityRow row = row_of(entity);
  if (!table.create(row)) return false;
  entity.created = row.created;
  return true;
}

template <class Entity>
std::expected<Entity, Unchanged> update_entity(EntityTable& table, std::string_view type,
                                               std::string_view account, std::string_view name,
                                               const std::function<void(Entity&)>& change) {
  const auto row = table.update(account, name, [&](EntityRow& stored) {
    auto entity = entity_of<Entity>(stored);
    change(entity);
    entity.arn = arn_of(type, entity);
    stored = row_of(entity);
  });
  if (!row) return std::unexpected(row.error());
  return entity_of<Entity>(*row);
}

}  // namespace

bool Users::create(User& user) {
  return create_entity(table_, "user", "AIDA", user);
}

std::optional<User> Users::find(std::string_view account, std::string_view name) {
  return entity_of<User>(table_.find(account, name));
}

std::optional<User> Users::find_by_arn(std::string_view arn) {
  return entity_of<User>(table_.find_by_arn(arn));
}

std::expected<User, Unchanged> Users::update(std::string_view account, std::string_view name,
                                             const std::function<void(User&)>& change) {
  return update_entity(table_, "user", account, name, change);
}

bool Users::remove(std::string_view account, std::string_view name,
                   const std::function<void(const User&)>& check) {
  return table_.remove(account, name, [&](const EntityRow& row) { check(entity_of<User>(row)); });
}

std::vector<User> Users::list(std::string_view account, std::string_view path_prefix,
                              std::string_view after, std::size_t limit) {
  return entities_of<User>(table_.list(account, path_prefix, after, limit));
}

std::vector<User> Users::members_of(const Group& group) {
  return entities_of<User>(table_.list_having(group.account, "$.groups", group.id));
}

std::size_t Users::attachments(std::string_view policy_arn) {
  return table_.count_having("$.attached", policy_arn);
}

std::size_t Users::boundaries(std::string_view policy_arn) {
  return table_.count_having("$.boundary", policy_arn);
}

bool Groups::create(Group& group) {
  return create_entity(table_, "group", "AGPA", group);
}

std::optional<Group> Groups::find(std::string_view account, std::string_view name) {
  return entity_of<Group>(table_.find(account, name));
}

std::expected<Group, Unchanged> Groups::update(std::string_view account, std::string_view name,
                                               const std::function<void(Group&)>& change) {
  return update_entity(table_, "group", account, name, change);
}

bool Groups::remove(std::string_view account, std::string_view name,
                    const std::function<void(const Group&)>& check) {
  return table_.remove(account, name, [&](const EntityRow& row) { check(entity_of<Group>(row)); });
}

std::vector<Group> Groups::list(std::string_view account, std::string_view path_prefix,
                                std::string_view after, std::size_t limit) {
  return entities_of<Group>(table_.list(account, path_prefix, after, limit));
}

std::vector<Group> Groups::of(const User& user) {
  if (user.group_ids.empty()) return {};
  std::vector<Group> groups = list(user.account, "/", "", kAll);
  std::erase_if(groups, [&](const Group& group) {
    return std::ranges::find(user.group_ids, group.id) == user.group_ids.end();
  });
  return groups;
}

std::size_t Groups::attachments(std::string_view policy_arn) {
  return table_.count_having("$.attached", policy_arn);
}

}  // namespace clary::identity
