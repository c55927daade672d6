// The tables of objects.db, and how rows become structures. Every SQL text of this folder that two
// files need stands here.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "objects/object_cache.h"
#include "objects/object_info.h"
#include "store/database.h"

namespace clary::objects {

std::span<const store::Migration> object_migrations();

// The columns that row_of() reads, from objects o LEFT JOIN inline_objects i.
#define CLARY_OBJECT_COLUMNS                                                      \
  "o.key,o.version_id,o.size,o.etag,o.modified,o.content_type,o.metadata,o.tags," \
  "o.inline_id,o.file,o.parts_id"

std::int64_t milliseconds(Timestamp time);
Timestamp from_milliseconds(std::int64_t value);

// The metadata column: user metadata, headers, checksums, owner and ACL as JSON; "" when there are
// none.
std::string metadata_text(const PutOptions& options);
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
};
ObjectRow row_of(const store::Statement& row);
PartInfo part_of(const store::Statement& row);  // number,size,etag,modified,checksums

}  // namespace clary::objects
