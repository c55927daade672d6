#include "registry/store.h"

#include <algorithm>
#include <array>

#include "base/errors.h"
#include "base/file_io.h"
#include "base/random.h"
#include "registry/layer_key.h"
#include "registry/rows.h"

namespace clary::registry {

namespace fs = std::filesystem;
using store::Connection;

Store::Store(store::Database& database, fs::path folder, keys::Sealer& sealer, const Clock& clock)
    : database_(database), folder_(std::move(folder)), sealer_(sealer), clock_(clock) {
  std::error_code error;
  for (const char* const below : {"uploads", "blobs"}) {
    fs::create_directories(folder_ / below, error);
    if (error) throw StorageError("create " + (folder_ / below).string() + ": " + error.message());
  }
  fs::permissions(folder_, fs::perms::owner_all, error);
}

Store::~Store() = default;

std::span<const store::Migration> Store::migrations() {
  static constexpr std::array<store::Migration, 2> kMigrations{
      {{"registry", 1, rows::kSchema}, {"registry", 2, rows::kKeysSchema}}};
  return kMigrations;
}

bool Store::create(Repository& repository) {
  repository.created = clock_.now();
  bool made = false;
  const std::string key = rows::key(repository.name),
                    settings = json::serialize(repository.settings);
  database_.write([&](Connection& connection) {
    connection.statement(rows::kCreate)
        .bind(1, key)
        .bind(2, std::string_view(repository.name.account))
        .bind(3, std::string_view(repository.name.region))
        .bind(4, std::string_view(repository.name.name))
        .bind(5, repository.created.time_since_epoch().count())
        .bind(6, settings)
        .run();
    made = connection.changes() > 0;
  });
  return made;
}

std::optional<Repository> Store::find(const RepositoryName& name) {
  std::optional<Repository> found;
  const std::string key = rows::key(name);
  database_.read([&](Connection& connection) { found = rows::find(connection, key); });
  return found;
}

std::vector<Repository> Store::list(std::string_view account, std::string_view region) {
  std::vector<Repository> all;
  database_.read([&](Connection& connection) {
    store::Statement& rows = connection.statement(rows::kList).bind(1, account).bind(2, region);
    while (rows.step()) all.push_back(rows::repository_of(rows));
  });
  return all;
}

bool Store::update(const RepositoryName& name, const std::function<void(Repository&)>& change) {
  bool there = false;
  const std::string key = rows::key(name);
  database_.write([&](Connection& connection) {
    std::optional<Repository> repository = rows::find(connection, key);
    if (!repository) return;
    there = true;
    change(*repository);
    const std::string settings = json::serialize(repository->settings);
    connection.statement(rows::kUpdate).bind(1, key).bind(2, settings).run();
  });
  return there;
}

bool Store::remove(const RepositoryName& name) {
  bool there = false;
  std::vector<std::string> digests;
  const std::string key = rows::key(name);
  database_.write([&](Connection& connection) {
    digests.clear();
    store::Statement& blobs = connection.statement(rows::kBlobsOf).bind(1, key);
    while (blobs.step()) digests.emplace_back(blobs.text(0));
    for (const char* const sql : {rows::kRemoveTags, rows::kRemoveManifests, rows::kRemoveBlobs,
                                  rows::kRemoveUploads, rows::kRemove}) {
      connection.statement(sql).bind(1, key).run();
      if (sql == rows::kRemove) there = connection.changes() > 0;
    }
  });
  remove_unlinked(digests);
  return there;
}

fs::path Store::blob_file(std::string_view digest) const {
  const std::string_view hash = digest.substr(digest.find(':') + 1);
  return folder_ / "blobs" / hash.substr(0, 2) / hash;
}

// After the rows are gone for good. On the writer thread, so that no link comes in between.
void Store::remove_unlinked(const std::vector<std::string>& digests) {
  if (digests.empty()) return;
  database_.write([&](Connection& connection) {
    for (const std::string& digest : digests) {
      if (connection.statement(rows::kLinks).bind(1, std::string_view(digest)).step()) continue;
      std::error_code ignored;
      fs::remove(blob_file(digest), ignored);
      connection.statement(rows::kRemoveKey).bind(1, std::string_view(digest)).run();
    }
  });
}

std::optional<Blob> Store::blob(const RepositoryName& name, std::string_view digest) {
  std::optional<Blob> found;
  const std::string key = rows::key(name);
  database_.read([&](Connection& connection) {
    store::Statement& row = connection.statement(rows::kBlob).bind(1, key).bind(2, digest);
    if (row.step()) {
      found = Blob{static_cast<std::uint64_t>(row.integer(0)), blob_file(digest)};
      const auto sealed = row.blob(1);
      if (sealed.empty()) return;
      found->key =
          open_key(sealer_, {reinterpret_cast<const char*>(sealed.data()), sealed.size()}, digest);
      if (!found->key) {
        throw StorageError("the key of the layer " + std::string(digest) + " does not open");
      }
    }
  });
  return found;
}

bool Store::mount(const RepositoryName& from, const RepositoryName& to, std::string_view digest) {
  bool there = false;
  const std::string source = rows::key(from), target = rows::key(to);
  database_.write([&](Connection& connection) {
    connection.statement(rows::kMount).bind(1, source).bind(2, target).bind(3, digest).run();
    there = connection.statement(rows::kBlob).bind(1, target).bind(2, digest).step();
  });
  return there;
}

bool Store::remove_blob(const RepositoryName& name, std::string_view digest) {
  bool there = false;
  const std::string key = rows::key(name);
  database_.write([&](Connection& connection) {
    connection.statement(rows::kRemoveBlob).bind(1, key).bind(2, digest).run();
    there = connection.changes() > 0;
  });
  remove_unlinked({std::string(digest)});
  return there;
}

std::string Store::begin_upload(const RepositoryName& name) {
  const std::string id = random_uuid(), key = rows::key(name);
  const auto now = clock_.now().time_since_epoch().count();
  const auto upload = std::make_shared<Upload>(id, uploads(), sealer_);
  // Those that nobody went on with for a day.
  constexpr std::int64_t kAbandoned = 24 * 3600 * 1000LL;
  std::vector<std::string> old;
  database_.write([&](Connection& connection) {
    old.clear();
    store::Statement& rows = connection.statement(rows::kOldUploads).bind(1, now - kAbandoned);
    while (rows.step()) old.emplace_back(rows.text(0));
    connection.statement(rows::kRemoveOldUploads).bind(1, now - kAbandoned).run();
    connection.statement(rows::kBeginUpload)
        .bind(1, std::string_view(id))
        .bind(2, key)
        .bind(3, now)
        .run();
  });
  const std::lock_guard lock(mutex_);
  for (const std::string& each : old) {
    uploads_.erase(each);
    Upload::remove(each, uploads());
  }
  uploads_[id] = upload;
  return id;
}

std::shared_ptr<Upload> Store::upload(const RepositoryName& name, const std::string& id) {
  bool there = false;
  const std::string key = rows::key(name);
  database_.read([&](Connection& connection) {
    there = connection.statement(rows::kUpload).bind(1, std::string_view(id)).bind(2, key).step();
  });
  if (!there) return nullptr;
  const std::lock_guard lock(mutex_);
  std::shared_ptr<Upload>& upload = uploads_[id];
  if (!upload || upload->broken()) upload = std::make_shared<Upload>(id, uploads(), sealer_);
  return upload;
}

bool Store::finish_upload(const RepositoryName& name, Upload& upload, std::string_view digest) {
  const auto bytes = upload.bytes();
  if (upload.finish() != digest) {
    cancel_upload(name, upload.id());
    return false;
  }
  const std::string key = rows::key(name);
  const std::string sealed = seal_key(sealer_, upload.key(), digest);
  const fs::path file = blob_file(digest);
  database_.write([&](Connection& connection) {
    // The same bytes are there already under a key of their own.
    if (!connection.statement(rows::kLinks).bind(1, digest).step()) {
      std::error_code error;
      fs::create_directories(file.parent_path(), error);
      if (!error) fs::rename(upload.file(), file, error);
      // A change may run again after another in its group failed.
      if (error && !fs::exists(file)) {
        throw StorageError("store " + file.string() + ": " + error.message());
      }
      sync_folder(file.parent_path());
      connection.statement(rows::kPutKey)
          .bind(1, digest)
          .bind_blob(2, std::as_bytes(std::span(sealed)))
          .run();
    }
    connection.statement(rows::kLink)
        .bind(1, key)
        .bind(2, digest)
        .bind(3, static_cast<std::int64_t>(bytes))
        .run();
    connection.statement(rows::kEndUpload).bind(1, std::string_view(upload.id())).run();
  });
  const std::lock_guard lock(mutex_);
  Upload::remove(upload.id(), uploads());
  uploads_.erase(upload.id());
  return true;
}

void Store::cancel_upload(const RepositoryName& name, const std::string& id) {
  if (upload(name, id) == nullptr) return;
  database_.write([&](Connection& connection) {
    connection.statement(rows::kEndUpload).bind(1, std::string_view(id)).run();
  });
  const std::lock_guard lock(mutex_);
  uploads_.erase(id);
  Upload::remove(id, uploads());
}

}  // namespace clary::registry
