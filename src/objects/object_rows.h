// The tables of objects.db, and how rows become structures. Every SQL text of this folder that two
// files need stands here.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "objects/object_cache.h"
#include "objects/object_info.h"
#include "store/database.h"

namespace clary::objects {

std::span<const store::Migration> object_migrations();

// The columns that row_of() reads, from objects o.
#define CLARY_OBJECT_COLUMNS                                                      \
  "o.key,o.version_id,o.size,o.etag,o.modified,o.content_type,o.metadata,o.tags," \
  "o.inline_id,o.file,o.parts_id,o.sequence,o.is_current,o.delete_marker,"        \
  "o.lock_mode,o.lock_until,o.legal_hold,o.storage_class,o.noncurrent_since,"     \
  "o.encryption,o.at_rest_crc"

std::int64_t milliseconds(Timestamp time);
Timestamp from_milliseconds(std::int64_t value);

// The metadata column: user metadata, headers, checksums, owner and ACL as JSON; "" when there are
// none.
std::string metadata_text(const PutOptions& options);
std::string metadata_text(const ObjectInfo& info);
void read_metadata(std::string_view text, PutOptions& options);
std::string checksums_text(const std::vector<Checksum>& checksums);
std::vector<Checksum> read_checksums(std::string_view text);
std::string tags_text(const std::map<std::string, std::string>& tags);
std::map<std::string, std::string> read_tags(std::string_view text);

// What a row says beside the ObjectInfo.
struct ObjectRow {
  ObjectInfo info;
  std::int64_t inline_id = 0;  // 0: not inline
  std::string file;            // "": none
  std::int64_t parts_id = 0;   // 0: not multipart
  // CRC-64/NVME of the file, or of the inline bytes, as they stand there. Unset for multipart
  // objects, whose parts have their own, and for what an earlier version of Clary wrote.
  std::optional<std::uint64_t> at_rest_crc;
  // What a reader of the key gets: its newest version, unless that is a delete marker. Only such
  // rows have is_current=1, so that listings of a bucket walk them alone.
  bool current = false;
};
ObjectRow row_of(const store::Statement& row);
PartInfo part_of(const store::Statement& row);  // number,size,etag,modified,checksums

}  // namespace clary::objects
