#include "backup/cut.h"

#include <sqlite3.h>

#include "backup/folder_files.h"
#include "backup/hashed_copy.h"

namespace clary::backup {
namespace {

using store::Connection;

constexpr int kWaitMs = 30'000;
constexpr int kPagesAtOnce = 4096;

// Begins a read: a snapshot exists only once something was read.
void begin_read(Connection& connection) {
  connection.execute("BEGIN");
  auto& first = connection.statement("SELECT count(*) FROM sqlite_master");
  first.step();
  connection.finish_statements();
}

void copy(Connection& from, const std::filesystem::path& to) {
  sqlite3* target = nullptr;
  const auto fail = [&](const std::string& what) {
    const std::string why = target != nullptr ? sqlite3_errmsg(target) : "out of memory";
    sqlite3_close(target);
    throw StorageError(to.string() + ": " + what + ": " + why);
  };
  if (sqlite3_open_v2(to.c_str(), &target, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr) !=
      SQLITE_OK) {
    fail("cannot be made");
  }
  sqlite3_backup* const backup = sqlite3_backup_init(target, "main", from.handle(), "main");
  if (backup == nullptr) fail("cannot be copied to");
  int code = SQLITE_OK;
  while (code == SQLITE_OK) code = sqlite3_backup_step(backup, kPagesAtOnce);
  sqlite3_backup_finish(backup);
  if (code != SQLITE_DONE) fail("copying");
  // A file of its own, without a log beside it.
  if (sqlite3_exec(target, "PRAGMA journal_mode=DELETE", nullptr, nullptr, nullptr) != SQLITE_OK) {
    fail("closing");
  }
  sqlite3_close(target);
}

}  // namespace

struct Cut::Impl {
  Connection metadata, objects;

  explicit Impl(const std::filesystem::path& data_dir)
      : metadata(data_dir / kMetadata, Connection::Mode::kReadOnly),
        objects(data_dir / kObjects, Connection::Mode::kReadOnly) {
    Connection metadata_lock(data_dir / kMetadata, Connection::Mode::kReadWrite);
    Connection objects_lock(data_dir / kObjects, Connection::Mode::kReadWrite);
    for (Connection* connection : {&metadata_lock, &objects_lock}) {
      sqlite3_busy_timeout(connection->handle(), kWaitMs);
      connection->execute("BEGIN IMMEDIATE");
    }
    begin_read(metadata);
    begin_read(objects);
    objects_lock.execute("ROLLBACK");
    metadata_lock.execute("ROLLBACK");
  }
};

Cut::Cut(const std::filesystem::path& data_dir) : impl_(std::make_unique<Impl>(data_dir)) {}
Cut::~Cut() = default;

store::Connection& Cut::objects() {
  return impl_->objects;
}
void Cut::copy_metadata(const std::filesystem::path& to) {
  copy(impl_->metadata, to);
}
void Cut::copy_objects(const std::filesystem::path& to) {
  copy(impl_->objects, to);
}

}  // namespace clary::backup
