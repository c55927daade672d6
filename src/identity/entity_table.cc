#include "identity/entity_table.h"

namespace clary::identity {
namespace {

constexpr char kSchema1[] = R"(
CREATE TABLE identity_entities(
  kind TEXT NOT NULL, account TEXT NOT NULL, name TEXT NOT NULL COLLATE NOCASE, path TEXT NOT NULL,
  id TEXT NOT NULL, arn TEXT NOT NULL, created INTEGER NOT NULL, body TEXT NOT NULL,
  PRIMARY KEY(kind,account,name)) WITHOUT ROWID;
CREATE UNIQUE INDEX identity_entities_arn ON identity_entities(arn);
)";
constexpr store::Migration kMigrations[] = {{"identity_entities", 1, kSchema1}};

#define CLARY_ENTITY_COLUMNS "account,name,path,id,arn,created,body"
constexpr char kInsert[] = "INSERT INTO identity_entities(kind," CLARY_ENTITY_COLUMNS
                           ") VALUES(?1,?2,?3,?4,?5,?6,?7,?8) ON CONFLICT DO NOTHING";
constexpr char kFind[] = "SELECT " CLARY_ENTITY_COLUMNS
                         " FROM identity_entities WHERE kind=?1 AND account=?2 AND name=?3";
constexpr char kFindByArn[] =
    "SELECT " CLARY_ENTITY_COLUMNS " FROM identity_entities WHERE arn=?2 AND kind=?1";
constexpr char kList[] = "SELECT " CLARY_ENTITY_COLUMNS
                         " FROM identity_entities WHERE kind=?1 AND account=?2 AND name>?3 AND "
                         "substr(path,1,length(?4))=?4 ORDER BY name LIMIT ?5";
constexpr char kListHaving[] =
    "SELECT " CLARY_ENTITY_COLUMNS
    " FROM identity_entities AS e WHERE kind=?1 AND account=?2 AND EXISTS(SELECT 1 FROM "
    "json_each(e.body,?3) WHERE json_each.value=?4) ORDER BY name";
#undef CLARY_ENTITY_COLUMNS
constexpr char kUpdate[] =
    "UPDATE identity_entities SET name=?4,path=?5,arn=?6,body=?7 "
    "WHERE kind=?1 AND account=?2 AND name=?3";
constexpr char kNameTaken[] =
    "SELECT 1 FROM identity_entities WHERE kind=?1 AND account=?2 AND name=?3 AND id<>?4";
constexpr char kDelete[] = "DELETE FROM identity_entities WHERE kind=?1 AND account=?2 AND name=?3";
constexpr char kCountHaving[] =
    "SELECT count(*) FROM identity_entities AS e WHERE kind=?1 AND EXISTS(SELECT 1 FROM "
    "json_each(e.body,?2) WHERE json_each.value=?3)";
constexpr char kCount[] = "SELECT count(*) FROM identity_entities WHERE kind=?1 AND account=?2";

EntityRow row_of(const store::Statement& statement) {
  EntityRow row;
  row.account = statement.text(0);
  row.name = statement.text(1);
  row.path = statement.text(2);
  row.id = statement.text(3);
  row.arn = statement.text(4);
  row.created = Timestamp(std::chrono::milliseconds(statement.integer(5)));
  row.body = json::parse(statement.text(6)).as_object();
  return row;
}

}  // namespace

std::span<const store::Migration> EntityTable::migrations() {
  return kMigrations;
}

bool EntityTable::create(EntityRow& row) {
  row.created = clock_.now();
  const std::string body = json::serialize(row.body);
  bool created = false;
  database_.write([&](store::Connection& connection) {
    auto& insert = connection.statement(kInsert);
    insert.bind(1, kind_).bind(2, row.account).bind(3, row.name).bind(4, row.path);
    insert.bind(5, row.id).bind(6, row.arn).bind(7, row.created.time_since_epoch().count());
    insert.bind(8, body).run();
    created = connection.changes() == 1;
  });
  ++changes_;
  return created;
}

std::optional<EntityRow> EntityTable::find(std::string_view account, std::string_view name) {
  std::optional<EntityRow> row;
  database_.read([&](store::Connection& connection) {
    auto& found = connection.statement(kFind).bind(1, kind_).bind(2, account).bind(3, name);
    if (found.step()) row = row_of(found);
  });
  return row;
}

std::optional<EntityRow> EntityTable::find_by_arn(std::string_view arn) {
  std::optional<EntityRow> row;
  database_.read([&](store::Connection& connection) {
    auto& found = connection.statement(kFindByArn).bind(1, kind_).bind(2, arn);
    if (found.step()) row = row_of(found);
  });
  return row;
}

std::expected<EntityRow, Unchanged> EntityTable::update(
    std::string_view account, std::string_view name,
    const std::function<void(EntityRow&)>& change) {
  std::expected<EntityRow, Unchanged> result = std::unexpected(Unchanged::kAbsent);
  database_.write([&](store::Connection& connection) {
    auto& found = connection.statement(kFind).bind(1, kind_).bind(2, account).bind(3, name);
    if (!found.step()) return;
    EntityRow row = row_of(found);
    found.reset();
    change(row);
    auto& taken = connection.statement(kNameTaken).bind(1, kind_).bind(2, account);
    if (taken.bind(3, row.name).bind(4, row.id).step()) {
      result = std::unexpected(Unchanged::kNameTaken);
      return;
    }
    taken.reset();
    const std::string body = json::serialize(row.body);
    auto& update = connection.statement(kUpdate).bind(1, kind_).bind(2, account).bind(3, name);
    update.bind(4, row.name).bind(5, row.path).bind(6, row.arn).bind(7, body).run();
    result = std::move(row);
  });
  ++changes_;
  return result;
}

bool EntityTable::remove(std::string_view account, std::string_view name,
                         const std::function<void(const EntityRow&)>& check) {
  bool removed = false;
  database_.write([&](store::Connection& connection) {
    auto& found = connection.statement(kFind).bind(1, kind_).bind(2, account).bind(3, name);
    if (!found.step()) return;
    const EntityRow row = row_of(found);
    found.reset();
    check(row);
    connection.statement(kDelete).bind(1, kind_).bind(2, account).bind(3, name).run();
    removed = true;
  });
  ++changes_;
  return removed;
}

std::vector<EntityRow> EntityTable::list(std::string_view account, std::string_view path_prefix,
                                         std::string_view after, std::size_t limit) {
  std::vector<EntityRow> rows;
  database_.read([&](store::Connection& connection) {
    auto& found = connection.statement(kList).bind(1, kind_).bind(2, account).bind(3, after);
    found.bind(4, path_prefix).bind(5, limit);
    while (found.step()) rows.push_back(row_of(found));
  });
  return rows;
}

std::vector<EntityRow> EntityTable::list_having(std::string_view account, std::string_view member,
                                                std::string_view value) {
  std::vector<EntityRow> rows;
  database_.read([&](store::Connection& connection) {
    auto& found = connection.statement(kListHaving).bind(1, kind_).bind(2, account);
    found.bind(3, member).bind(4, value);
    while (found.step()) rows.push_back(row_of(found));
  });
  return rows;
}

std::size_t EntityTable::count_having(std::string_view member, std::string_view value) {
  std::size_t count = 0;
  database_.read([&](store::Connection& connection) {
    auto& found = connection.statement(kCountHaving).bind(1, kind_).bind(2, member);
    if (found.bind(3, value).step()) count = static_cast<std::size_t>(found.integer(0));
  });
  return count;
}

std::size_t EntityTable::count(std::string_view account) {
  std::size_t count = 0;
  database_.read([&](store::Connection& connection) {
    auto& found = connection.statement(kCount).bind(1, kind_).bind(2, account);
    if (found.step()) count = static_cast<std::size_t>(found.integer(0));
  });
  return count;
}

json::object object_of(const std::map<std::string, std::string>& map) {
  json::object object;
  for (const auto& [key, value] : map) object[key] = value;
  return object;
}

std::map<std::string, std::string> map_of(const json::object* object) {
  std::map<std::string, std::string> map;
  if (object == nullptr) return map;
  for (const auto& [key, value] : *object) map.emplace(key, value.as_string());
  return map;
}

json::array array_of(const std::vector<std::string>& list) {
  return json::array(list.begin(), list.end());
}

std::vector<std::string> list_of(const json::array* array) {
  std::vector<std::string> list;
  if (array == nullptr) return list;
  for (const json::value& value : *array) list.emplace_back(value.as_string());
  return list;
}

json::object body_of(const PolicyHolder& holder) {
  return {{"attached", array_of(holder.attached_policy_arns)},
          {"inline", object_of(holder.inline_policies)},
          {"tags", object_of(holder.tags)},
          {"boundary", holder.permissions_boundary}};
}

void read_holder(PolicyHolder& holder, const EntityRow& row) {
  holder.account = row.account;
  holder.name = row.name;
  holder.path = row.path;
  holder.id = row.id;
  holder.arn = row.arn;
  holder.created = row.created;
  holder.attached_policy_arns = list_of(find_array(row.body, "attached"));
  holder.inline_policies = map_of(find_object(row.body, "inline"));
  holder.tags = map_of(find_object(row.body, "tags"));
  holder.permissions_boundary = string_or(row.body, "boundary");
}

}  // namespace clary::identity
