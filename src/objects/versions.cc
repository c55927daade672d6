// How versions come and go. All of it runs on the writer thread, inside one change, so that the
// order of versions is the order of commits and a key never has two current ones.
#include "base/random.h"
#include "base/text.h"
#include "objects/locks.h"
#include "objects/object_store_impl.h"

namespace clary::objects {
namespace {

constexpr char kBucketState[] =
    "SELECT versioning,object_lock,retention_mode,retention_days,retention_years FROM buckets "
    "WHERE id=?1";
constexpr char kFindCurrent[] =
    "SELECT " CLARY_OBJECT_COLUMNS " FROM objects o WHERE bucket=?1 AND is_current=1 AND key=?2";
constexpr char kFindOld[] = "SELECT " CLARY_OBJECT_COLUMNS
                            " FROM objects o INDEXED BY objects_old "
                            "WHERE bucket=?1 AND is_current=0 AND key=?2 AND version_id=?3";
constexpr char kNewestOld[] =
    "SELECT " CLARY_OBJECT_COLUMNS
    " FROM objects o WHERE bucket=?1 AND is_current=0 AND key=?2 ORDER BY sequence DESC LIMIT 1";
constexpr char kInsert[] =
    "INSERT INTO objects(bucket,is_current,key,sequence,version_id,size,etag,modified,"
    "content_type,inline_id,file,parts_id,metadata,tags,delete_marker,lock_mode,lock_until,"
    "legal_hold,storage_class,encryption,at_rest_crc) "
    "VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19,?20,?21)";
constexpr char kInsertInline[] = "INSERT INTO inline_objects(bytes) VALUES(?1)";
constexpr char kDeleteInline[] = "DELETE FROM inline_objects WHERE id=?1";
constexpr char kDeleteRow[] =
    "DELETE FROM objects WHERE bucket=?1 AND is_current=?2 AND key=?3 AND sequence=?4";
constexpr char kDemote[] =
    "UPDATE objects SET is_current=0,noncurrent_since=?3 "
    "WHERE bucket=?1 AND is_current=1 AND key=?2";
constexpr char kPromote[] =
    "UPDATE objects SET is_current=1,noncurrent_since=0 "
    "WHERE bucket=?1 AND is_current=0 AND key=?2 AND sequence=?3";
constexpr char kAge[] =
    "UPDATE objects SET noncurrent_since=?4 "
    "WHERE bucket=?1 AND is_current=0 AND key=?2 AND sequence=?3 AND noncurrent_since=0";
constexpr char kPartFiles[] = "SELECT file FROM parts WHERE upload=?1";
constexpr char kDeleteParts[] = "DELETE FROM parts WHERE upload=?1";
constexpr char kForgetCompleted[] = "DELETE FROM completed_uploads WHERE parts_id=?1";

// Opaque to clients: greater for newer versions of a key, and not to be guessed.
std::string version_name(std::uint64_t sequence) {
  std::array<std::byte, 8> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<std::byte>(sequence >> (56 - 8 * i));
  }
  return hex(bytes) + random_hex(8);
}

ObjectEventKind kind_of(CreatedBy created) {
  switch (created) {
    case CreatedBy::kPost:
      return ObjectEventKind::kCreatedPost;
    case CreatedBy::kCopy:
      return ObjectEventKind::kCreatedCopy;
    case CreatedBy::kMultipart:
      return ObjectEventKind::kCreatedMultipart;
    case CreatedBy::kPut:
      break;
  }
  return ObjectEventKind::kCreatedPut;
}

// Absent holds every condition but the one on a sequence: what shall go is gone.
bool conditions_hold(const RemoveRequest& request, const std::optional<ObjectRow>& row) {
  if (!row) return !request.if_sequence;
  const auto& info = row->info;
  const auto seconds = [](Timestamp time) {
    return std::chrono::floor<std::chrono::seconds>(time);
  };
  if (request.if_match && *request.if_match != "*" && !same_etag(*request.if_match, info.etag)) {
    return false;
  }
  if (request.if_modified && seconds(*request.if_modified) != seconds(info.modified)) return false;
  if (request.if_size && *request.if_size != info.size) return false;
  return !request.if_sequence || *request.if_sequence == info.sequence;
}

bool has_conditions(const RemoveRequest& request) {
  return request.if_match || request.if_modified || request.if_size || request.if_sequence;
}

void insert_row(store::Connection& connection, std::int64_t bucket, const ObjectRow& row) {
  const auto& info = row.info;
  const auto metadata = metadata_text(info);
  const auto tags = tags_text(info.tags);
  const auto encryption = encryption_text(info.encryption);
  auto& insert = connection.statement(kInsert).bind(1, bucket).bind(2, row.current ? 1 : 0);
  insert.bind(3, info.key.str()).bind(4, info.sequence).bind(5, info.version_id);
  insert.bind(6, info.size).bind(7, info.etag).bind(8, milliseconds(info.modified));
  insert.bind(9, info.content_type).bind(10, row.inline_id).bind(11, row.file);
  insert.bind(12, row.parts_id).bind(13, metadata).bind(14, tags);
  insert.bind(15, info.delete_marker ? 1 : 0).bind(16, static_cast<int>(info.lock.mode));
  insert.bind(17, milliseconds(info.lock.until)).bind(18, info.lock.legal_hold ? 1 : 0);
  insert.bind(19, info.storage_class).bind(20, encryption);
  if (row.at_rest_crc) {
    insert.bind(21, *row.at_rest_crc);
  } else {
    insert.bind_null(21);
  }
  insert.run();
}

}  // namespace

bool same_etag(std::string_view a, std::string_view b) {
  const auto bare = [](std::string_view etag) {
    if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"') {
      return etag.substr(1, etag.size() - 2);
    }
    return etag;
  };
  return bare(a) == bare(b);
}

std::optional<BucketState> ObjectStore::Impl::bucket_state(store::Connection& connection,
                                                           std::int64_t bucket) {
  auto& row = connection.statement(kBucketState).bind(1, bucket);
  if (!row.step()) return std::nullopt;
  return BucketState{static_cast<Versioning>(row.integer(0)),
                     row.integer(1) != 0,
                     {static_cast<LockMode>(row.integer(2)), static_cast<int>(row.integer(3)),
                      static_cast<int>(row.integer(4))}};
}

std::optional<ObjectRow> ObjectStore::Impl::find_row(store::Connection& connection,
                                                     std::int64_t bucket, const ObjectKey& key,
                                                     std::string_view version_id) {
  auto& current = connection.statement(kFindCurrent).bind(1, bucket).bind(2, key.str());
  if (current.step()) {
    if (version_id.empty() || current.text(1) == version_id) return row_of(current);
  }
  if (version_id.empty()) return std::nullopt;
  auto& old = connection.statement(kFindOld).bind(1, bucket).bind(2, key.str());
  if (!old.bind(3, version_id).step()) return std::nullopt;
  return row_of(old);
}

std::optional<ObjectRow> ObjectStore::Impl::newest_old(store::Connection& connection,
                                                       std::int64_t bucket, const ObjectKey& key) {
  auto& row = connection.statement(kNewestOld).bind(1, bucket).bind(2, key.str());
  if (!row.step()) return std::nullopt;
  return row_of(row);
}

void ObjectStore::Impl::drop_parts(store::Connection& connection, std::int64_t upload,
                                   Doomed& doomed) {
  std::vector<std::string> files;
  auto& row = connection.statement(kPartFiles).bind(1, upload);
  while (row.step()) files.emplace_back(row.text(0));
  connection.statement(kDeleteParts).bind(1, upload).run();
  if (!files.empty()) doomed.parts.emplace_back(upload, std::move(files));
}

void ObjectStore::Impl::delete_row(store::Connection& connection, std::int64_t bucket,
                                   const ObjectRow& row, Doomed& doomed) {
  if (row.inline_id != 0) connection.statement(kDeleteInline).bind(1, row.inline_id).run();
  if (!row.file.empty()) doomed.files.push_back(row.file);
  if (row.parts_id != 0) {
    drop_parts(connection, row.parts_id, doomed);
    connection.statement(kForgetCompleted).bind(1, row.parts_id).run();
  }
  auto& remove = connection.statement(kDeleteRow).bind(1, bucket).bind(2, row.current ? 1 : 0);
  remove.bind(3, row.info.key.str()).bind(4, row.info.sequence).run();
}

void ObjectStore::Impl::note(Doomed& doomed, const ObjectInfo& info, ObjectEventKind kind,
                             std::uint64_t sequencer, const Requester& requester) const {
  doomed.events.push_back({doomed.bucket, info.key, info.version_id, info.size, info.etag, kind,
                           sequencer, clock.now(), requester});
}

std::uint64_t ObjectStore::Impl::next_sequence(store::Connection& connection, std::int64_t bucket,
                                               const ObjectKey& key,
                                               const std::optional<ObjectRow>& current) {
  std::uint64_t newest = current ? current->info.sequence : 0;
  if (!current) {
    if (const auto old = newest_old(connection, bucket, key)) newest = old->info.sequence;
  }
  const auto now = static_cast<std::uint64_t>(std::max<std::int64_t>(milliseconds(clock.now()), 0));
  // A clock that was set back must not turn the order around.
  last_sequence = std::max({now * 1000, last_sequence + 1, newest + 1});
  return last_sequence;
}

std::string ObjectStore::Impl::supersede(store::Connection& connection, Doomed& doomed,
                                         std::int64_t bucket, const ObjectKey& key,
                                         Versioning versioning,
                                         const std::optional<ObjectRow>& current,
                                         std::uint64_t sequence) const {
  const auto now = milliseconds(clock.now());
  const bool keeps = versioning == Versioning::kEnabled;
  const bool null_current = current && current->info.version_id == kNullVersion;
  if (current && (keeps || !null_current)) {
    connection.statement(kDemote).bind(1, bucket).bind(2, key.str()).bind(3, now).run();
  } else if (current) {
    delete_row(connection, bucket, *current, doomed);
  } else if (versioning != Versioning::kNever) {
    // A delete marker gets old, too.
    if (const auto newest = newest_old(connection, bucket, key)) {
      auto& age = connection.statement(kAge).bind(1, bucket).bind(2, key.str());
      age.bind(3, newest->info.sequence).bind(4, now).run();
    }
  }
  if (keeps) return version_name(sequence);
  if (versioning == Versioning::kSuspended && !null_current) {
    if (const auto old = find_row(connection, bucket, key, kNullVersion)) {
      delete_row(connection, bucket, *old, doomed);
    }
  }
  return std::string(kNullVersion);
}

Outcome<ObjectInfo> ObjectStore::Impl::place(store::Connection& connection, Doomed& doomed,
                                             std::int64_t bucket, const ObjectKey& key,
                                             const NewObject& object, const PutOptions& options) {
  const auto state = bucket_state(connection, bucket);
  if (!state) return std::unexpected(StoreError::kNoSuchBucket);
  const auto current = find_row(connection, bucket, key);
  if (current &&
      (options.if_none_match || (options.if_none_match_etag &&
                                 same_etag(*options.if_none_match_etag, current->info.etag)))) {
    return std::unexpected(StoreError::kPreconditionFailed);
  }
  if (options.if_match) {
    if (!current) return std::unexpected(StoreError::kNoSuchKey);
    if (*options.if_match != "*" && !same_etag(*options.if_match, current->info.etag)) {
      return std::unexpected(StoreError::kPreconditionFailed);
    }
  }
  ObjectRow row;
  auto& info = row.info;
  info.sequence = next_sequence(connection, bucket, key, current);
  info.version_id =
      supersede(connection, doomed, bucket, key, state->versioning, current, info.sequence);
  if (object.inline_bytes != nullptr) {
    connection.statement(kInsertInline).bind_blob(1, as_bytes(*object.inline_bytes)).run();
    row.inline_id = connection.last_insert_id();
  }
  row.file = object.file;
  row.parts_id = object.parts_id;
  row.at_rest_crc = object.at_rest_crc;
  row.current = true;
  info.key = key;
  info.size = object.size;
  info.etag = object.etag;
  info.modified = clock.now();
  info.content_type = options.content_type;
  info.user_metadata = options.user_metadata;
  info.system_headers = options.system_headers;
  info.checksums = options.checksums;
  info.tags = options.tags;
  info.owner = options.owner;
  info.acl = options.acl;
  info.storage_class = options.storage_class;
  info.encryption = options.encryption;
  info.lock = lock_of_new(options.lock, state->retention, info.modified);
  insert_row(connection, bucket, row);
  note(doomed, info, kind_of(options.created_by), info.sequence, options.requester);
  return info;
}

Outcome<Removed> ObjectStore::Impl::remove_version(store::Connection& connection, Doomed& doomed,
                                                   std::int64_t bucket,
                                                   const RemoveRequest& request) {
  const auto row = find_row(connection, bucket, request.key, request.version_id);
  if (!conditions_hold(request, row) || (request.if_noncurrent && row && row->current)) {
    return std::unexpected(StoreError::kPreconditionFailed);
  }
  Removed removed{request.version_id, row && row->info.delete_marker};
  if (!row) return removed;
  if (is_locked(row->info.lock, clock.now(), request.bypass_governance)) {
    return std::unexpected(StoreError::kLocked);
  }
  const bool hidden = !row->current && !find_row(connection, bucket, request.key);
  const auto sequence = next_sequence(connection, bucket, request.key,
                                      row->current ? row : std::optional<ObjectRow>());
  delete_row(connection, bucket, *row, doomed);
  // What was behind the newest version comes forth; a delete marker stays where it is.
  if (row->current || hidden) {
    const auto next = newest_old(connection, bucket, request.key);
    if (next && !next->info.delete_marker) {
      auto& promote = connection.statement(kPromote).bind(1, bucket).bind(2, request.key.str());
      promote.bind(3, next->info.sequence).run();
    }
  }
  note(doomed, row->info, request.expired ? ObjectEventKind::kExpired : ObjectEventKind::kRemoved,
       sequence, request.requester);
  return removed;
}

Outcome<Removed> ObjectStore::Impl::remove_one(store::Connection& connection, Doomed& doomed,
                                               std::int64_t bucket, Versioning versioning,
                                               const RemoveRequest& request) {
  if (!request.version_id.empty()) return remove_version(connection, doomed, bucket, request);
  const auto current = find_row(connection, bucket, request.key);
  if (has_conditions(request)) {
    const auto newest = current ? current : newest_old(connection, bucket, request.key);
    if (!conditions_hold(request, newest)) return std::unexpected(StoreError::kPreconditionFailed);
  }
  if (versioning == Versioning::kNever) {
    if (!current) return Removed{};
    const auto sequence = next_sequence(connection, bucket, request.key, current);
    delete_row(connection, bucket, *current, doomed);
    note(doomed, current->info,
         request.expired ? ObjectEventKind::kExpired : ObjectEventKind::kRemoved, sequence,
         request.requester);
    return Removed{};
  }
  ObjectRow marker;
  auto& info = marker.info;
  info.key = request.key;
  info.sequence = next_sequence(connection, bucket, request.key, current);
  info.version_id =
      supersede(connection, doomed, bucket, request.key, versioning, current, info.sequence);
  info.modified = clock.now();
  info.delete_marker = true;
  insert_row(connection, bucket, marker);
  note(doomed, info,
       request.expired ? ObjectEventKind::kExpiredByMarker : ObjectEventKind::kMarkerCreated,
       info.sequence, request.requester);
  return Removed{info.version_id, true};
}

Outcome<Removed> ObjectStore::remove(const BucketName& bucket, const RemoveRequest& request) {
  auto outcomes = remove_many(bucket, std::span(&request, 1));
  if (!outcomes) return std::unexpected(outcomes.error());
  return outcomes->front();
}

Outcome<std::vector<Outcome<Removed>>> ObjectStore::remove_many(
    const BucketName& bucket, std::span<const RemoveRequest> requests) {
  using Outcomes = std::vector<Outcome<Removed>>;
  const auto id = impl_->bucket_id(bucket);
  if (!id) return std::unexpected(StoreError::kNoSuchBucket);
  const auto drop = [&](store::Connection& connection, Doomed& doomed) -> Outcome<Outcomes> {
    const auto state = Impl::bucket_state(connection, *id);
    if (!state) return std::unexpected(StoreError::kNoSuchBucket);
    Outcomes outcomes;
    for (const auto& request : requests) {
      outcomes.push_back(impl_->remove_one(connection, doomed, *id, state->versioning, request));
    }
    return outcomes;
  };
  std::optional<Outcome<Outcomes>> outcome;
  try {
    outcome = impl_->change<Outcomes>(bucket, drop);
  } catch (const StorageError& error) {
    // Nobody could ever make room otherwise.
    if (!error.full() || !impl_->reserve.release()) throw;
    outcome = impl_->change<Outcomes>(bucket, drop);
  }
  impl_->reserve.take();
  return std::move(*outcome);
}

Outcome<ObjectInfo> ObjectStore::describe(const BucketName& bucket, const ObjectKey& key,
                                          std::string_view version_id) {
  const auto id = impl_->bucket_id(bucket);
  if (!id) return std::unexpected(StoreError::kNoSuchBucket);
  std::optional<ObjectRow> row, current;
  impl_->database.read([&](store::Connection& connection) {
    current = Impl::find_row(connection, *id, key);
    row = version_id.empty() ? current : Impl::find_row(connection, *id, key, version_id);
    if (row && row->current) return;
    auto newest = current ? std::nullopt : Impl::newest_old(connection, *id, key);
    if (version_id.empty()) row = std::move(newest);
    if (row && !current) {
      row->info.latest =
          version_id.empty() || (newest && newest->info.sequence == row->info.sequence);
    }
  });
  if (row) return std::move(row->info);
  return std::unexpected(version_id.empty() ? StoreError::kNoSuchKey : StoreError::kNoSuchVersion);
}

}  // namespace clary::objects
