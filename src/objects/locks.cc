#include "objects/locks.h"

#include "objects/object_store_impl.h"

namespace clary::objects {
namespace {

constexpr char kSetTags[] =
    "UPDATE objects SET tags=?5 WHERE bucket=?1 AND is_current=?2 AND key=?3 AND sequence=?4";
constexpr char kSetMetadata[] =
    "UPDATE objects SET metadata=?5 WHERE bucket=?1 AND is_current=?2 AND key=?3 AND sequence=?4";
constexpr char kSetLock[] =
    "UPDATE objects SET lock_mode=?5,lock_until=?6,legal_hold=?7 "
    "WHERE bucket=?1 AND is_current=?2 AND key=?3 AND sequence=?4";

store::Statement& edit_of(store::Connection& connection, const char* sql, std::int64_t bucket,
                          const ObjectRow& row) {
  auto& statement = connection.statement(sql).bind(1, bucket).bind(2, row.current ? 1 : 0);
  return statement.bind(3, row.info.key.str()).bind(4, row.info.sequence);
}

void set_lock(store::Connection& connection, std::int64_t bucket, const ObjectRow& row) {
  const auto& lock = row.info.lock;
  auto& statement = edit_of(connection, kSetLock, bucket, row);
  statement.bind(5, static_cast<int>(lock.mode)).bind(6, milliseconds(lock.until));
  statement.bind(7, lock.legal_hold ? 1 : 0).run();
}

// Object lock is a matter of the whole bucket first.
bool locks_objects(store::Connection& connection, std::int64_t bucket) {
  const auto state = ObjectStore::Impl::bucket_state(connection, bucket);
  return state && state->object_lock;
}

}  // namespace

bool is_locked(const ObjectLock& lock, Timestamp now, bool bypass_governance) {
  if (lock.legal_hold) return true;
  if (lock.mode == LockMode::kNone || lock.until <= now) return false;
  return lock.mode == LockMode::kCompliance || !bypass_governance;
}

bool may_retain(const ObjectLock& lock, const ObjectLock& wanted, Timestamp now,
                bool bypass_governance) {
  if (lock.mode == LockMode::kNone || lock.until <= now) return true;
  if (wanted.mode == lock.mode && wanted.until >= lock.until) return true;
  return lock.mode == LockMode::kGovernance && bypass_governance;
}

ObjectLock lock_of_new(const ObjectLock& asked, const DefaultRetention& retention, Timestamp now) {
  if (asked.mode != LockMode::kNone || retention.mode == LockMode::kNone) return asked;
  constexpr int kDaysOfYear = 365;
  ObjectLock lock = asked;
  lock.mode = retention.mode;
  lock.until = now + std::chrono::days(retention.days + retention.years * kDaysOfYear);
  return lock;
}

Outcome<ObjectInfo> ObjectStore::Impl::edit_version(const BucketName& bucket,
                                                    const VersionName& version, const Edit& edit) {
  const auto id = bucket_id(bucket);
  if (!id) return std::unexpected(StoreError::kNoSuchBucket);
  return change<ObjectInfo>(
      bucket, [&](store::Connection& connection, Doomed& doomed) -> Outcome<ObjectInfo> {
        auto row = find_row(connection, *id, version.key, version.version_id);
        if (!row) {
          return std::unexpected(version.version_id.empty() ? StoreError::kNoSuchKey
                                                            : StoreError::kNoSuchVersion);
        }
        if (row->info.delete_marker) return std::unexpected(StoreError::kDeleteMarker);
        const auto kind = edit(connection, *id, *row);
        if (!kind) return std::unexpected(kind.error());
        const auto current = row->current ? row : find_row(connection, *id, version.key);
        note(doomed, row->info, *kind, next_sequence(connection, *id, version.key, current),
             version.requester);
        return std::move(row->info);
      });
}

Outcome<ObjectInfo> ObjectStore::set_tags(const BucketName& bucket, const VersionName& version,
                                          const std::map<std::string, std::string>& tags) {
  const auto text = tags_text(tags);
  return impl_->edit_version(bucket, version,
                             [&](store::Connection& connection, std::int64_t id,
                                 ObjectRow& row) -> Outcome<ObjectEventKind> {
                               row.info.tags = tags;
                               edit_of(connection, kSetTags, id, row).bind(5, text).run();
                               return tags.empty() ? ObjectEventKind::kUntagged
                                                   : ObjectEventKind::kTagged;
                             });
}

Outcome<ObjectInfo> ObjectStore::set_acl(const BucketName& bucket, const VersionName& version,
                                         const std::string& acl) {
  return impl_->edit_version(bucket, version,
                             [&](store::Connection& connection, std::int64_t id,
                                 ObjectRow& row) -> Outcome<ObjectEventKind> {
                               row.info.acl = acl;
                               const auto text = metadata_text(row.info);
                               edit_of(connection, kSetMetadata, id, row).bind(5, text).run();
                               return ObjectEventKind::kAclChanged;
                             });
}

Outcome<ObjectInfo> ObjectStore::set_retention(const BucketName& bucket, const VersionName& version,
                                               const ObjectLock& lock, bool bypass_governance) {
  return impl_->edit_version(
      bucket, version,
      [&](store::Connection& connection, std::int64_t id,
          ObjectRow& row) -> Outcome<ObjectEventKind> {
        if (!locks_objects(connection, id)) {
          return std::unexpected(StoreError::kObjectLockDisabled);
        }
        if (!may_retain(row.info.lock, lock, impl_->clock.now(), bypass_governance)) {
          return std::unexpected(StoreError::kLocked);
        }
        row.info.lock.mode = lock.mode;
        row.info.lock.until = lock.mode == LockMode::kNone ? Timestamp() : lock.until;
        set_lock(connection, id, row);
        return ObjectEventKind::kLockChanged;
      });
}

Outcome<ObjectInfo> ObjectStore::set_legal_hold(const BucketName& bucket,
                                                const VersionName& version, bool legal_hold) {
  return impl_->edit_version(bucket, version,
                             [&](store::Connection& connection, std::int64_t id,
                                 ObjectRow& row) -> Outcome<ObjectEventKind> {
                               if (!locks_objects(connection, id)) {
                                 return std::unexpected(StoreError::kObjectLockDisabled);
                               }
                               row.info.lock.legal_hold = legal_hold;
                               set_lock(connection, id, row);
                               return ObjectEventKind::kLockChanged;
                             });
}

}  // namespace clary::objects
