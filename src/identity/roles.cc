#include "identity/roles.h"

#include <atomic>

#include "base/json.h"
#include "base/random.h"
#include "base/text.h"
#include "identity/credentials.h"
#include "identity/entity_table.h"

namespace clary::identity {
namespace {

constexpr char kSchema1[] = R"(
CREATE TABLE roles(
  account TEXT NOT NULL, name TEXT NOT NULL COLLATE NOCASE, path TEXT NOT NULL, id TEXT NOT NULL,
  arn TEXT NOT NULL UNIQUE, trust_policy TEXT NOT NULL, description TEXT NOT NULL,
  max_session_seconds INTEGER NOT NULL, created INTEGER NOT NULL, attached TEXT NOT NULL,
  inline_policies TEXT NOT NULL, tags TEXT NOT NULL, PRIMARY KEY(account,name)) WITHOUT ROWID;
)";
constexpr char kSchema2[] = "ALTER TABLE roles ADD COLUMN boundary TEXT NOT NULL DEFAULT ''";
constexpr store::Migration kMigrations[] = {{"roles", 1, kSchema1}, {"roles", 2, kSchema2}};

#define CLARY_ROLE_COLUMNS                                                                  \
  "account,name,path,id,arn,trust_policy,description,max_session_seconds,created,attached," \
  "inline_policies,tags,boundary"
constexpr char kInsert[] = "INSERT INTO roles(" CLARY_ROLE_COLUMNS
                           ") VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13) "
                           "ON CONFLICT DO NOTHING";
constexpr char kFind[] = "SELECT " CLARY_ROLE_COLUMNS " FROM roles WHERE account=?1 AND name=?2";
constexpr char kFindByArn[] = "SELECT " CLARY_ROLE_COLUMNS " FROM roles WHERE arn=?1";
constexpr char kList[] = "SELECT " CLARY_ROLE_COLUMNS
                         " FROM roles WHERE account=?1 AND name>?2 AND "
                         "substr(path,1,length(?3))=?3 ORDER BY name LIMIT ?4";
#undef CLARY_ROLE_COLUMNS
constexpr char kUpdate[] =
    "UPDATE roles SET trust_policy=?3,description=?4,max_session_seconds=?5,attached=?6,"
    "inline_policies=?7,tags=?8,boundary=?9 WHERE account=?1 AND name=?2";
constexpr char kDelete[] = "DELETE FROM roles WHERE account=?1 AND name=?2";
constexpr char kAttachments[] =
    "SELECT count(*) FROM roles, json_each(roles.attached) WHERE json_each.value=?1";
constexpr char kBoundaries[] = "SELECT count(*) FROM roles WHERE boundary=?1";
constexpr char kCount[] = "SELECT count(*) FROM roles WHERE account=?1";

constexpr std::string_view kExecutionTrust =
    R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":)"
    R"(["sagemaker.amazonaws.com","scheduler.amazonaws.com"]},"Action":"sts:AssumeRole"}]})";

Role role_of(const store::Statement& row) {
  Role role;
  role.account = row.text(0);
  role.name = row.text(1);
  role.path = row.text(2);
  role.id = row.text(3);
  role.arn = row.text(4);
  role.trust_policy = row.text(5);
  role.description = row.text(6);
  role.max_session_seconds = static_cast<int>(row.integer(7));
  role.created = Timestamp(std::chrono::milliseconds(row.integer(8)));
  const json::value attached = json::parse(row.text(9)),
                    inline_policies = json::parse(row.text(10)), tags = json::parse(row.text(11));
  role.attached_policy_arns = list_of(&attached.as_array());
  role.inline_policies = map_of(&inline_policies.as_object());
  role.tags = map_of(&tags.as_object());
  role.permissions_boundary = row.text(12);
  return role;
}

// The three lists of a role as JSON text; alive while they are bound.
struct Texts {
  explicit Texts(const Role& role)
      : attached(json::serialize(array_of(role.attached_policy_arns))),
        inline_policies(json::serialize(object_of(role.inline_policies))),
        tags(json::serialize(object_of(role.tags))) {}
  std::string attached, inline_policies, tags;
};

}  // namespace

struct Roles::Impl {
  store::Database& database;
  const Clock& clock;
  std::atomic<std::uint64_t> changes{0};

  bool insert(const Role& role) {
    const Texts texts(role);
    bool created = false;
    database.write([&](store::Connection& connection) {
      auto& row = connection.statement(kInsert);
      row.bind(1, role.account).bind(2, role.name).bind(3, role.path).bind(4, role.id);
      row.bind(5, role.arn).bind(6, role.trust_policy).bind(7, role.description);
      row.bind(8, role.max_session_seconds).bind(9, role.created.time_since_epoch().count());
      row.bind(10, texts.attached).bind(11, texts.inline_policies).bind(12, texts.tags);
      row.bind(13, role.permissions_boundary).run();
      created = connection.changes() == 1;
    });
    ++changes;
    return created;
  }

  std::size_t number(const char* sql, std::string_view value) {
    std::size_t number = 0;
    database.read([&](store::Connection& connection) {
      auto& row = connection.statement(sql).bind(1, value);
      if (row.step()) number = static_cast<std::size_t>(row.integer(0));
    });
    return number;
  }
};

Roles::Roles(store::Database& database, const Clock& clock)
    : impl_(std::make_unique<Impl>(database, clock)) {}

Roles::~Roles() = default;

std::span<const store::Migration> Roles::migrations() {
  return kMigrations;
}

Role Roles::ensure_execution_role(std::string_view account) {
  if (auto found = find(account, kExecutionRole)) return *found;
  Role role;
  role.account = account;
  role.name = kExecutionRole;
  role.id = execution_role_id(account);
  role.trust_policy = kExecutionTrust;
  role.description = "The role that Clary's jobs and endpoints use unless another is named.";
  role.max_session_seconds = 12 * 3600;
  role.attached_policy_arns = {"arn:aws:iam::aws:policy/AmazonSageMakerFullAccess",
                               "arn:aws:iam::aws:policy/AmazonS3FullAccess"};
  if (create(role)) return role;
  return find(account, kExecutionRole).value_or(role);
}

bool Roles::create(Role& role) {
  if (role.id.empty()) role.id = "AROA" + random_id(17);
  role.arn = "arn:aws:iam::" + role.account + ":role" + role.path + role.name;
  role.created = impl_->clock.now();
  return impl_->insert(role);
}

std::optional<Role> Roles::find(std::string_view account, std::string_view name) {
  std::optional<Role> role;
  impl_->database.read([&](store::Connection& connection) {
    auto& row = connection.statement(kFind).bind(1, account).bind(2, name);
    if (row.step()) role = role_of(row);
  });
  return role;
}

std::optional<Role> Roles::find_by_arn(std::string_view arn) {
  std::optional<Role> role;
  impl_->database.read([&](store::Connection& connection) {
    auto& row = connection.statement(kFindByArn).bind(1, arn);
    if (row.step()) role = role_of(row);
  });
  return role;
}

std::optional<Role> Roles::update(std::string_view account, std::string_view name,
                                  const std::function<void(Role&)>& change) {
  std::optional<Role> result;
  impl_->database.write([&](store::Connection& connection) {
    auto& row = connection.statement(kFind).bind(1, account).bind(2, name);
    if (!row.step()) return;
    Role role = role_of(row);
    row.reset();
    change(role);
    const Texts texts(role);
    auto& update = connection.statement(kUpdate).bind(1, account).bind(2, name);
    update.bind(3, role.trust_policy).bind(4, role.description).bind(5, role.max_session_seconds);
    update.bind(6, texts.attached).bind(7, texts.inline_policies).bind(8, texts.tags);
    update.bind(9, role.permissions_boundary).run();
    result = std::move(role);
  });
  ++impl_->changes;
  return result;
}

bool Roles::remove(std::string_view account, std::string_view name) {
  bool removed = false;
  impl_->database.write([&](store::Connection& connection) {
    connection.statement(kDelete).bind(1, account).bind(2, name).run();
    removed = connection.changes() == 1;
  });
  ++impl_->changes;
  return removed;
}

std::vector<Role> Roles::list(std::string_view account, std::string_view path_prefix,
                              std::string_view after, std::size_t limit) {
  std::vector<Role> roles;
  impl_->database.read([&](store::Connection& connection) {
    auto& row = connection.statement(kList);
    row.bind(1, account).bind(2, after).bind(3, path_prefix).bind(4, limit);
    while (row.step()) roles.push_back(role_of(row));
  });
  return roles;
}

std::size_t Roles::attachments(std::string_view policy_arn) {
  return impl_->number(kAttachments, policy_arn);
}

std::size_t Roles::boundaries(std::string_view policy_arn) {
  return impl_->number(kBoundaries, policy_arn);
}

std::size_t Roles::count(std::string_view account) {
  return impl_->number(kCount, account);
}

std::uint64_t Roles::changes() const {
  return impl_->changes.load(std::memory_order_acquire);
}

}  // namespace clary::identity
