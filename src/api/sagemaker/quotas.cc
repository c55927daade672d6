#include "api/sagemaker/quotas.h"

#include <algorithm>
#include <array>
#include <stdexcept>

namespace clary::api::sagemaker {
namespace {

constexpr char kSchema[] =
    "CREATE TABLE quotas(account TEXT NOT NULL, name TEXT NOT NULL, instances INTEGER NOT NULL,"
    "PRIMARY KEY(account, name)) WITHOUT ROWID";
constexpr store::Migration kMigrations[] = {{"quotas", 1, kSchema}};

constexpr char kLoad[] = "SELECT account,name,instances FROM quotas";
constexpr char kSet[] =
    "INSERT INTO quotas(account,name,instances) VALUES(?1,?2,?3) "
    "ON CONFLICT DO UPDATE SET instances=excluded.instances";
constexpr char kRemove[] = "DELETE FROM quotas WHERE account=?1 AND name=?2";

// What instances can be used for here.
constexpr std::array<std::string_view, 5> kUses{
    "training job", "spot training job", "processing job", "transform job", "notebook instance"};

bool is_name(const std::string& name) {
  if (!name.starts_with("ml.")) return false;
  const std::string type = name.substr(0, name.find(' '));
  return std::ranges::any_of(kUses,
                             [&](std::string_view use) { return name == quota_name(type, use); });
}

}  // namespace

std::string quota_name(std::string_view instance_type, std::string_view use) {
  return std::string(instance_type) + " for " + std::string(use) + " usage";
}

std::span<const store::Migration> Quotas::migrations() {
  return kMigrations;
}

Quotas::Quotas(store::Database& database) : database_(database) {
  database_.read([&](store::Connection& connection) {
    store::Statement& rows = connection.statement(kLoad);
    while (rows.step()) {
      limits_[{std::string(rows.text(0)), std::string(rows.text(1))}] = rows.integer(2);
    }
    rows.reset();
  });
}

void Quotas::set(const Quota& quota) {
  if (!is_name(quota.name)) {
    throw std::invalid_argument(
        "a quota is called as 'ml.m5.xlarge for training job usage' (or " +
        std::string("spot training job, processing job, transform job, notebook instance), not ") +
        "'" + quota.name + "'");
  }
  if (quota.instances < 0) throw std::invalid_argument("a quota is 0 instances or more");
  database_.write([&](store::Connection& connection) {
    connection.statement(kSet)
        .bind(1, quota.account)
        .bind(2, quota.name)
        .bind(3, quota.instances)
        .run();
  });
  const std::lock_guard lock(mutex_);
  limits_[{quota.account, quota.name}] = quota.instances;
}

bool Quotas::remove(const std::string& account, const std::string& name) {
  {
    const std::lock_guard lock(mutex_);
    if (!limits_.contains({account, name})) return false;
  }
  database_.write([&](store::Connection& connection) {
    connection.statement(kRemove).bind(1, account).bind(2, name).run();
  });
  const std::lock_guard lock(mutex_);
  return limits_.erase({account, name}) > 0;
}

bool Quotas::empty() const {
  const std::lock_guard lock(mutex_);
  return limits_.empty();
}

std::vector<Quota> Quotas::list() const {
  const std::lock_guard lock(mutex_);
  std::vector<Quota> list;
  for (const auto& [key, instances] : limits_) list.push_back({key.first, key.second, instances});
  return list;
}

std::optional<std::int64_t> Quotas::limit(const std::string& account,
                                          const std::string& name) const {
  const std::lock_guard lock(mutex_);
  for (const std::string& of : {account, std::string()}) {
    if (const auto found = limits_.find({of, name}); found != limits_.end()) return found->second;
  }
  return std::nullopt;
}

}  // namespace clary::api::sagemaker
