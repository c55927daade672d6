// Manifests and tags. Sources: the OCI image specification (manifest, index) and Docker's "Image
// Manifest V2, Schema 2".
#include <openssl/evp.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "registry/references.h"
#include "registry/rows.h"

namespace clary::registry {
namespace {

using store::Connection;

constexpr std::size_t kLongestName = 256, kLongestTag = 128;

bool all_there(Connection& connection, const std::string& key, const References& references) {
  const auto there = [&](const char* sql, const std::string& digest) {
    return connection.statement(sql).bind(1, key).bind(2, std::string_view(digest)).step();
  };
  return std::ranges::all_of(references.blobs,
                             [&](const auto& each) { return there(rows::kBlob, each); }) &&
         std::ranges::all_of(references.manifests,
                             [&](const auto& each) { return there(rows::kManifest, each); });
}

bool is_immutable(const Repository& repository) {
  return string_or(repository.settings, "imageTagMutability").starts_with("IMMUTABLE");
}

Manifest manifest_of(const store::Statement& row) {
  Manifest manifest;
  manifest.digest = row.text(0);
  manifest.media_type = row.text(1);
  manifest.image_bytes = static_cast<std::uint64_t>(row.integer(2));
  manifest.pushed = Timestamp(Timestamp::duration(row.integer(3)));
  return manifest;
}

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

}  // namespace

bool is_digest(std::string_view text) {
  constexpr std::string_view kPrefix = "sha256:";
  if (!text.starts_with(kPrefix) || text.size() != kPrefix.size() + 64) return false;
  return text.find_first_not_of("0123456789abcdef", kPrefix.size()) == std::string_view::npos;
}

bool is_repository_name(std::string_view text) {
  if (text.size() < 2 || text.size() > kLongestName) return false;
  bool after_name = false;  // a separator stands between letters or digits alone
  for (const char c : text) {
    const bool separator = c == '/' || c == '.' || c == '_' || c == '-';
    if (separator ? !after_name : !is_name_character(c)) return false;
    after_name = !separator;
  }
  return after_name;
}

bool is_tag(std::string_view text) {
  if (text.empty() || text.size() > kLongestTag || text[0] == '.' || text[0] == '-') return false;
  return std::ranges::all_of(text, [](char c) {
    return is_name_character(c) || (c >= 'A' && c <= 'Z') || c == '_' || c == '.' || c == '-';
  });
}

std::string digest_of(std::string_view bytes) {
  std::array<std::byte, 32> digest;
  unsigned size = 0;
  EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(digest.data()), &size,
             EVP_sha256(), nullptr);
  return "sha256:" + hex(digest);
}

std::expected<std::string, PutFault> Store::put_manifest(const RepositoryName& name,
                                                         const PutManifest& put) {
  const std::string digest = digest_of(put.content), key = rows::key(name);
  if (!put.digest.empty() && put.digest != digest) {
    return std::unexpected(PutFault::kDigestMismatch);
  }
  const std::optional<References> references = references_of(put.content);
  if (!references) return std::unexpected(PutFault::kMalformed);
  const auto now = clock_.now().time_since_epoch().count();
  std::optional<PutFault> fault;
  database_.write([&](Connection& connection) {
    fault.reset();
    const std::optional<Repository> repository = rows::find(connection, key);
    if (!repository) {
      fault = PutFault::kNoRepository;
      return;
    }
    if (!all_there(connection, key, *references)) {
      fault = PutFault::kBlobUnknown;
      return;
    }
    if (!put.tag.empty()) {
      store::Statement& tag =
          connection.statement(rows::kTag).bind(1, key).bind(2, std::string_view(put.tag));
      if (tag.step() && tag.text(0) != digest && is_immutable(*repository)) {
        fault = PutFault::kTagImmutable;
        return;
      }
    }
    connection.statement(rows::kPutManifest)
        .bind(1, key)
        .bind(2, digest)
        .bind(3, std::string_view(put.media_type))
        .bind(4, std::string_view(put.content))
        .bind(5, static_cast<std::int64_t>(references->bytes + put.content.size()))
        .bind(6, now)
        .run();
    if (put.tag.empty()) return;
    connection.statement(rows::kPutTag)
        .bind(1, key)
        .bind(2, std::string_view(put.tag))
        .bind(3, digest)
        .run();
  });
  if (fault) return std::unexpected(*fault);
  return digest;
}

std::optional<Manifest> Store::manifest(const RepositoryName& name, std::string_view reference) {
  std::optional<Manifest> found;
  const std::string key = rows::key(name);
  database_.read([&](Connection& connection) {
    std::string digest(reference);
    if (!is_digest(reference)) {
      store::Statement& tag = connection.statement(rows::kTag).bind(1, key).bind(2, reference);
      if (!tag.step()) return;
      digest = tag.text(0);
    }
    store::Statement& row =
        connection.statement(rows::kManifest).bind(1, key).bind(2, std::string_view(digest));
    if (!row.step()) return;
    found = manifest_of(row);
    found->content = row.text(4);
    store::Statement& tags = connection.statement(rows::kTagsOf).bind(1, key);
    while (tags.step()) {
      if (tags.text(1) == found->digest) found->tags.emplace_back(tags.text(0));
    }
  });
  return found;
}

std::vector<Manifest> Store::manifests(const RepositoryName& name) {
  std::vector<Manifest> all;
  const std::string key = rows::key(name);
  database_.read([&](Connection& connection) {
    std::map<std::string, std::vector<std::string>, std::less<>> tags;
    store::Statement& tag_rows = connection.statement(rows::kTagsOf).bind(1, key);
    while (tag_rows.step()) tags[std::string(tag_rows.text(1))].emplace_back(tag_rows.text(0));
    store::Statement& rows = connection.statement(rows::kManifests).bind(1, key);
    while (rows.step()) {
      Manifest manifest = manifest_of(rows);
      if (const auto found = tags.find(manifest.digest); found != tags.end()) {
        manifest.tags = found->second;
      }
      all.push_back(std::move(manifest));
    }
  });
  return all;
}

bool Store::remove_tag(const RepositoryName& name, std::string_view tag) {
  bool there = false;
  const std::string key = rows::key(name);
  database_.write([&](Connection& connection) {
    connection.statement(rows::kRemoveTag).bind(1, key).bind(2, tag).run();
    there = connection.changes() > 0;
  });
  return there;
}

// With those of its layers that no other image of the repository has.
bool Store::remove_manifest(const RepositoryName& name, std::string_view digest) {
  bool there = false;
  std::vector<std::string> unlinked;
  const std::string key = rows::key(name);
  database_.write([&](Connection& connection) {
    unlinked.clear();
    std::set<std::string> mine, others;
    store::Statement& rows = connection.statement(rows::kContents).bind(1, key);
    while (rows.step()) {
      const auto references = references_of(rows.text(1));
      if (!references) continue;
      (rows.text(0) == digest ? mine : others)
          .insert(references->blobs.begin(), references->blobs.end());
    }
    connection.statement(rows::kRemoveManifest).bind(1, key).bind(2, digest).run();
    there = connection.changes() > 0;
    connection.statement(rows::kRemoveTagsOf).bind(1, key).bind(2, digest).run();
    std::ranges::set_difference(mine, others, std::back_inserter(unlinked));
    for (const std::string& each : unlinked) {
      connection.statement(rows::kRemoveBlob).bind(1, key).bind(2, std::string_view(each)).run();
    }
  });
  remove_unlinked(unlinked);
  return there;
}

std::optional<Store::Found> Store::look_up(std::string_view account, std::string_view region,
                                           std::string_view repository,
                                           std::string_view reference) {
  std::vector<RepositoryName> names;
  database_.read([&](Connection& connection) {
    store::Statement& rows =
        connection.statement(rows::kNamed).bind(1, repository).bind(2, account).bind(3, region);
    while (rows.step()) names.push_back(rows::repository_of(rows).name);
  });
  for (RepositoryName& name : names) {
    if (const auto found = manifest(name, reference)) {
      return Found{std::move(name), found->digest};
    }
  }
  return std::nullopt;
}

}  // namespace clary::registry
