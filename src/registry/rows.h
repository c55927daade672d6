// The registry's tables, and the SQL that they are used with. For this folder alone.
#pragma once

#include <optional>
#include <string>

#include "registry/store.h"

namespace clary::registry::rows {

// `repository`: "account/region/name".
inline constexpr const char* kSchema = R"(
CREATE TABLE registry_repositories (
  repository TEXT PRIMARY KEY, account TEXT NOT NULL, region TEXT NOT NULL, name TEXT NOT NULL,
  created INTEGER NOT NULL, settings TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX registry_repositories_by_name ON registry_repositories (name);
CREATE TABLE registry_manifests (
  repository TEXT NOT NULL, digest TEXT NOT NULL, media_type TEXT NOT NULL, content TEXT NOT NULL,
  image_bytes INTEGER NOT NULL, pushed INTEGER NOT NULL,
  PRIMARY KEY (repository, digest)) STRICT, WITHOUT ROWID;
CREATE TABLE registry_tags (
  repository TEXT NOT NULL, tag TEXT NOT NULL, digest TEXT NOT NULL,
  PRIMARY KEY (repository, tag)) STRICT, WITHOUT ROWID;
CREATE TABLE registry_blobs (
  repository TEXT NOT NULL, digest TEXT NOT NULL, bytes INTEGER NOT NULL,
  PRIMARY KEY (repository, digest)) STRICT, WITHOUT ROWID;
CREATE INDEX registry_blobs_by_digest ON registry_blobs (digest);
CREATE TABLE registry_uploads (
  id TEXT PRIMARY KEY, repository TEXT NOT NULL, started INTEGER NOT NULL) STRICT, WITHOUT ROWID;
)";

// Of layers whose files are encrypted: all that came since there is this table.
inline constexpr const char* kKeysSchema = R"(
CREATE TABLE registry_blob_keys (digest TEXT PRIMARY KEY, key BLOB NOT NULL) STRICT, WITHOUT ROWID;
)";

inline constexpr const char* kCreate =
    "INSERT OR IGNORE INTO registry_repositories (repository, account, region, name, created, "
    "settings) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
inline constexpr const char* kFind =
    "SELECT account, region, name, created, settings FROM registry_repositories WHERE repository = "
    "?1";
inline constexpr const char* kList =
    "SELECT account, region, name, created, settings FROM registry_repositories WHERE account = ?1 "
    "AND region = ?2 ORDER BY name";
inline constexpr const char* kNamed =
    "SELECT account, region, name, created, settings FROM registry_repositories WHERE name = ?1 "
    "ORDER BY account = ?2 DESC, region = ?3 DESC, account, region";
inline constexpr const char* kUpdate =
    "UPDATE registry_repositories SET settings = ?2 WHERE repository = ?1";
inline constexpr const char* kRemove = "DELETE FROM registry_repositories WHERE repository = ?1";
inline constexpr const char* kRemoveTags = "DELETE FROM registry_tags WHERE repository = ?1";
inline constexpr const char* kRemoveManifests =
    "DELETE FROM registry_manifests WHERE repository = ?1";
inline constexpr const char* kRemoveBlobs = "DELETE FROM registry_blobs WHERE repository = ?1";
inline constexpr const char* kRemoveUploads = "DELETE FROM registry_uploads WHERE repository = ?1";

inline constexpr const char* kPutManifest =
    "INSERT INTO registry_manifests (repository, digest, media_type, content, image_bytes, pushed) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO UPDATE SET media_type = ?3, pushed = ?6";
inline constexpr const char* kManifest =
    "SELECT digest, media_type, image_bytes, pushed, content FROM registry_manifests WHERE "
    "repository = ?1 AND digest = ?2";
inline constexpr const char* kManifests =
    "SELECT digest, media_type, image_bytes, pushed FROM registry_manifests WHERE repository = ?1 "
    "ORDER BY pushed, digest";
inline constexpr const char* kContents =
    "SELECT digest, content FROM registry_manifests WHERE repository = ?1";
inline constexpr const char* kRemoveManifest =
    "DELETE FROM registry_manifests WHERE repository = ?1 AND digest = ?2";
inline constexpr const char* kTag =
    "SELECT digest FROM registry_tags WHERE repository = ?1 AND tag = ?2";
inline constexpr const char* kTagsOf =
    "SELECT tag, digest FROM registry_tags WHERE repository = ?1 ORDER BY tag";
inline constexpr const char* kPutTag =
    "INSERT OR REPLACE INTO registry_tags (repository, tag, digest) VALUES (?1, ?2, ?3)";
inline constexpr const char* kRemoveTag =
    "DELETE FROM registry_tags WHERE repository = ?1 AND tag = ?2";
inline constexpr const char* kRemoveTagsOf =
    "DELETE FROM registry_tags WHERE repository = ?1 AND digest = ?2";

inline constexpr const char* kBlob =
    "SELECT b.bytes, k.key FROM registry_blobs b LEFT JOIN registry_blob_keys k ON k.digest = "
    "b.digest WHERE b.repository = ?1 AND b.digest = ?2";
inline constexpr const char* kBlobsOf = "SELECT digest FROM registry_blobs WHERE repository = ?1";
inline constexpr const char* kLinks = "SELECT 1 FROM registry_blobs WHERE digest = ?1 LIMIT 1";
inline constexpr const char* kLink =
    "INSERT OR REPLACE INTO registry_blobs (repository, digest, bytes) VALUES (?1, ?2, ?3)";
inline constexpr const char* kPutKey =
    "INSERT OR REPLACE INTO registry_blob_keys (digest, key) VALUES (?1, ?2)";
inline constexpr const char* kRemoveKey = "DELETE FROM registry_blob_keys WHERE digest = ?1";
inline constexpr const char* kMount =
    "INSERT OR IGNORE INTO registry_blobs (repository, digest, bytes) SELECT ?2, digest, bytes "
    "FROM "
    "registry_blobs WHERE repository = ?1 AND digest = ?3";
inline constexpr const char* kRemoveBlob =
    "DELETE FROM registry_blobs WHERE repository = ?1 AND digest = ?2";

inline constexpr const char* kBeginUpload =
    "INSERT INTO registry_uploads (id, repository, started) VALUES (?1, ?2, ?3)";
inline constexpr const char* kUpload =
    "SELECT 1 FROM registry_uploads WHERE id = ?1 AND repository = ?2";
inline constexpr const char* kEndUpload = "DELETE FROM registry_uploads WHERE id = ?1";
inline constexpr const char* kOldUploads = "SELECT id FROM registry_uploads WHERE started < ?1";
inline constexpr const char* kRemoveOldUploads = "DELETE FROM registry_uploads WHERE started < ?1";

inline std::string key(const RepositoryName& name) {
  return name.account + "/" + name.region + "/" + name.name;
}

inline Repository repository_of(const store::Statement& row) {
  Repository repository;
  repository.name = {std::string(row.text(0)), std::string(row.text(1)), std::string(row.text(2))};
  repository.created = Timestamp(Timestamp::duration(row.integer(3)));
  repository.settings = json::parse(row.text(4)).as_object();
  return repository;
}

inline std::optional<Repository> find(store::Connection& connection, std::string_view key) {
  store::Statement& row = connection.statement(kFind).bind(1, key);
  return row.step() ? std::optional(repository_of(row)) : std::nullopt;
}

}  // namespace clary::registry::rows
