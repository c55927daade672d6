// One SQLite file in WAL mode: a single writer thread that commits in groups, and many readers.
#pragma once

#include <concepts>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/errors.h"

struct sqlite3;
struct sqlite3_stmt;

namespace clary::store {

// A prepared statement. Columns and parameters count from 0 and 1 as in SQLite.
// threads: only the thread that owns the connection.
class Statement {
 public:
  Statement(sqlite3* database, std::string_view sql);
  ~Statement();
  Statement(Statement&& other) noexcept;
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  template <std::integral Integer>
  Statement& bind(int index, Integer value) {
    return bind_integer(index, static_cast<std::int64_t>(value));
  }
  Statement& bind(int index, double value);
  // Text and blobs are bound without a copy: they must live until reset() or the end of the read()
  // or write() they are used in.
  Statement& bind(int index, std::string_view text);
  Statement& bind_blob(int index, std::span<const std::byte> bytes);
  Statement& bind_null(int index);

  bool step();   // true: a row is there. Throws StorageError.
  void run();    // step to the end, then reset
  void reset();  // bindings are cleared too

  std::int64_t integer(int column) const;
  double real(int column) const;
  std::string_view text(int column) const;  // valid until the next step or reset
  std::span<const std::byte> blob(int column) const;
  bool is_null(int column) const;

 private:
  Statement& bind_integer(int index, std::int64_t value);

  sqlite3_stmt* statement_ = nullptr;
};

// A connection with its prepared statements, found by the address of their SQL (named constants).
// threads: one at a time.
class Connection {
 public:
  enum class Mode { kReadOnly, kReadWrite };
  Connection(const std::filesystem::path& file, Mode mode);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Prepared once, reset before it is returned. `sql` must have static storage.
  Statement& statement(const char* sql);
  // The same for SQL that is put together: found by its text. For a bounded number of texts.
  Statement& composed(const std::string& sql);
  void execute(const char* sql);  // scripts: schema, pragmas
  std::int64_t changes() const;
  std::int64_t last_insert_id() const;
  // Resets every statement handed out since the last call. Database does it after each read or
  // change, so that a forgotten row never holds a snapshot open.
  void finish_statements();
  // False while a transaction is open; SQLite ends one by itself when the disk is full.
  bool in_transaction() const;
  sqlite3* handle() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// One step of a module's schema. Several modules share a file: the table schema_versions holds, per
// module, the last version applied, and each module numbers its own steps 1, 2, 3, ...
// A step that was released is never edited; a change is a further step.
struct Migration {
  std::string_view module;
  int version;
  const char* sql;
};

// threads: read(), write() and write_later() from any thread, but not from inside a change or a
// `done`, which run on the writer thread. blocks: all but write_later().
// errors: StorageError; full() when the disk is. A file that has a newer version of a module than
// the program knows is refused.
// order: destroyed after its last caller; the destructor commits what was accepted.
class Database {
 public:
  // Database db(file, {Documents::migrations(), LogEvents::migrations()});
  Database(std::filesystem::path file, std::vector<std::span<const Migration>> modules);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // Runs `change` on the writer thread inside a transaction that may hold other callers' changes,
  // each in its own savepoint; returns after the commit is on disk (synchronous=FULL). What
  // `change` throws undoes its own savepoint only and is thrown here.
  void write(const std::function<void(Connection&)>& change);

  // As write(), without waiting: `done` (may be empty) runs on the writer thread after the commit,
  // with null or the error. For log lines and metric points.
  void write_later(std::function<void(Connection&)> change,
                   std::function<void(std::exception_ptr)> done);

  // Runs `query` on a reader connection taken from a pool, in one snapshot that holds every commit
  // before the call.
  void read(const std::function<void(Connection&)>& query);

  // Copies every commit so far into the file and empties the log, so that what was overwritten is
  // in neither. blocks: until readers of older snapshots are done. Throws StorageError when they
  // take longer than a minute.
  void empty_log();
  // Writes the whole file anew, without what was deleted or replaced, and empties the log. blocks:
  // for as long as that takes; for the start of a server.
  void compact();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace clary::store
