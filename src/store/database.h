// One SQLite file in WAL mode: a single writer thread that commits in groups, and many readers.
#pragma once

#include <cstdint>
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

  Statement& bind(int index, std::int64_t value);
  Statement& bind(int index, double value);
  // Text is bound without a copy: it must live until reset().
  Statement& bind(int index, std::string_view text);
  Statement& bind_blob(int index, std::span<const std::byte> bytes);
  Statement& bind_null(int index);

  bool step();  // true: a row is there. Throws StorageError.
  void run();   // step to the end, then reset
  void reset();

  std::int64_t integer(int column) const;
  double real(int column) const;
  std::string_view text(int column) const;  // valid until the next step or reset
  std::span<const std::byte> blob(int column) const;
  bool is_null(int column) const;

 private:
  sqlite3_stmt* statement_ = nullptr;
};

// A connection with its prepared statements, found by the address of their SQL (named constants).
class Connection {
 public:
  enum class Mode { kReadOnly, kReadWrite };
  Connection(const std::filesystem::path& file, Mode mode);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Prepared once, reset before it is returned. `sql` must have static storage.
  Statement& statement(const char* sql);
  void execute(const char* sql);  // scripts: schema, pragmas
  std::int64_t changes() const;
  std::int64_t last_insert_id() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

struct Migration {
  int version;  // 1, 2, ...; PRAGMA user_version keeps the last one applied
  const char* sql;
};

// threads: read() and write() from any thread. blocks: both.
// errors: StorageError. A file whose version is newer than the last migration is refused.
// order: destroyed after its last caller; the destructor commits what was accepted.
class Database {
 public:
  Database(std::filesystem::path file, std::span<const Migration> migrations);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // Runs `change` on the writer thread inside a transaction that may hold other callers' changes,
  // each in its own savepoint; returns after the commit is on disk (synchronous=FULL). What
  // `change` throws undoes its own savepoint only and is thrown here.
  void write(const std::function<void(Connection&)>& change);

  // As write(), without waiting: `done` runs on the writer thread after the commit, with null or
  // the error. For log lines and metric points.
  void write_later(std::function<void(Connection&)> change,
                   std::function<void(std::exception_ptr)> done);

  // Runs `query` on a reader connection taken from a pool, seeing every commit before the call.
  void read(const std::function<void(Connection&)>& query);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace clary::store
