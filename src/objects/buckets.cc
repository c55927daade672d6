#include <mutex>
#include <shared_mutex>

#include "objects/object_store_impl.h"

namespace clary::objects {
namespace {

constexpr char kLoad[] = "SELECT id,name,account,region,created FROM buckets";
constexpr char kInsert[] =
    "INSERT INTO buckets(name,account,region,created) VALUES(?1,?2,?3,?4) ON CONFLICT DO NOTHING";
constexpr char kOwner[] = "SELECT account FROM buckets WHERE name=?1";
constexpr char kDelete[] = "DELETE FROM buckets WHERE id=?1";
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
      bucket.info = {BucketName(std::string(row.text(1))), std::string(row.text(2)),
                     std::string(row.text(3)), from_milliseconds(row.integer(4))};
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
  const auto outcome =
      impl_->change<void>([&](store::Connection& connection, Doomed&) -> Outcome<void> {
        auto& insert = connection.statement(kInsert).bind(1, bucket.name.str());
        insert.bind(2, bucket.account).bind(3, bucket.region);
        insert.bind(4, milliseconds(made.info.created)).run();
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
  const auto outcome =
      impl_->change<void>([&](store::Connection& connection, Doomed& doomed) -> Outcome<void> {
        if (!Impl::bucket_lives(connection, *id)) {
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

Outcome<void> ObjectStore::set_bucket_config(const BucketName& bucket, std::string_view name,
                                             std::optional<std::string> value) {
  const auto id = impl_->bucket_id(bucket);
  if (!id) return std::unexpected(StoreError::kNoSuchBucket);
  return impl_->change<void>([&](store::Connection& connection, Doomed&) -> Outcome<void> {
    if (!Impl::bucket_lives(connection, *id)) return std::unexpected(StoreError::kNoSuchBucket);
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
