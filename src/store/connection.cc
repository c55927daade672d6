#include <sqlite3.h>

#include <cerrno>
#include <mutex>
#include <unordered_map>

#include "store/database.h"

namespace clary::store {
namespace {

constexpr std::size_t kComposedLimit = 256;

// SQLite tells ENOSPC apart by itself. A quota or a file size limit is SQLITE_IOERR_WRITE, whose
// errno is often gone by now; only a real I/O error of the device keeps its EIO.
bool is_full(int code, int system_errno) {
  if ((code & 0xff) == SQLITE_FULL) return true;
  return code == SQLITE_IOERR_WRITE && system_errno != EIO;
}

[[noreturn]] void fail(sqlite3* database, int code) {
  const int extended = database != nullptr ? sqlite3_extended_errcode(database) : code;
  const char* text = database != nullptr ? sqlite3_errmsg(database) : sqlite3_errstr(code);
  const int system = database != nullptr ? sqlite3_system_errno(database) : 0;
  const auto kind =
      is_full(extended, system) ? StorageError::Kind::kFull : StorageError::Kind::kBroken;
  throw StorageError(std::string("SQLite: ") + text + " (" + std::to_string(extended) + ")", kind);
}

void check(sqlite3* database, int code) {
  if (code != SQLITE_OK) fail(database, code);
}

// Connections are used by one thread at a time, and nobody reads SQLite's memory statistics, whose
// lock every allocation would take.
void configure_sqlite_once() {
  static std::once_flag once;
  std::call_once(once, [] {
    sqlite3_config(SQLITE_CONFIG_MULTITHREAD);
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  });
}

}  // namespace

Statement::Statement(sqlite3* database, std::string_view sql) {
  check(database, sqlite3_prepare_v3(database, sql.data(), static_cast<int>(sql.size()),
                                     SQLITE_PREPARE_PERSISTENT, &statement_, nullptr));
}

Statement::Statement(Statement&& other) noexcept
    : statement_(std::exchange(other.statement_, nullptr)) {}

Statement::~Statement() {
  sqlite3_finalize(statement_);
}

Statement& Statement::bind_integer(int index, std::int64_t value) {
  check(sqlite3_db_handle(statement_), sqlite3_bind_int64(statement_, index, value));
  return *this;
}

Statement& Statement::bind(int index, double value) {
  check(sqlite3_db_handle(statement_), sqlite3_bind_double(statement_, index, value));
  return *this;
}

Statement& Statement::bind(int index, std::string_view text) {
  // A null pointer would bind NULL; an empty text is a text.
  const char* data = text.data() != nullptr ? text.data() : "";
  check(sqlite3_db_handle(statement_),
        sqlite3_bind_text64(statement_, index, data, text.size(), SQLITE_STATIC, SQLITE_UTF8));
  return *this;
}

Statement& Statement::bind_blob(int index, std::span<const std::byte> bytes) {
  const void* data = bytes.data() != nullptr ? static_cast<const void*>(bytes.data()) : "";
  check(sqlite3_db_handle(statement_),
        sqlite3_bind_blob64(statement_, index, data, bytes.size(), SQLITE_STATIC));
  return *this;
}

Statement& Statement::bind_null(int index) {
  check(sqlite3_db_handle(statement_), sqlite3_bind_null(statement_, index));
  return *this;
}

bool Statement::step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  fail(sqlite3_db_handle(statement_), code);
}

void Statement::run() {
  while (step()) {
  }
  reset();
}

void Statement::reset() {
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_, column);
}

double Statement::real(int column) const {
  return sqlite3_column_double(statement_, column);
}

std::string_view Statement::text(int column) const {
  const void* data = sqlite3_column_text(statement_, column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
  return data != nullptr ? std::string_view(static_cast<const char*>(data), size)
                         : std::string_view();
}

std::span<const std::byte> Statement::blob(int column) const {
  const void* data = sqlite3_column_blob(statement_, column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
  return {static_cast<const std::byte*>(data), data != nullptr ? size : 0};
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

struct Connection::Impl {
  sqlite3* database = nullptr;
  std::unordered_map<const char*, Statement> statements;  // by address, not by text
  std::unordered_map<std::string, Statement> composed;
  std::vector<Statement*> used;

  Statement& hand_out(Statement& statement) {
    statement.reset();
    used.push_back(&statement);
    return statement;
  }

  ~Impl() {
    statements.clear();
    composed.clear();
    sqlite3_close_v2(database);
  }
};

Connection::Connection(const std::filesystem::path& file, Mode mode)
    : impl_(std::make_unique<Impl>()) {
  configure_sqlite_once();
  // Readers of a WAL file write its shared-memory index, so they too open it for writing;
  // query_only keeps them from anything else.
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                    (mode == Mode::kReadWrite ? SQLITE_OPEN_CREATE : 0);
  const int code = sqlite3_open_v2(file.c_str(), &impl_->database, flags, nullptr);
  if (code != SQLITE_OK) {
    throw StorageError("cannot open " + file.string() + ": " + sqlite3_errmsg(impl_->database));
  }
  sqlite3_busy_timeout(impl_->database, 10'000);
  execute("PRAGMA journal_mode=WAL");
  execute("PRAGMA synchronous=FULL");
  execute("PRAGMA foreign_keys=ON");
  execute("PRAGMA temp_store=MEMORY");
  execute("PRAGMA cache_size=-16384");
  execute("PRAGMA mmap_size=1073741824");
  if (mode == Mode::kReadOnly) execute("PRAGMA query_only=ON");
}

Connection::~Connection() = default;

Statement& Connection::statement(const char* sql) {
  auto found = impl_->statements.find(sql);
  if (found == impl_->statements.end()) {
    found = impl_->statements.emplace(sql, Statement(impl_->database, sql)).first;
  }
  return impl_->hand_out(found->second);
}

Statement& Connection::composed(const std::string& sql) {
  auto found = impl_->composed.find(sql);
  if (found == impl_->composed.end()) {
    // Not while one may be in use.
    if (impl_->composed.size() >= kComposedLimit && impl_->used.empty()) impl_->composed.clear();
    found = impl_->composed.emplace(sql, Statement(impl_->database, sql)).first;
  }
  return impl_->hand_out(found->second);
}

void Connection::execute(const char* sql) {
  check(impl_->database, sqlite3_exec(impl_->database, sql, nullptr, nullptr, nullptr));
}

std::int64_t Connection::changes() const {
  return sqlite3_changes64(impl_->database);
}

std::int64_t Connection::last_insert_id() const {
  return sqlite3_last_insert_rowid(impl_->database);
}

void Connection::finish_statements() {
  for (Statement* statement : impl_->used) statement->reset();
  impl_->used.clear();
}

bool Connection::in_transaction() const {
  return sqlite3_get_autocommit(impl_->database) == 0;
}

sqlite3* Connection::handle() const {
  return impl_->database;
}

}  // namespace clary::store
