#include "objects/object_rows.h"

#include "base/json.h"

namespace clary::objects {
namespace {

// One row per object; the bytes of small ones stand in a table of their own, so that a listing
// walks short rows only.
// A multipart object's parts are the rows of its upload: completing copies nothing.
constexpr char kSchema1[] = R"(
CREATE TABLE buckets(
  id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, account TEXT NOT NULL,
  region TEXT NOT NULL, created INTEGER NOT NULL);
CREATE TABLE bucket_configs(
  bucket INTEGER NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL,
  PRIMARY KEY(bucket,name)) WITHOUT ROWID;
CREATE TABLE objects(
  bucket INTEGER NOT NULL, key TEXT NOT NULL, version_id TEXT NOT NULL,
  size INTEGER NOT NULL, etag TEXT NOT NULL, modified INTEGER NOT NULL,
  content_type TEXT NOT NULL, inline_id INTEGER NOT NULL, file TEXT NOT NULL,
  parts_id INTEGER NOT NULL, metadata TEXT NOT NULL, tags TEXT NOT NULL,
  PRIMARY KEY(bucket,key,version_id)) WITHOUT ROWID;
CREATE INDEX objects_file ON objects(file) WHERE file<>'';
CREATE TABLE inline_objects(id INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
CREATE TABLE uploads(
  id INTEGER PRIMARY KEY AUTOINCREMENT, upload_id TEXT NOT NULL UNIQUE, bucket INTEGER NOT NULL,
  key TEXT NOT NULL, initiated INTEGER NOT NULL, content_type TEXT NOT NULL,
  metadata TEXT NOT NULL, tags TEXT NOT NULL, checksum_algorithm INTEGER NOT NULL,
  full_object_checksum INTEGER NOT NULL);
CREATE INDEX uploads_key ON uploads(bucket,key,id);
CREATE TABLE parts(
  upload INTEGER NOT NULL, number INTEGER NOT NULL, file TEXT NOT NULL, size INTEGER NOT NULL,
  etag TEXT NOT NULL, modified INTEGER NOT NULL, checksums TEXT NOT NULL,
  PRIMARY KEY(upload,number)) WITHOUT ROWID;
CREATE INDEX parts_file ON parts(file);
CREATE TABLE completed_uploads(
  upload_id TEXT PRIMARY KEY, parts_id INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX completed_uploads_parts ON completed_uploads(parts_id);
)";

// Versions. The rows a reader sees (is_current=1) stand apart from those only a version id reaches:
// older versions, and delete markers. `sequence` orders the versions of a key, newest first.
constexpr char kSchema2[] = R"(
CREATE TABLE object_versions(
  bucket INTEGER NOT NULL, is_current INTEGER NOT NULL, key TEXT NOT NULL, sequence INTEGER NOT NULL,
  version_id TEXT NOT NULL, size INTEGER NOT NULL, etag TEXT NOT NULL, modified INTEGER NOT NULL,
  content_type TEXT NOT NULL, inline_id INTEGER NOT NULL, file TEXT NOT NULL,
  parts_id INTEGER NOT NULL, metadata TEXT NOT NULL, tags TEXT NOT NULL,
  delete_marker INTEGER NOT NULL DEFAULT 0, noncurrent_since INTEGER NOT NULL DEFAULT 0,
  lock_mode INTEGER NOT NULL DEFAULT 0, lock_until INTEGER NOT NULL DEFAULT 0,
  legal_hold INTEGER NOT NULL DEFAULT 0, storage_class TEXT NOT NULL DEFAULT '',
  PRIMARY KEY(bucket,is_current,key,sequence DESC)) WITHOUT ROWID;
INSERT INTO object_versions(bucket,is_current,key,sequence,version_id,size,etag,modified,content_type,
  inline_id,file,parts_id,metadata,tags)
  SELECT bucket,1,key,modified*1000,version_id,size,etag,modified,content_type,
  inline_id,file,parts_id,metadata,tags FROM objects ORDER BY bucket,key;
DROP TABLE objects;
ALTER TABLE object_versions RENAME TO objects;
CREATE INDEX objects_file ON objects(file) WHERE file<>'';
CREATE UNIQUE INDEX objects_old ON objects(bucket,key,version_id) WHERE is_current=0;
ALTER TABLE buckets ADD COLUMN versioning INTEGER NOT NULL DEFAULT 0;
ALTER TABLE buckets ADD COLUMN object_lock INTEGER NOT NULL DEFAULT 0;
ALTER TABLE buckets ADD COLUMN retention_mode INTEGER NOT NULL DEFAULT 0;
ALTER TABLE buckets ADD COLUMN retention_days INTEGER NOT NULL DEFAULT 0;
ALTER TABLE buckets ADD COLUMN retention_years INTEGER NOT NULL DEFAULT 0;
ALTER TABLE uploads ADD COLUMN lock_mode INTEGER NOT NULL DEFAULT 0;
ALTER TABLE uploads ADD COLUMN lock_until INTEGER NOT NULL DEFAULT 0;
ALTER TABLE uploads ADD COLUMN legal_hold INTEGER NOT NULL DEFAULT 0;
ALTER TABLE uploads ADD COLUMN storage_class TEXT NOT NULL DEFAULT '';
)";

// Encryption and checksums at rest. `at_rest_crc`: CRC-64/NVME of the bytes as they stand in the
// file or in inline_objects, null for those written before, whose MD5 may be their ETag.
constexpr char kSchema3[] = R"(
ALTER TABLE objects ADD COLUMN encryption TEXT NOT NULL DEFAULT '';
ALTER TABLE objects ADD COLUMN at_rest_crc INTEGER;
ALTER TABLE uploads ADD COLUMN encryption TEXT NOT NULL DEFAULT '';
ALTER TABLE parts ADD COLUMN at_rest_crc INTEGER;
)";
constexpr store::Migration kMigrations[] = {
    {"objects", 1, kSchema1}, {"objects", 2, kSchema2}, {"objects", 3, kSchema3}};

json::object to_json(const std::map<std::string, std::string>& map) {
  json::object object;
  for (const auto& [name, value] : map) object.emplace(name, value);
  return object;
}

std::map<std::string, std::string> to_map(const json::object* object) {
  std::map<std::string, std::string> map;
  if (object == nullptr) return map;
  for (const auto& [name, value] : *object) map.emplace(name, value.as_string());
  return map;
}

json::array to_json(const std::vector<Checksum>& checksums) {
  json::array array;
  for (const auto& checksum : checksums) {
    array.push_back(
        json::array{static_cast<int>(checksum.algorithm), checksum.value, checksum.composite});
  }
  return array;
}

std::vector<Checksum> to_checksums(const json::array& array) {
  std::vector<Checksum> checksums;
  for (const auto& entry : array) {
    const auto& fields = entry.as_array();
    checksums.push_back({static_cast<ChecksumAlgorithm>(fields.at(0).as_int64()),
                         std::string(fields.at(1).as_string()), fields.at(2).as_bool()});
  }
  return checksums;
}

}  // namespace

std::span<const store::Migration> object_migrations() {
  return kMigrations;
}

std::int64_t milliseconds(Timestamp time) {
  return time.time_since_epoch().count();
}

Timestamp from_milliseconds(std::int64_t value) {
  return Timestamp(std::chrono::milliseconds(value));
}

std::string metadata_text(const PutOptions& options) {
  json::object object;
  if (!options.user_metadata.empty()) object["u"] = to_json(options.user_metadata);
  if (!options.system_headers.empty()) object["h"] = to_json(options.system_headers);
  if (!options.checksums.empty()) object["c"] = to_json(options.checksums);
  if (!options.owner.empty()) object["o"] = options.owner;
  if (!options.acl.empty()) object["a"] = options.acl;
  return object.empty() ? std::string() : json::serialize(object);
}

std::string metadata_text(const ObjectInfo& info) {
  PutOptions options;
  options.user_metadata = info.user_metadata;
  options.system_headers = info.system_headers;
  options.checksums = info.checksums;
  options.owner = info.owner;
  options.acl = info.acl;
  return metadata_text(options);
}

void read_metadata(std::string_view text, PutOptions& options) {
  if (text.empty()) return;
  const auto object = json::parse(text).as_object();
  options.user_metadata = to_map(find_object(object, "u"));
  options.system_headers = to_map(find_object(object, "h"));
  if (const auto* checksums = find_array(object, "c")) {
    options.checksums = to_checksums(*checksums);
  }
  options.owner = string_or(object, "o");
  options.acl = string_or(object, "a");
}

std::string checksums_text(const std::vector<Checksum>& checksums) {
  return checksums.empty() ? std::string() : json::serialize(to_json(checksums));
}

std::vector<Checksum> read_checksums(std::string_view text) {
  if (text.empty()) return {};
  return to_checksums(json::parse(text).as_array());
}

std::string tags_text(const std::map<std::string, std::string>& tags) {
  return tags.empty() ? std::string() : json::serialize(to_json(tags));
}

std::map<std::string, std::string> read_tags(std::string_view text) {
  if (text.empty()) return {};
  const auto object = json::parse(text).as_object();
  return to_map(&object);
}

ObjectRow row_of(const store::Statement& row) {
  ObjectRow result;
  auto& info = result.info;
  info.key = ObjectKey(std::string(row.text(0)));
  info.version_id = row.text(1);
  info.size = static_cast<std::uint64_t>(row.integer(2));
  info.etag = row.text(3);
  info.modified = from_milliseconds(row.integer(4));
  info.content_type = row.text(5);
  PutOptions options;
  read_metadata(row.text(6), options);
  info.user_metadata = std::move(options.user_metadata);
  info.system_headers = std::move(options.system_headers);
  info.checksums = std::move(options.checksums);
  info.owner = std::move(options.owner);
  info.acl = std::move(options.acl);
  info.tags = read_tags(row.text(7));
  result.inline_id = row.integer(8);
  result.file = row.text(9);
  result.parts_id = row.integer(10);
  info.sequence = static_cast<std::uint64_t>(row.integer(11));
  result.current = row.integer(12) != 0;
  info.latest = result.current;
  info.delete_marker = row.integer(13) != 0;
  info.lock = {static_cast<LockMode>(row.integer(14)), from_milliseconds(row.integer(15)),
               row.integer(16) != 0};
  info.storage_class = row.text(17);
  info.noncurrent_since = from_milliseconds(row.integer(18));
  info.encryption = read_encryption(row.text(19));
  if (!row.is_null(20)) result.at_rest_crc = static_cast<std::uint64_t>(row.integer(20));
  return result;
}

PartInfo part_of(const store::Statement& row) {
  PartInfo part;
  part.number = static_cast<int>(row.integer(0));
  part.size = static_cast<std::uint64_t>(row.integer(1));
  part.etag = row.text(2);
  part.modified = from_milliseconds(row.integer(3));
  part.checksums = read_checksums(row.text(4));
  return part;
}

}  // namespace clary::objects
