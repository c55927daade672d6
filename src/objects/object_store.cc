#include "objects/object_store.h"

#include "base/crc.h"
#include "base/log.h"
#include "base/text.h"
#include "objects/object_store_impl.h"
#include "objects/scrub.h"

namespace clary::objects {
namespace {

constexpr char kReadInline[] = "SELECT bytes FROM inline_objects WHERE id=?1";
constexpr char kPartSizes[] = "SELECT file,size FROM parts WHERE upload=?1 ORDER BY number";
constexpr char kFileUsed[] =
    "SELECT 1 WHERE EXISTS(SELECT 1 FROM objects WHERE file=?1 AND file<>'')"
    " OR EXISTS(SELECT 1 FROM parts WHERE file=?1)";

std::shared_ptr<const std::string> read_inline(store::Connection& connection,
                                               const ObjectRow& object) {
  auto& row = connection.statement(kReadInline).bind(1, object.inline_id);
  if (!row.step()) throw StorageError("the bytes of an object are missing");
  const auto bytes = row.blob(0);
  if (object.at_rest_crc && crc_update(CrcKind::kCrc64nvme, 0, bytes) != *object.at_rest_crc) {
    throw StorageError("the bytes of object " + object.info.key.str() + " are damaged");
  }
  return std::make_shared<const std::string>(reinterpret_cast<const char*>(bytes.data()),
                                             bytes.size());
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
      database(folder / "objects.db",
               {object_migrations(), scrub_migrations(), EventQueue::migrations()}),
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

void ObjectStore::Impl::record(store::Connection& connection, const Doomed& doomed) {
  if (observer == nullptr) return;
  for (const auto& event : doomed.events) observer->record(connection, event);
}

void ObjectStore::Impl::finish(const Doomed& doomed) {
  for (const auto& event : doomed.events) cache.invalidate(event.bucket, event.key);
  for (const auto& file : doomed.files) data.remove(file);
  for (const auto& [parts_id, files] : doomed.parts) pins.remove(parts_id, files);
  if (observer == nullptr) return;
  for (const auto& event : doomed.events) observer->announce(event);
}

EventQueue& ObjectStore::event_queue() {
  return impl_->event_queue;
}

void ObjectStore::observe(ObjectEvents* events) {
  impl_->observer = events;
}

Outcome<ObjectInfo> ObjectStore::Impl::commit(const BucketName& bucket, const ObjectKey& key,
                                              const NewObject& object, const PutOptions& options) {
  const auto discard = [&] {
    if (!object.file.empty()) data.remove(object.file);
  };
  const auto id = bucket_id(bucket);
  if (!id) {
    discard();
    return std::unexpected(StoreError::kNoSuchBucket);
  }
  try {
    auto outcome = change<ObjectInfo>(bucket, [&](store::Connection& connection, Doomed& doomed) {
      return place(connection, doomed, *id, key, object, options);
    });
    if (!outcome) discard();
    return outcome;
  } catch (const StorageError& error) {
    // A commit that failed for another reason than space may stand in the log all the same: the
    // file stays for the sweep, which will know.
    if (error.full()) discard();
    throw;
  }
}

Outcome<std::shared_ptr<const StoredObject>> ObjectStore::Impl::load_row(
    std::int64_t bucket, const ObjectKey& key, std::string_view version_id) {
  auto object = std::make_shared<StoredObject>();
  std::optional<ObjectRow> row;
  database.read([&](store::Connection& connection) {
    row = find_row(connection, bucket, key, version_id);
    if (!row || row->info.delete_marker) return;
    if (row->inline_id != 0) object->bytes = read_inline(connection, *row);
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
    object->at_rest_crc = row->at_rest_crc;
    object->info = std::make_shared<const ObjectInfo>(std::move(row->info));
  });
  if (!row) {
    return std::unexpected(version_id.empty() ? StoreError::kNoSuchKey
                                              : StoreError::kNoSuchVersion);
  }
  if (!object->info) return std::unexpected(StoreError::kDeleteMarker);
  return object;
}

Outcome<std::shared_ptr<const StoredObject>> ObjectStore::Impl::load(const BucketName& bucket,
                                                                     const ObjectKey& key,
                                                                     std::string_view version_id) {
  const auto id = bucket_id(bucket);
  if (!id) return std::unexpected(StoreError::kNoSuchBucket);
  // The cache knows current versions only.
  if (!version_id.empty()) return load_row(*id, key, version_id);
  auto found = cache.find(bucket, key);
  if (found.object) return found.object;
  auto loaded = load_row(*id, key, {});
  if (loaded) cache.put(bucket, key, *loaded, found.stamp);
  return loaded;
}

ObjectStore::ObjectStore(std::filesystem::path folder, const Clock& clock)
    : impl_(std::make_unique<Impl>(folder, clock)) {}

ObjectStore::~ObjectStore() = default;

std::unique_ptr<Scrubber> ObjectStore::scrubber(const ScrubOptions& options) {
  return std::make_unique<Scrubber>(impl_->database, impl_->data, impl_->clock, options);
}

void ObjectStore::wait_for_sweep() {
  if (impl_->sweeper.joinable()) impl_->sweeper.join();
}

std::unique_ptr<ObjectWriter> ObjectStore::open_writer(std::optional<std::uint64_t> size_hint,
                                                       std::optional<WriteKey> key) {
  return std::make_unique<FileWriter>(impl_->data, size_hint, std::move(key));
}

Outcome<ObjectInfo> ObjectStore::put(const BucketName& bucket, const ObjectKey& key,
                                     ObjectWriter& writer, PutOptions options) {
  auto& file = static_cast<FileWriter&>(writer);
  NewObject object;
  object.size = file.size();
  object.etag = file.etag();
  object.inline_bytes = file.inline_bytes();
  if (object.inline_bytes == nullptr) {
    file.store_in_file();
    object.file = file.file_name();
    file.release();
  }
  object.at_rest_crc = file.at_rest_crc();
  return impl_->commit(bucket, key, object, options);
}

Outcome<std::shared_ptr<const ObjectInfo>> ObjectStore::head(const BucketName& bucket,
                                                             const ObjectKey& key,
                                                             std::string_view version_id) {
  const auto object = impl_->load(bucket, key, version_id);
  if (!object) return std::unexpected(object.error());
  return (*object)->info;
}

Outcome<ObjectContent> ObjectStore::get(const BucketName& bucket, const ObjectKey& key,
                                        std::string_view version_id) {
  const auto id = impl_->bucket_id(bucket);
  if (!id) return std::unexpected(StoreError::kNoSuchBucket);
  auto object = impl_->load(bucket, key, version_id);
  // The files of an object that is replaced meanwhile may be gone: then its new row counts.
  for (int attempt = 0; object; ++attempt) {
    const auto& stored = **object;
    if (stored.bytes) return ObjectContent(*object);
    std::shared_ptr<DataPin> pin;
    if (stored.parts_id != 0) pin = impl_->pins.pin(stored.parts_id);
    ObjectContent content(*object, std::move(pin), impl_->data);
    // A pin counts only if the row still stood after it was taken.
    const auto now = stored.parts_id != 0 ? impl_->load_row(*id, key, version_id) : object;
    const bool current = now && (*now)->parts_id == stored.parts_id;
    try {
      if (current) {
        content.open_first();
        return content;
      }
    } catch (const StorageError&) {
      if (attempt >= 8) throw;
    }
    impl_->cache.invalidate(bucket, key);
    object = impl_->load(bucket, key, version_id);
  }
  return std::unexpected(object.error());
}

std::optional<ObjectContent> ObjectStore::cached(const BucketName& bucket, const ObjectKey& key) {
  auto found = impl_->cache.find(bucket, key);
  if (!found.object || !found.object->bytes) return std::nullopt;
  return ObjectContent(std::move(found.object));
}

std::shared_ptr<const ObjectInfo> ObjectStore::cached_head(const BucketName& bucket,
                                                           const ObjectKey& key) {
  const auto found = impl_->cache.find(bucket, key);
  return found.object ? found.object->info : nullptr;
}

std::optional<Outcome<ObjectInfo>> ObjectStore::Impl::link(const CopyRequest& request,
                                                           const ObjectContent& source,
                                                           const PutOptions& options) {
  const auto& stored = source.stored();
  if (!source.has_one_file()) return std::nullopt;
  NewObject object;
  object.size = stored.info->size;
  object.etag = stored.info->etag;
  object.file = data.new_name();
  object.at_rest_crc = stored.at_rest_crc;
  if (!data.link(stored.files.front().name, object.file)) return std::nullopt;
  data.sync_entry(object.file);
  return commit(request.bucket, request.key, object, options);
}

Outcome<ObjectInfo> ObjectStore::copy(const CopyRequest& request) {
  auto source = get(request.source_bucket, request.source_key, request.source_version);
  if (!source) return std::unexpected(source.error());
  const auto& info = source->info();
  if (!request.source_etag.empty() && info.etag != request.source_etag) {
    return std::unexpected(StoreError::kPreconditionFailed);
  }
  if (request.unlock && info.encryption != request.source_encryption) {
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
  options.if_match = request.target.if_match;
  options.if_none_match = request.target.if_none_match;
  options.if_none_match_etag = request.target.if_none_match_etag;
  options.lock = request.target.lock;
  options.storage_class = request.target.storage_class;
  options.encryption = request.target.encryption;
  options.requester = request.target.requester;
  options.created_by = CreatedBy::kCopy;
  // A composite checksum is about parts, which the copy does not have.
  options.checksums = request.checksums.value_or(info.checksums);
  std::erase_if(options.checksums, [](const Checksum& checksum) { return checksum.composite; });
  if (request.unlock && !source->readable()) {
    source->unlock(*request.unlock, ObjectContent::Keep::kNo);
  }
  const bool same_bytes = request.write ? request.same_key : !info.encryption.on();
  if (same_bytes) {
    if (auto linked = impl_->link(request, *source, options)) return std::move(*linked);
  }
  auto writer = open_writer(info.size, request.write);
  std::vector<char> buffer(std::min<std::uint64_t>(info.size, 1 << 20));
  for (std::uint64_t offset = 0; offset < info.size;) {
    const auto count = source->read(offset, buffer.data(), buffer.size());
    writer->write(std::as_bytes(std::span(buffer.data(), count)));
    offset += count;
  }
  return put(request.bucket, request.key, *writer, std::move(options));
}

}  // namespace clary::objects
