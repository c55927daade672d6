// Multipart uploads. A part is a file and a row; completing makes the upload's rows the object's.
#include <openssl/evp.h>

#include <limits>

#include "base/random.h"
#include "base/text.h"
#include "objects/object_store_impl.h"

namespace clary::objects {
namespace {

constexpr char kInsertUpload[] =
    "INSERT INTO uploads(upload_id,bucket,key,initiated,content_type,metadata,tags,"
    "checksum_algorithm,full_object_checksum,lock_mode,lock_until,legal_hold,storage_class,"
    "encryption) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14)";
#define CLARY_UPLOAD_COLUMNS                                                  \
  "id,upload_id,key,initiated,content_type,metadata,tags,checksum_algorithm," \
  "full_object_checksum,lock_mode,lock_until,legal_hold,storage_class,encryption"
constexpr char kFindUpload[] =
    "SELECT " CLARY_UPLOAD_COLUMNS " FROM uploads WHERE upload_id=?1 AND bucket=?2 AND key=?3";
constexpr char kListUploads[] = "SELECT " CLARY_UPLOAD_COLUMNS
                                " FROM uploads WHERE bucket=?1 AND key>=?2 AND key<?3 AND "
                                "(key,id)>(?4,?5) ORDER BY key,id LIMIT ?6";
constexpr char kDeleteUpload[] = "DELETE FROM uploads WHERE id=?1";
constexpr char kPutPart[] =
    "INSERT OR REPLACE INTO parts(upload,number,file,size,etag,modified,checksums,at_rest_crc) "
    "VALUES(?1,?2,?3,?4,?5,?6,?7,?8)";
constexpr char kPartFile[] = "SELECT file FROM parts WHERE upload=?1 AND number=?2";
constexpr char kParts[] =
    "SELECT number,size,etag,modified,checksums,file FROM parts WHERE upload=?1 AND number>?2 "
    "ORDER BY number LIMIT ?3";
constexpr char kDropPart[] = "DELETE FROM parts WHERE upload=?1 AND number=?2";
constexpr char kRemember[] = "INSERT INTO completed_uploads(upload_id,parts_id) VALUES(?1,?2)";
constexpr char kCompleted[] =
    "SELECT o.version_id FROM completed_uploads c JOIN objects o ON o.parts_id=c.parts_id "
    "WHERE c.upload_id=?1 AND o.bucket=?2 AND o.key=?3 AND o.is_current IN (0,1)";

constexpr std::size_t kUploadIdBytes = 48;
constexpr std::size_t kAllParts = 10'000;

struct UploadRow {
  std::int64_t id = 0;
  UploadInfo info;
};

UploadRow upload_of(const store::Statement& row) {
  UploadRow result;
  auto& info = result.info;
  result.id = row.integer(0);
  info.upload_id = row.text(1);
  info.key = ObjectKey(std::string(row.text(2)));
  info.initiated = from_milliseconds(row.integer(3));
  info.options.content_type = row.text(4);
  read_metadata(row.text(5), info.options);
  info.options.tags = read_tags(row.text(6));
  if (row.integer(7) >= 0) info.checksum_algorithm = ChecksumAlgorithm(row.integer(7));
  info.full_object_checksum = row.integer(8) != 0;
  info.options.lock = {static_cast<LockMode>(row.integer(9)), from_milliseconds(row.integer(10)),
                       row.integer(11) != 0};
  info.options.storage_class = row.text(12);
  info.options.encryption = read_encryption(row.text(13));
  return result;
}

std::optional<UploadRow> find_upload(store::Connection& connection, const std::string& upload_id,
                                     std::int64_t bucket, const ObjectKey& key) {
  auto& row = connection.statement(kFindUpload).bind(1, upload_id);
  row.bind(2, bucket).bind(3, key.str());
  if (!row.step()) return std::nullopt;
  return upload_of(row);
}

struct StoredPart {
  PartInfo info;
  std::string file;
};

std::vector<StoredPart> read_parts(store::Connection& connection, std::int64_t upload, int after,
                                   std::size_t limit) {
  std::vector<StoredPart> parts;
  auto& row = connection.statement(kParts).bind(1, upload).bind(2, after).bind(3, limit);
  while (row.step()) parts.push_back({part_of(row), std::string(row.text(5))});
  return parts;
}

// The parts named, in order, each as it was uploaded.
Outcome<std::vector<StoredPart>> select_parts(std::span<const CompletedPart> wanted,
                                              const std::vector<StoredPart>& stored) {
  std::vector<StoredPart> selected;
  auto next = stored.begin();
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (i > 0 && wanted[i].number <= wanted[i - 1].number) {
      return std::unexpected(StoreError::kInvalidPartOrder);
    }
    while (next != stored.end() && next->info.number < wanted[i].number) ++next;
    if (next == stored.end() || next->info.number != wanted[i].number ||
        next->info.etag != wanted[i].etag) {
      return std::unexpected(StoreError::kInvalidPart);
    }
    for (const auto& checksum : wanted[i].checksums) {
      if (std::ranges::find(next->info.checksums, checksum) == next->info.checksums.end()) {
        return std::unexpected(StoreError::kInvalidPart);
      }
    }
    selected.push_back(*next);
  }
  if (selected.empty()) return std::unexpected(StoreError::kInvalidPart);
  for (std::size_t i = 0; i + 1 < selected.size(); ++i) {
    if (selected[i].info.size < kMinPartBytes) return std::unexpected(StoreError::kPartTooSmall);
  }
  return selected;
}

// MD5 of the parts' MD5s, and how many there are.
std::string composite_etag(const std::vector<StoredPart>& parts) {
  std::string digests;
  for (const auto& part : parts) {
    const auto raw = unhex(part.info.etag).value_or(std::vector<std::byte>());
    digests.append(reinterpret_cast<const char*>(raw.data()), raw.size());
  }
  std::array<std::byte, 16> md5{};
  EVP_Digest(digests.data(), digests.size(), reinterpret_cast<unsigned char*>(md5.data()), nullptr,
             EVP_md5(), nullptr);
  return hex_etag(md5) + "-" + std::to_string(parts.size());
}

// Rows of parts that were uploaded and not named in the end.
void drop_unselected(store::Connection& connection, std::int64_t upload,
                     const std::vector<StoredPart>& stored, const std::vector<StoredPart>& selected,
                     Doomed& doomed) {
  auto next = selected.begin();
  for (const auto& part : stored) {
    if (next != selected.end() && next->info.number == part.info.number) {
      ++next;
      continue;
    }
    connection.statement(kDropPart).bind(1, upload).bind(2, part.info.number).run();
    doomed.files.push_back(part.file);
  }
}

}  // namespace

Outcome<UploadInfo> ObjectStore::create_upload(const BucketName& bucket, UploadInfo upload) {
  const auto id = impl_->bucket_id(bucket);
  if (!id) return std::unexpected(StoreError::kNoSuchBucket);
  upload.upload_id = random_hex(kUploadIdBytes);
  upload.initiated = impl_->clock.now();
  const auto metadata = metadata_text(upload.options);
  const auto tags = tags_text(upload.options.tags);
  const auto encryption = encryption_text(upload.options.encryption);
  const auto& lock = upload.options.lock;
  const int algorithm =
      upload.checksum_algorithm ? static_cast<int>(*upload.checksum_algorithm) : -1;
  return impl_->change<UploadInfo>(
      bucket, [&](store::Connection& connection, Doomed&) -> Outcome<UploadInfo> {
        if (!Impl::bucket_state(connection, *id)) {
          return std::unexpected(StoreError::kNoSuchBucket);
        }
        auto& insert = connection.statement(kInsertUpload).bind(1, upload.upload_id);
        insert.bind(2, *id).bind(3, upload.key.str()).bind(4, milliseconds(upload.initiated));
        insert.bind(5, upload.options.content_type).bind(6, metadata).bind(7, tags);
        insert.bind(8, algorithm).bind(9, upload.full_object_checksum ? 1 : 0);
        insert.bind(10, static_cast<int>(lock.mode)).bind(11, milliseconds(lock.until));
        insert.bind(12, lock.legal_hold ? 1 : 0).bind(13, upload.options.storage_class);
        insert.bind(14, encryption).run();
        return upload;
      });
}

Outcome<PartInfo> ObjectStore::put_part(const BucketName& bucket, const ObjectKey& key,
                                        const std::string& upload_id, int number,
                                        ObjectWriter& writer, std::vector<Checksum> checksums) {
  const auto id = impl_->bucket_id(bucket);
  if (!id) return std::unexpected(StoreError::kNoSuchBucket);
  auto& file = static_cast<FileWriter&>(writer);
  PartInfo part;
  part.number = number;
  part.size = file.size();
  part.etag = file.etag();
  part.modified = impl_->clock.now();
  part.checksums = std::move(checksums);
  file.store_in_file();
  const auto checksums_column = checksums_text(part.checksums);
  const auto outcome = impl_->change<void>(
      bucket, [&](store::Connection& connection, Doomed& doomed) -> Outcome<void> {
        const auto upload = find_upload(connection, upload_id, *id, key);
        if (!upload) return std::unexpected(StoreError::kNoSuchUpload);
        auto& old = connection.statement(kPartFile).bind(1, upload->id).bind(2, number);
        if (old.step()) doomed.files.emplace_back(old.text(0));
        auto& insert = connection.statement(kPutPart).bind(1, upload->id).bind(2, number);
        insert.bind(3, file.file_name()).bind(4, part.size).bind(5, part.etag);
        insert.bind(6, milliseconds(part.modified)).bind(7, checksums_column);
        insert.bind(8, file.at_rest_crc()).run();
        return {};
      });
  if (!outcome) return std::unexpected(outcome.error());
  file.release();
  return part;
}

Outcome<UploadInfo> ObjectStore::upload(const BucketName& bucket, const ObjectKey& key,
                                        const std::string& upload_id) {
  const auto id = impl_->bucket_id(bucket);
  if (!id) return std::unexpected(StoreError::kNoSuchBucket);
  std::optional<UploadRow> row;
  impl_->database.read(
      [&](store::Connection& connection) { row = find_upload(connection, upload_id, *id, key); });
  if (!row) return std::unexpected(StoreError::kNoSuchUpload);
  return row->info;
}

Outcome<std::vector<PartInfo>> ObjectStore::parts(const BucketName& bucket, const ObjectKey& key,
                                                  const std::string& upload_id, int after,
                                                  std::size_t limit) {
  const auto id = impl_->bucket_id(bucket);
  if (!id) return std::unexpected(StoreError::kNoSuchBucket);
  std::vector<PartInfo> parts;
  bool found = false;
  impl_->database.read([&](store::Connection& connection) {
    const auto upload = find_upload(connection, upload_id, *id, key);
    if (!upload) return;
    found = true;
    for (auto& part : read_parts(connection, upload->id, after, limit)) {
      parts.push_back(std::move(part.info));
    }
  });
  if (!found) return std::unexpected(StoreError::kNoSuchUpload);
  return parts;
}

Outcome<std::vector<PartInfo>> ObjectStore::object_parts(const BucketName& bucket,
                                                         const ObjectKey& key,
                                                         std::string_view version_id, int after,
                                                         std::size_t limit) {
  const auto object = impl_->load(bucket, key, version_id);
  if (!object) return std::unexpected(object.error());
  std::vector<PartInfo> parts;
  if ((*object)->parts_id == 0) return parts;
  impl_->database.read([&](store::Connection& connection) {
    for (auto& part : read_parts(connection, (*object)->parts_id, after, limit)) {
      parts.push_back(std::move(part.info));
    }
  });
  return parts;
}

Outcome<ObjectInfo> ObjectStore::complete_upload(const BucketName& bucket, const ObjectKey& key,
                                                 const CompleteRequest& request) {
  const auto id = impl_->bucket_id(bucket);
  if (!id) return std::unexpected(StoreError::kNoSuchBucket);
  auto outcome = impl_->change<ObjectInfo>(
      bucket, [&](store::Connection& connection, Doomed& doomed) -> Outcome<ObjectInfo> {
        const auto upload = find_upload(connection, request.upload_id, *id, key);
        if (!upload) {
          auto& done = connection.statement(kCompleted).bind(1, request.upload_id);
          if (!done.bind(2, *id).bind(3, key.str()).step()) {
            return std::unexpected(StoreError::kNoSuchUpload);
          }
          const std::string version(done.text(0));
          return Impl::find_row(connection, *id, key, version)->info;
        }
        const auto stored = read_parts(connection, upload->id, 0, kAllParts);
        const auto selected = select_parts(request.parts, stored);
        if (!selected) return std::unexpected(selected.error());
        PutOptions options = upload->info.options;
        options.checksums = request.checksums;
        options.if_match = request.conditions.if_match;
        options.if_none_match = request.conditions.if_none_match;
        options.if_none_match_etag = request.conditions.if_none_match_etag;
        options.requester = request.conditions.requester;
        options.created_by = CreatedBy::kMultipart;
        NewObject object;
        for (const auto& part : *selected) object.size += part.info.size;
        object.etag = composite_etag(*selected);
        object.parts_id = upload->id;
        auto placed = impl_->place(connection, doomed, *id, key, object, options);
        if (!placed) return placed;
        drop_unselected(connection, upload->id, stored, *selected, doomed);
        connection.statement(kDeleteUpload).bind(1, upload->id).run();
        connection.statement(kRemember).bind(1, request.upload_id).bind(2, upload->id).run();
        for (const auto& part : *selected) placed->part_sizes.push_back(part.info.size);
        return placed;
      });
  return outcome;
}

Outcome<void> ObjectStore::abort_upload(const BucketName& bucket, const ObjectKey& key,
                                        const std::string& upload_id) {
  const auto id = impl_->bucket_id(bucket);
  if (!id) return std::unexpected(StoreError::kNoSuchBucket);
  return impl_->change<void>(bucket,
                             [&](store::Connection& connection, Doomed& doomed) -> Outcome<void> {
                               const auto upload = find_upload(connection, upload_id, *id, key);
                               if (!upload) return std::unexpected(StoreError::kNoSuchUpload);
                               Impl::drop_parts(connection, upload->id, doomed);
                               connection.statement(kDeleteUpload).bind(1, upload->id).run();
                               return {};
                             });
}

Outcome<std::vector<UploadInfo>> ObjectStore::uploads(const BucketName& bucket,
                                                      std::string_view prefix,
                                                      std::string_view after_key,
                                                      std::string_view after_upload,
                                                      std::size_t limit) {
  const auto id = impl_->bucket_id(bucket);
  if (!id) return std::unexpected(StoreError::kNoSuchBucket);
  const auto until = after_prefix(prefix);
  const ObjectKey marker{std::string(after_key)};
  std::vector<UploadInfo> uploads;
  impl_->database.read([&](store::Connection& connection) {
    std::int64_t after_id = std::numeric_limits<std::int64_t>::max();
    if (!after_upload.empty()) {
      const auto row = find_upload(connection, std::string(after_upload), *id, marker);
      if (row) after_id = row->id;
    }
    auto& row = connection.statement(kListUploads).bind(1, *id).bind(2, prefix).bind(3, until);
    row.bind(4, after_key).bind(5, after_id).bind(6, limit);
    while (row.step()) uploads.push_back(upload_of(row).info);
  });
  return uploads;
}

}  // namespace clary::objects
