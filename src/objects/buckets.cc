#include <mutex>
#include <shared_mutex>

#include "objects/lifecycle.h"
#include "objects/object_store_impl.h"

namespace clary::objects {
namespace {

constexpr char kLoad[] =
    "SELECT id,b.name,account,region,created,versioning,object_lock,retention_mode,"
    "retention_days,retention_years,coalesce(c.value,'') FROM buckets b "
    "LEFT JOIN bucket_configs c ON c.bucket=b.id AND c.name='lifecycle'";
constexpr char kInsert[] =
    "INSERT INTO buckets(name,account,region,created,versioning,object_lock) "
    "VALUES(?1,?2,?3,?4,?5,?6) ON CONFLICT DO NOTHING";
constexpr char kOwner[] = "SELECT account FROM buckets WHERE name=?1";
constexpr char kDelete[] = "DELETE FROM buckets WHERE id=?1";
constexpr char kSetVersioning[] = "UPDATE buckets SET versioning=?2 WHERE id=?1";
constexpr char kSetObjectLock[] =
    "UPDATE buckets SET object_lock=1,retention_mode=?2,retention_days=?3,retention_years=?4 "
    "WHERE id=?1";
constexpr char kHasObject[] = "SELECT 1 FROM objects WHERE bucket=?1 LIMIT 1";
constexpr char kUploads[] = "SELECT id FROM uploads WHERE bucket=?1";
constexpr char kDeleteUploads[] = "DELETE FROM uploads WHERE bucket=?1";
constexpr char kDeleteConfigs[] = "DELETE FROM bucket_configs WHERE bucket=?1";
constexpr char kSetConfig[] =
    "INSERT OR REPLACE INTO bucket_configs(bucket,name,value) VALUES(?1,?2,?3)";
constexpr char kDropConfig[] = "DELETE FROM bucket_configs WHERE bucket=?1 AND name=?2";
constexpr char kConfig[] = "SELECT value FROM bucket_configs WHERE bucket=?1 AND name=?2";

}  // namespace

void ObjectStore::Impl::load_buckets() {
  database.read([&](store::Connection& connection) {
    auto& row = connection.statement(kLoad);
    while (row.step()) {
      Bucket bucket;
      bucket.id = row.integer(0);
      bucket.info = {BucketName(std::string(row.text(1))),
                     std::string(row.text(2)),
                     std::string(row.text(3)),
                     from_milliseconds(row.integer(4)),
                     static_cast<Versioning>(row.integer(5)),
                     row.integer(6) != 0,
                     {static_cast<LockMode>(row.integer(7)), static_cast<int>(row.integer(8)),
                      static_cast<int>(row.integer(9))},
                     read_lifecycle(row.text(10))};
      buckets.emplace(row.text(1), std::move(bucket));
    }
  });
}

std::optional<std::int64_t> ObjectStore::Impl::bucket_id(const BucketName& bucket) {
  std::shared_lock lock(buckets_mutex);
  const auto found = buckets.find(bucket.str());
  return found == buckets.end() ? std::nullopt : std::optional(found->second.id);
}

Outcome<void> ObjectStore::create_bucket(const BucketInfo& bucket) {
  Impl::Bucket made;
  made.info = bucket;
  made.info.created = impl_->clock.now();
  if (bucket.object_lock) made.info.versioning = Versioning::kEnabled;
  const auto outcome = impl_->change<void>(
      bucket.name, [&](store::Connection& connection, Doomed&) -> Outcome<void> {
        auto& insert = connection.statement(kInsert).bind(1, bucket.name.str());
        insert.bind(2, bucket.account).bind(3, bucket.region);
        insert.bind(4, milliseconds(made.info.created));
        insert.bind(5, static_cast<int>(made.info.versioning));
        insert.bind(6, bucket.object_lock ? 1 : 0).run();
        if (connection.changes() == 1) {
          made.id = connection.last_insert_id();
          return {};
        }
        auto& owner = connection.statement(kOwner).bind(1, bucket.name.str());
        const bool own = owner.step() && owner.text(0) == bucket.account;
        return std::unexpected(own ? StoreError::kBucketOwnedByYou : StoreError::kBucketExists);
      });
  if (outcome) {
    std::unique_lock lock(impl_->buckets_mutex);
    impl_->buckets.insert_or_assign(bucket.name.str(), std::move(made));
  }
  return outcome;
}

Outcome<void> ObjectStore::delete_bucket(const BucketName& bucket) {
  const auto id = impl_->bucket_id(bucket);
  if (!id) return std::unexpected(StoreError::kNoSuchBucket);
  const auto outcome = impl_->change<void>(
      bucket, [&](store::Connection& connection, Doomed& doomed) -> Outcome<void> {
        if (!Impl::bucket_state(connection, *id)) {
          return std::unexpected(StoreError::kNoSuchBucket);
        }
        if (connection.statement(kHasObject).bind(1, *id).step()) {
          return std::unexpected(StoreError::kBucketNotEmpty);
        }
        std::vector<std::int64_t> uploads;
        auto& row = connection.statement(kUploads).bind(1, *id);
        while (row.step()) uploads.push_back(row.integer(0));
        for (const auto upload : uploads) Impl::drop_parts(connection, upload, doomed);
        for (const char* sql : {kDeleteUploads, kDeleteConfigs, kDelete}) {
          connection.statement(sql).bind(1, *id).run();
        }
        return {};
      });
  if (outcome) {
    std::unique_lock lock(impl_->buckets_mutex);
    // Somebody may have made it anew already.
    const auto found = impl_->buckets.find(bucket.str());
    if (found != impl_->buckets.end() && found->second.id == *id) impl_->buckets.erase(found);
  }
  return outcome;
}

Outcome<BucketInfo> ObjectStore::bucket(const BucketName& bucket) {
  std::shared_lock lock(impl_->buckets_mutex);
  const auto found = impl_->buckets.find(bucket.str());
  if (found == impl_->buckets.end()) return std::unexpected(StoreError::kNoSuchBucket);
  return found->second.info;
}

std::vector<BucketInfo> ObjectStore::buckets(std::string_view account) {
  std::vector<BucketInfo> result;
  std::shared_lock lock(impl_->buckets_mutex);
  for (const auto& [name, bucket] : impl_->buckets) {
    if (bucket.info.account == account) result.push_back(bucket.info);
  }
  return result;
}

std::vector<BucketInfo> ObjectStore::all_buckets() {
  std::vector<BucketInfo> result;
  std::shared_lock lock(impl_->buckets_mutex);
  for (const auto& [name, bucket] : impl_->buckets) result.push_back(bucket.info);
  return result;
}

Outcome<void> ObjectStore::Impl::change_bucket(
    const BucketName& bucket,
    const std::function<Outcome<void>(store::Connection&, std::int64_t, const BucketState&)>& edit,
    const std::function<void(BucketInfo&)>& show) {
  const auto id = bucket_id(bucket);
  if (!id) return std::unexpected(StoreError::kNoSuchBucket);
  // What readers see changes in the order of the commits.
  std::scoped_lock order(bucket_changes);
  const auto outcome =
      change<void>(bucket, [&](store::Connection& connection, Doomed&) -> Outcome<void> {
        const auto state = bucket_state(connection, *id);
        if (!state) return std::unexpected(StoreError::kNoSuchBucket);
        return edit(connection, *id, *state);
      });
  if (outcome) {
    std::unique_lock lock(buckets_mutex);
    const auto found = buckets.find(bucket.str());
    if (found != buckets.end() && found->second.id == *id) show(found->second.info);
  }
  return outcome;
}

Outcome<void> ObjectStore::set_versioning(const BucketName& bucket, Versioning versioning) {
  return impl_->change_bucket(
      bucket,
      [&](store::Connection& connection, std::int64_t id,
          const BucketState& state) -> Outcome<void> {
        if (state.object_lock && versioning != Versioning::kEnabled) {
          return std::unexpected(StoreError::kInvalidBucketState);
        }
        connection.statement(kSetVersioning)
            .bind(1, id)
            .bind(2, static_cast<int>(versioning))
            .run();
        return {};
      },
      [&](BucketInfo& info) { info.versioning = versioning; });
}

Outcome<void> ObjectStore::set_object_lock(const BucketName& bucket,
                                           const DefaultRetention& retention) {
  return impl_->change_bucket(
      bucket,
      [&](store::Connection& connection, std::int64_t id,
          const BucketState& state) -> Outcome<void> {
        if (state.versioning != Versioning::kEnabled) {
          return std::unexpected(StoreError::kInvalidBucketState);
        }
        auto& statement = connection.statement(kSetObjectLock).bind(1, id);
        statement.bind(2, static_cast<int>(retention.mode)).bind(3, retention.days);
        statement.bind(4, retention.years).run();
        return {};
      },
      [&](BucketInfo& info) {
        info.object_lock = true;
        info.retention = retention;
      });
}

Outcome<void> ObjectStore::set_lifecycle(const BucketName& bucket,
                                         std::optional<std::string> rules) {
  const auto lifecycle = read_lifecycle(rules.value_or(""));
  return impl_->change_bucket(
      bucket,
      [&](store::Connection& connection, std::int64_t id, const BucketState&) -> Outcome<void> {
        auto& statement = connection.statement(rules ? kSetConfig : kDropConfig);
        statement.bind(1, id).bind(2, kLifecycleConfig);
        if (rules) statement.bind(3, *rules);
        statement.run();
        return {};
      },
      [&](BucketInfo& info) { info.lifecycle = lifecycle; });
}

Outcome<void> ObjectStore::set_bucket_config(const BucketName& bucket, std::string_view name,
                                             std::optional<std::string> value) {
  const auto id = impl_->bucket_id(bucket);
  if (!id) return std::unexpected(StoreError::kNoSuchBucket);
  return impl_->change<void>(bucket, [&](store::Connection& connection, Doomed&) -> Outcome<void> {
    if (!Impl::bucket_state(connection, *id)) return std::unexpected(StoreError::kNoSuchBucket);
    auto& statement = connection.statement(value ? kSetConfig : kDropConfig);
    statement.bind(1, *id).bind(2, name);
    if (value) statement.bind(3, *value);
    statement.run();
    return {};
  });
}

Outcome<std::optional<std::string>> ObjectStore::bucket_config(const BucketName& bucket,
                                                               std::string_view name) {
  const auto id = impl_->bucket_id(bucket);
  if (!id) return std::unexpected(StoreError::kNoSuchBucket);
  std::optional<std::string> value;
  impl_->database.read([&](store::Connection& connection) {
    auto& row = connection.statement(kConfig).bind(1, *id).bind(2, name);
    if (row.step()) value = row.text(0);
  });
  return value;
}

}  // namespace clary::objects
