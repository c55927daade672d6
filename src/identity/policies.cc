#include "identity/policies.h"

#include <algorithm>
#include <atomic>

#include "base/json.h"
#include "base/random.h"

namespace clary::identity {
namespace {

constexpr char kSchema1[] = R"(
CREATE TABLE policies(
  arn TEXT PRIMARY KEY, account TEXT NOT NULL, name TEXT NOT NULL COLLATE NOCASE,
  path TEXT NOT NULL, id TEXT NOT NULL, description TEXT NOT NULL, default_version TEXT NOT NULL,
  versions TEXT NOT NULL, created INTEGER NOT NULL, updated INTEGER NOT NULL, tags TEXT NOT NULL)
  WITHOUT ROWID;
CREATE UNIQUE INDEX policies_name ON policies(account,name);
)";
constexpr store::Migration kMigrations[] = {{"policies", 1, kSchema1}};

#define CLARY_POLICY_COLUMNS \
  "arn,account,name,path,id,description,default_version,versions,created,updated,tags"
constexpr char kInsert[] = "INSERT INTO policies(" CLARY_POLICY_COLUMNS
                           ") VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11) ON CONFLICT DO NOTHING";
constexpr char kFind[] = "SELECT " CLARY_POLICY_COLUMNS " FROM policies WHERE arn=?1";
constexpr char kList[] =
    "SELECT " CLARY_POLICY_COLUMNS " FROM policies WHERE account=?1 ORDER BY name";
#undef CLARY_POLICY_COLUMNS
constexpr char kUpdate[] =
    "UPDATE policies SET default_version=?2,versions=?3,updated=?4,tags=?5 WHERE arn=?1";
constexpr char kDelete[] = "DELETE FROM policies WHERE arn=?1";

std::int64_t milliseconds(Timestamp time) {
  return time.time_since_epoch().count();
}
Timestamp from_milliseconds(std::int64_t value) {
  return Timestamp(std::chrono::milliseconds(value));
}

std::string versions_text(const std::vector<PolicyVersion>& versions) {
  json::array array;
  for (const PolicyVersion& version : versions) {
    array.push_back(json::object{{"id", version.id},
                                 {"document", version.document},
                                 {"created", milliseconds(version.created)}});
  }
  return json::serialize(array);
}

std::string tags_text(const std::map<std::string, std::string>& tags) {
  json::object object;
  for (const auto& [key, value] : tags) object[key] = value;
  return json::serialize(object);
}

ManagedPolicy policy_of(const store::Statement& row) {
  ManagedPolicy policy;
  policy.arn = row.text(0);
  policy.account = row.text(1);
  policy.name = row.text(2);
  policy.path = row.text(3);
  policy.id = row.text(4);
  policy.description = row.text(5);
  policy.default_version = row.text(6);
  for (const json::value& version : json::parse(row.text(7)).as_array()) {
    const json::object& object = version.as_object();
    policy.versions.push_back({.id = string_or(object, "id"),
                               .document = string_or(object, "document"),
                               .created = from_milliseconds(find_int(object, "created").value())});
  }
  policy.created = from_milliseconds(row.integer(8));
  policy.updated = from_milliseconds(row.integer(9));
  for (const auto& [key, value] : json::parse(row.text(10)).as_object()) {
    policy.tags.emplace(key, value.as_string());
  }
  return policy;
}

}  // namespace

const PolicyVersion* ManagedPolicy::version(std::string_view version_id) const {
  const auto found = std::ranges::find(versions, version_id, &PolicyVersion::id);
  return found == versions.end() ? nullptr : &*found;
}

struct Policies::Impl {
  store::Database& database;
  const Clock& clock;
  std::atomic<std::uint64_t> changes{0};
};

Policies::Policies(store::Database& database, const Clock& clock)
    : impl_(std::make_unique<Impl>(database, clock)) {}

Policies::~Policies() = default;

std::span<const store::Migration> Policies::migrations() {
  return kMigrations;
}

bool Policies::create(ManagedPolicy& policy) {
  policy.id = "ANPA" + random_id(17);
  policy.arn = "arn:aws:iam::" + policy.account + ":policy" + policy.path + policy.name;
  policy.created = policy.updated = impl_->clock.now();
  const std::string versions = versions_text(policy.versions), tags = tags_text(policy.tags);
  bool created = false;
  impl_->database.write([&](store::Connection& connection) {
    auto& row = connection.statement(kInsert);
    row.bind(1, policy.arn).bind(2, policy.account).bind(3, policy.name).bind(4, policy.path);
    row.bind(5, policy.id).bind(6, policy.description).bind(7, policy.default_version);
    row.bind(8, versions).bind(9, milliseconds(policy.created));
    row.bind(10, milliseconds(policy.updated)).bind(11, tags).run();
    created = connection.changes() == 1;
  });
  ++impl_->changes;
  return created;
}

std::optional<ManagedPolicy> Policies::find(std::string_view arn) {
  const auto aws = aws_managed_policies();
  const auto found = std::ranges::find(aws, arn, &ManagedPolicy::arn);
  if (found != aws.end()) return *found;
  std::optional<ManagedPolicy> policy;
  impl_->database.read([&](store::Connection& connection) {
    auto& row = connection.statement(kFind).bind(1, arn);
    if (row.step()) policy = policy_of(row);
  });
  return policy;
}

std::optional<ManagedPolicy> Policies::update(std::string_view arn,
                                              const std::function<void(ManagedPolicy&)>& change) {
  std::optional<ManagedPolicy> result;
  const Timestamp now = impl_->clock.now();
  impl_->database.write([&](store::Connection& connection) {
    auto& row = connection.statement(kFind).bind(1, arn);
    if (!row.step()) return;
    ManagedPolicy policy = policy_of(row);
    row.reset();
    change(policy);
    policy.updated = now;
    const std::string versions = versions_text(policy.versions), tags = tags_text(policy.tags);
    auto& update = connection.statement(kUpdate).bind(1, arn).bind(2, policy.default_version);
    update.bind(3, versions).bind(4, milliseconds(policy.updated)).bind(5, tags).run();
    result = std::move(policy);
  });
  ++impl_->changes;
  return result;
}

bool Policies::remove(std::string_view arn) {
  bool removed = false;
  impl_->database.write([&](store::Connection& connection) {
    connection.statement(kDelete).bind(1, arn).run();
    removed = connection.changes() == 1;
  });
  ++impl_->changes;
  return removed;
}

std::vector<ManagedPolicy> Policies::list(std::string_view account) {
  std::vector<ManagedPolicy> policies;
  impl_->database.read([&](store::Connection& connection) {
    auto& row = connection.statement(kList).bind(1, account);
    while (row.step()) policies.push_back(policy_of(row));
  });
  return policies;
}

std::vector<NamedPolicy> Policies::of(const PolicyHolder& holder) {
  std::vector<NamedPolicy> policies;
  const auto add = [&](const std::string& name, std::string_view document) {
    if (auto policy = parse_policy(document, PolicyKind::kIdentity)) {
      policies.push_back(
          {.name = name, .policy = std::make_shared<const Policy>(*std::move(policy))});
    }
  };
  for (const std::string& arn : holder.attached_policy_arns) {
    if (const auto policy = find(arn)) add(policy->name, policy->current().document);
  }
  for (const auto& [name, document] : holder.inline_policies) add(name, document);
  return policies;
}

std::uint64_t Policies::changes() const {
  return impl_->changes.load(std::memory_order_acquire);
}

}  // namespace clary::identity
