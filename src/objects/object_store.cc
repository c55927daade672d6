#include "objects/object_store.h"

#include "base/log.h"
#include "base/text.h"
#include "objects/object_store_impl.h"

namespace clary::objects {
namespace {

constexpr char kFindRow[] = "SELECT " CLARY_OBJECT_COLUMNS
                            " FROM objects o WHERE bucket=?1 AND key=?2 AND version_id='null'";
constexpr char kReadInline[] = "SELECT bytes FROM inline_objects WHERE id=?1";
constexpr char kPlace[] =
    "INSERT OR REPLACE INTO objects(bucket,key,version_id,size,etag,modified,content_type,"
    "inline_id,file,parts_id,metadata,tags) VALUES(?1,?2,'null',?3,?4,?5,?6,?7,?8,?9,?10,?11)";
constexpr char kInsertInline[] = "INSERT INTO inline_objects(bytes) VALUES(?1)";
constexpr char kDeleteInline[] = "DELETE FROM inline_objects WHERE id=?1";
constexpr char kDelete[] = "DELETE FROM objects WHERE bucket=?1 AND key=?2 AND version_id='null'";
constexpr char kSetTags[] =
    "UPDATE objects SET tags=?3 WHERE bucket=?1 AND key=?2 AND version_id='null'";
constexpr char kSetMetadata[] =
    "UPDATE objects SET metadata=?3 WHERE bucket=?1 AND key=?2 AND version_id='null'";
constexpr char kPartFiles[] = "SELECT file FROM parts WHERE upload=?1";
constexpr char kPartSizes[] = "SELECT file,size FROM parts WHERE upload=?1 ORDER BY number";
constexpr char kDeleteParts[] = "DELETE FROM parts WHERE upload=?1";
constexpr char kForgetCompleted[] = "DELETE FROM completed_uploads WHERE parts_id=?1";
constexpr char kBucketLives[] = "SELECT 1 FROM buckets WHERE id=?1";
constexpr char kFileUsed[] =
    "SELECT 1 WHERE EXISTS(SELECT 1 FROM objects WHERE file=?1 AND file<>'')"
    " OR EXISTS(SELECT 1 FROM parts WHERE file=?1)";

std::shared_ptr<const std::string> read_inline(store::Connection& connection, std::int64_t id) {
  auto& row = connection.statement(kReadInline).bind(1, id);
  if (!row.step()) throw StorageError("the bytes of an object are missing");
  const auto bytes = row.blob(0);
  return std::make_shared<const std::string>(reinterpret_cast<const char*>(bytes.data()),
                                             bytes.size());
}

bool same_etag(std::string_view a, std::string_view b) {
  const auto bare = [](std::string_view etag) {
    if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"') {
      return etag.substr(1, etag.size() - 2);
    }
    return etag;
  };
  return bare(a) == bare(b);
}

}  // namespace

std::string after_prefix(std::string_view prefix) {
  std::string next(prefix);
  while (!next.empty() && next.back() == '\xff') next.pop_back();
  // No key (they are UTF-8) reaches this byte.
  if (next.empty()) return "\xff";
  next.back() = static_cast<char>(static_cast<unsigned char>(next.back()) + 1);
  return next;
}

std::string hex_etag(const std::array<std::byte, 16>& md5) {
  return hex(md5);
}

ObjectStore::Impl::Impl(const std::filesystem::path& folder, const Clock& time)
    : clock(time),
      data(folder / "data"),
      database(folder / "objects.db", {object_migrations()}),
      reserve(folder / "reserve") {
  load_buckets();
  sweeper = std::thread([this] { sweep(); });
}

ObjectStore::Impl::~Impl() {
  stopping = true;
  if (sweeper.joinable()) sweeper.join();
}

void ObjectStore::Impl::sweep() {
  const auto is_used = [this](const std::string& name) {
    bool used = false;
    database.read([&](store::Connection& connection) {
      used = connection.statement(kFileUsed).bind(1, name).step();
    });
    return used;
  };
  try {
    data.sweep(is_used, [this] { return stopping.load(); });
  } catch (const std::exception& error) {
    spdlog::error("objects: sweep: {}", error.what());
  }
}

void ObjectStore::Impl::remove(const Doomed& doomed) {
  for (const auto& file : doomed.files) data.remove(file);
  for (const auto& [parts_id, files] : doomed.parts) pins.remove(parts_id, files);
}

bool ObjectStore::Impl::bucket_lives(store::Connection& connection, std::int64_t bucket) {
  return connection.statement(kBucketLives).bind(1, bucket).step();
}

std::optional<ObjectRow> ObjectStore::Impl::find_row(store::Connection& connection,
                                                     std::int64_t bucket, const ObjectKey& key) {
  auto& row = connection.statement(kFindRow).bind(1, bucket).bind(2, key.str());
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

void ObjectStore::Impl::drop_data(store::Connection& connection, const ObjectRow& row,
                                  Doomed& doomed) {
  if (row.inline_id != 0) connection.statement(kDeleteInline).bind(1, row.inline_id).run();
  if (!row.file.empty()) doomed.files.push_back(row.file);
  if (row.parts_id != 0) {
    drop_parts(connection, row.parts_id, doomed);
    connection.statement(kForgetCompleted).bind(1, row.parts_id).run();
  }
}

Outcome<ObjectInfo> ObjectStore::Impl::place(store::Connection& connection, Doomed& doomed,
                                             std::int64_t bucket, const ObjectKey& key,
                                             const NewObject& object,
                                             const PutOptions& options) const {
  if (!bucket_lives(connection, bucket)) return std::unexpected(StoreError::kNoSuchBucket);
  const auto old = find_row(connection, bucket, key);
  if (options.if_none_match && old) return std::unexpected(StoreError::kPreconditionFailed);
  if (options.if_match) {
    if (!old) return std::unexpected(StoreError::kNoSuchKey);
    if (!same_etag(*options.if_match, old->info.etag)) {
      return std::unexpected(StoreError::kPreconditionFailed);
    }
  }
  if (old) drop_data(connection, *old, doomed);
  std::int64_t inline_id = 0;
  if (object.inline_bytes != nullptr) {
    connection.statement(kInsertInline).bind_blob(1, as_bytes(*object.inline_bytes)).run();
    inline_id = connection.last_insert_id();
  }
  ObjectInfo info;
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
  const auto metadata = metadata_text(options);
  const auto tags = tags_text(options.tags);
  auto& insert = connection.statement(kPlace).bind(1, bucket).bind(2, key.str());
  insert.bind(3, object.size).bind(4, object.etag).bind(5, milliseconds(info.modified));
  insert.bind(6, options.content_type).bind(7, inline_id).bind(8, object.file);
  insert.bind(9, object.parts_id).bind(10, metadata).bind(11, tags).run();
  return info;
}

Outcome<ObjectInfo> ObjectStore::Impl::commit(const BucketName& bucket, const ObjectKey& key,
                                              const NewObject& object, const PutOptions& options) {
  Doomed lost;
  if (!object.file.empty()) lost.files.push_back(object.file);
  const auto id = bucket_id(bucket);
  if (!id) {
    remove(lost);
    return std::unexpected(StoreError::kNoSuchBucket);
  }
  try {
    auto outcome = change<ObjectInfo>([&](store::Connection& connection, Doomed& doomed) {
      return place(connection, doomed, *id, key, object, options);
    });
    if (!outcome) {
      remove(lost);
      return outcome;
    }
    cache.invalidate(bucket, key);
    return outcome;
  } catch (const StorageError& error) {
    // A commit that failed for another reason than space may stand in the log all the same: the
    // file stays for the sweep, which will know.
    if (error.full()) remove(lost);
    throw;
  }
}

Outcome<std::shared_ptr<const StoredObject>> ObjectStore::Impl::load_row(std::int64_t bucket,
                                                                         const ObjectKey& key) {
  auto object = std::make_shared<StoredObject>();
  bool found = false;
  database.read([&](store::Connection& connection) {
    auto row = find_row(connection, bucket, key);
    if (!row) return;
    found = true;
    if (row->inline_id != 0) object->bytes = read_inline(connection, row->inline_id);
    if (!row->file.empty()) object->files.push_back({row->file, row->info.size});
    if (row->parts_id != 0) {
      auto& parts = connection.statement(kPartSizes).bind(1, row->parts_id);
      while (parts.step()) {
        const auto size = static_cast<std::uint64_t>(parts.integer(1));
        object->files.push_back({std::string(parts.text(0)), size});
        row->info.part_sizes.push_back(size);
      }
      object->parts_id = row->parts_id;
    }
    object->info = std::make_shared<const ObjectInfo>(std::move(row->info));
  });
  if (!found) return std::unexpected(StoreError::kNoSuchKey);
  return object;
}

Outcome<std::shared_ptr<const StoredObject>> ObjectStore::Impl::load(const BucketName& bucket,
                                                                     const ObjectKey& key) {
  const auto id = bucket_id(bucket);
  if (!id) return std::unexpected(StoreError::kNoSuchBucket);
  auto found = cache.find(bucket, key);
  if (found.object) return found.object;
  auto loaded = load_row(*id, key);
  if (loaded) cache.put(bucket, key, *loaded, found.stamp);
  return loaded;
}

ObjectStore::ObjectStore(std::filesystem::path folder, const Clock& clock)
    : impl_(std::make_unique<Impl>(folder, clock)) {}

ObjectStore::~ObjectStore() = default;

void ObjectStore::wait_for_sweep() {
  if (impl_->sweeper.joinable()) impl_->sweeper.join();
}

std::unique_ptr<ObjectWriter> ObjectStore::open_writer(std::optional<std::uint64_t> size_hint) {
  return std::make_unique<FileWriter>(impl_->data, size_hint);
}

Outcome<ObjectInfo> ObjectStore::put(const BucketName& bucket, const ObjectKey& key,
                                     ObjectWriter& writer, PutOptions options) {
  auto& file = static_cast<FileWriter&>(writer);
  NewObject object;
  object.size = file.size();
  object.etag = hex_etag(file.md5());
  object.inline_bytes = file.inline_bytes();
  if (object.inline_bytes == nullptr) {
    file.store_in_file();
    object.file = file.file_name();
    file.release();
  }
  return impl_->commit(bucket, key, object, options);
}

Outcome<std::shared_ptr<const ObjectInfo>> ObjectStore::head(const BucketName& bucket,
                                                             const ObjectKey& key) {
  const auto object = impl_->load(bucket, key);
  if (!object) return std::unexpected(object.error());
  return (*object)->info;
}

Outcome<ObjectContent> ObjectStore::get(const BucketName& bucket, const ObjectKey& key) {
  const auto id = impl_->bucket_id(bucket);
  if (!id) return std::unexpected(StoreError::kNoSuchBucket);
  auto object = impl_->load(bucket, key);
  // The files of an object that is replaced meanwhile may be gone: then its new row counts.
  for (int attempt = 0; object; ++attempt) {
    const auto& stored = **object;
    if (stored.bytes) return ObjectContent(stored.info, stored.bytes);
    std::shared_ptr<DataPin> pin;
    if (stored.parts_id != 0) pin = impl_->pins.pin(stored.parts_id);
    ObjectContent content(stored.info, stored.files, std::move(pin), impl_->data);
    // A pin counts only if the row still stood after it was taken.
    const auto now = stored.parts_id != 0 ? impl_->load_row(*id, key) : object;
    const bool current = now && (*now)->parts_id == stored.parts_id;
    try {
      if (current) {
        content.piece(0, 1);
        return content;
      }
    } catch (const StorageError&) {
      if (attempt >= 8) throw;
    }
    impl_->cache.invalidate(bucket, key);
    object = impl_->load(bucket, key);
  }
  return std::unexpected(object.error());
}

std::optional<ObjectContent> ObjectStore::cached(const BucketName& bucket, const ObjectKey& key) {
  auto found = impl_->cache.find(bucket, key);
  if (!found.object || !found.object->bytes) return std::nullopt;
  return ObjectContent(found.object->info, found.object->bytes);
}

std::shared_ptr<const ObjectInfo> ObjectStore::cached_head(const BucketName& bucket,
                                                           const ObjectKey& key) {
  const auto found = impl_->cache.find(bucket, key);
  return found.object ? found.object->info : nullptr;
}

Outcome<ObjectInfo> ObjectStore::copy(const CopyRequest& request) {
  auto source = get(request.source_bucket, request.source_key);
  if (!source) return std::unexpected(source.error());
  const auto& info = source->info();
  if (!request.source_etag.empty() && info.etag != request.source_etag) {
    return std::unexpected(StoreError::kPreconditionFailed);
  }
  PutOptions options;
  if (request.replace) {
    options = *request.replace;
  } else {
    options.content_type = info.content_type;
    options.user_metadata = info.user_metadata;
    options.system_headers = info.system_headers;
    options.tags = info.tags;
  }
  options.owner = request.owner;
  options.acl = request.acl;
  // A composite checksum is about parts, which the copy does not have.
  options.checksums = request.checksums.value_or(info.checksums);
  std::erase_if(options.checksums, [](const Checksum& checksum) { return checksum.composite; });
  const auto stored = impl_->load(request.source_bucket, request.source_key);
  const bool one_file = stored && (*stored)->files.size() == 1 && (*stored)->parts_id == 0 &&
                        (*stored)->info->etag == info.etag;
  if (one_file) {
    NewObject object;
    object.size = info.size;
    object.etag = info.etag;
    object.file = impl_->data.new_name();
    if (impl_->data.link((*stored)->files.front().name, object.file)) {
      impl_->data.sync_entry(object.file);
      return impl_->commit(request.bucket, request.key, object, options);
    }
  }
  auto writer = open_writer(info.size);
  std::vector<char> buffer(std::min<std::uint64_t>(info.size, 1 << 20));
  for (std::uint64_t offset = 0; offset < info.size;) {
    const auto count = source->read(offset, buffer.data(), buffer.size());
    writer->write(std::as_bytes(std::span(buffer.data(), count)));
    offset += count;
  }
  return put(request.bucket, request.key, *writer, std::move(options));
}

Outcome<void> ObjectStore::remove(const BucketName& bucket, const ObjectKey& key) {
  return remove_many(bucket, std::span(&key, 1));
}

Outcome<void> ObjectStore::remove_many(const BucketName& bucket, std::span<const ObjectKey> keys) {
  const auto id = impl_->bucket_id(bucket);
  if (!id) return std::unexpected(StoreError::kNoSuchBucket);
  const auto drop = [&](store::Connection& connection, Doomed& doomed) -> Outcome<void> {
    for (const auto& key : keys) {
      const auto row = Impl::find_row(connection, *id, key);
      if (!row) continue;
      Impl::drop_data(connection, *row, doomed);
      connection.statement(kDelete).bind(1, *id).bind(2, key.str()).run();
    }
    return {};
  };
  Outcome<void> outcome;
  try {
    outcome = impl_->change<void>(drop);
  } catch (const StorageError& error) {
    // Nobody could ever make room otherwise.
    if (!error.full() || !impl_->reserve.release()) throw;
    outcome = impl_->change<void>(drop);
  }
  impl_->reserve.take();
  for (const auto& key : keys) impl_->cache.invalidate(bucket, key);
  return outcome;
}

Outcome<void> ObjectStore::set_tags(const BucketName& bucket, const ObjectKey& key,
                                    const std::map<std::string, std::string>& tags) {
  const auto id = impl_->bucket_id(bucket);
  if (!id) return std::unexpected(StoreError::kNoSuchBucket);
  const auto text = tags_text(tags);
  auto outcome = impl_->change<void>([&](store::Connection& connection, Doomed&) -> Outcome<void> {
    connection.statement(kSetTags).bind(1, *id).bind(2, key.str()).bind(3, text).run();
    if (connection.changes() == 0) return std::unexpected(StoreError::kNoSuchKey);
    return {};
  });
  impl_->cache.invalidate(bucket, key);
  return outcome;
}

Outcome<void> ObjectStore::set_acl(const BucketName& bucket, const ObjectKey& key,
                                   const std::string& acl) {
  const auto id = impl_->bucket_id(bucket);
  if (!id) return std::unexpected(StoreError::kNoSuchBucket);
  auto outcome = impl_->change<void>([&](store::Connection& connection, Doomed&) -> Outcome<void> {
    const auto row = Impl::find_row(connection, *id, key);
    if (!row) return std::unexpected(StoreError::kNoSuchKey);
    PutOptions options;
    options.user_metadata = row->info.user_metadata;
    options.system_headers = row->info.system_headers;
    options.checksums = row->info.checksums;
    options.owner = row->info.owner;
    options.acl = acl;
    auto& update = connection.statement(kSetMetadata).bind(1, *id).bind(2, key.str());
    update.bind(3, metadata_text(options)).run();
    return {};
  });
  impl_->cache.invalidate(bucket, key);
  return outcome;
}

}  // namespace clary::objects
