#include "store/database.h"

#include <sqlite3.h>

#include <condition_variable>
#include <cstring>
#include <deque>
#include <mutex>
#include <thread>

#include "base/log.h"

namespace clary::store {
namespace {

constexpr char kBegin[] = "BEGIN IMMEDIATE";
constexpr char kBeginRead[] = "BEGIN";
constexpr char kCommit[] = "COMMIT";
constexpr char kRollback[] = "ROLLBACK";
constexpr char kSavepoint[] = "SAVEPOINT change";
constexpr char kRelease[] = "RELEASE change";
constexpr char kUndo[] = "ROLLBACK TO change";

// More changes than these wait for the next transaction, which bounds the latency of the first.
constexpr std::size_t kGroupLimit = 1024;
constexpr std::size_t kIdleReaders = 32;
// Pages in the log from which the background thread copies them into the file, and from which the
// writer itself does so, since a busy writer can outrun the background thread for ever.
constexpr int kCheckpointPages = 2'000;
constexpr int kCheckpointPagesAtOnce = 32'000;

// Callers of one group wait on it together; it outlives whichever of them leaves last.
struct Group {
  std::mutex mutex;
  std::condition_variable changed;
  bool done = false;

  void wait() {
    std::unique_lock lock(mutex);
    changed.wait(lock, [this] { return done; });
  }
  void finish() {
    {
      std::scoped_lock lock(mutex);
      done = true;
    }
    changed.notify_all();
  }
};

struct Change {
  // The caller's own for write(), which waits; `owned` for write_later().
  const std::function<void(Connection&)>* run = nullptr;
  std::function<void(Connection&)> owned;
  std::function<void(std::exception_ptr)> done;
  std::exception_ptr* error_out = nullptr;
  std::exception_ptr error;
};

using Modules = std::vector<std::span<const Migration>>;

int version_of(Connection& connection, std::string_view module) {
  auto& query = connection.statement("SELECT version FROM schema_versions WHERE module=?1");
  query.bind(1, module);
  const int version = query.step() ? static_cast<int>(query.integer(0)) : 0;
  query.reset();
  return version;
}

void apply(Connection& connection, std::span<const Migration> steps) {
  if (steps.empty()) return;
  const auto module = steps.front().module;
  const int stored = version_of(connection, module);
  if (stored > steps.back().version) {
    throw StorageError("the data was written by a newer version of the program (" +
                       std::string(module) + " has schema " + std::to_string(stored) +
                       ", this program knows " + std::to_string(steps.back().version) + ")");
  }
  for (const auto& step : steps) {
    if (step.version <= stored) continue;
    connection.execute(step.sql);
    auto& update = connection.statement(
        "INSERT INTO schema_versions(module,version) VALUES(?1,?2) "
        "ON CONFLICT(module) DO UPDATE SET version=excluded.version");
    update.bind(1, step.module).bind(2, step.version).run();
  }
}

// All modules or none.
void migrate(Connection& connection, const Modules& modules) {
  connection.execute(kBegin);
  try {
    connection.execute(
        "CREATE TABLE IF NOT EXISTS schema_versions("
        "module TEXT PRIMARY KEY, version INTEGER NOT NULL) WITHOUT ROWID");
    for (const auto& steps : modules) apply(connection, steps);
    connection.finish_statements();
    connection.execute(kCommit);
  } catch (...) {
    connection.finish_statements();
    if (connection.in_transaction()) connection.execute(kRollback);
    throw;
  }
}

}  // namespace

struct Database::Impl {
  const std::filesystem::path file;
  Connection writer;
  Connection checkpointer;  // checkpoint thread only
  int log_pages = 0;        // writer thread only

  std::mutex queue_mutex;
  std::condition_variable queue_changed;
  std::deque<Change> queue;
  std::shared_ptr<Group> next_group = std::make_shared<Group>();
  bool stopping = false;

  std::mutex readers_mutex;
  std::vector<std::unique_ptr<Connection>> readers;

  std::mutex checkpoint_mutex;
  std::condition_variable checkpoint_changed;
  bool checkpoint_wanted = false;
  bool checkpoint_stopping = false;

  std::thread writer_thread;
  std::thread checkpoint_thread;

  Impl(std::filesystem::path path, const Modules& modules)
      : file(std::move(path)),
        writer(file, Connection::Mode::kReadWrite),
        checkpointer(file, Connection::Mode::kReadWrite) {
    migrate(writer, modules);
    writer.execute("PRAGMA wal_autocheckpoint=0");
    // Deleted content is overwritten where that costs no further page.
    writer.execute("PRAGMA secure_delete=FAST");
    writer.execute("PRAGMA journal_size_limit=67108864");
    sqlite3_wal_hook(
        writer.handle(),
        [](void* self, sqlite3*, const char*, int pages) {
          static_cast<Impl*>(self)->log_pages = pages;
          return SQLITE_OK;
        },
        this);
    writer_thread = std::thread([this] { write_loop(); });
    checkpoint_thread = std::thread([this] { checkpoint_loop(); });
  }

  ~Impl() {
    {
      std::scoped_lock lock(queue_mutex);
      stopping = true;
    }
    queue_changed.notify_all();
    writer_thread.join();
    {
      std::scoped_lock lock(checkpoint_mutex);
      checkpoint_stopping = true;
    }
    checkpoint_changed.notify_all();
    checkpoint_thread.join();
  }

  std::shared_ptr<Group> enqueue(Change change) {
    std::shared_ptr<Group> group;
    {
      std::scoped_lock lock(queue_mutex);
      queue.push_back(std::move(change));
      group = next_group;
    }
    queue_changed.notify_one();
    return group;
  }

  void write_loop() {
    while (true) {
      std::deque<Change> changes;
      std::shared_ptr<Group> group;
      {
        std::unique_lock lock(queue_mutex);
        queue_changed.wait(lock, [this] { return stopping || !queue.empty(); });
        if (queue.empty()) return;
        changes.swap(queue);
        group = std::exchange(next_group, std::make_shared<Group>());
      }
      while (!changes.empty()) {
        std::vector<Change> part;
        while (!changes.empty() && part.size() < kGroupLimit) {
          part.push_back(std::move(changes.front()));
          changes.pop_front();
        }
        commit(part);
      }
      group->finish();
      checkpoint_if_long();
    }
  }

  // Runs and commits `changes`, then tells each how it went. Waiting callers see their error when
  // their group is finished.
  void commit(std::vector<Change>& changes) {
    std::size_t first = 0;  // of the transaction that is open
    std::size_t next = 0;
    while (next < changes.size()) {
      first = next;
      try {
        writer.statement(kBegin).run();
        if (changes.size() == 1) {
          run_alone(changes.front());
          next = 1;
        }
        while (next < changes.size() && run_one(changes[next])) ++next;
        if (next < changes.size()) {
          // SQLite rolled everything back (disk full): what ran before in this transaction is
          // gone too, what did not run yet gets another one.
          fail(changes, first, next + 1, changes[next].error);
          ++next;
          continue;
        }
        writer.statement(kCommit).run();
      } catch (...) {
        const auto error = std::current_exception();
        roll_back();
        fail(changes, first, changes.size(), error);
        next = changes.size();
      }
      writer.finish_statements();
    }
    for (auto& change : changes) report(change);
  }

  // One that has the transaction to itself needs no savepoint.
  void run_alone(const Change& change) {
    (change.run != nullptr ? *change.run : change.owned)(writer);
    writer.finish_statements();
  }

  // False when the whole transaction is lost.
  bool run_one(Change& change) {
    const auto& run = change.run != nullptr ? *change.run : change.owned;
    try {
      writer.statement(kSavepoint).run();
      run(writer);
      writer.finish_statements();
      writer.statement(kRelease).run();
      return true;
    } catch (...) {
      change.error = std::current_exception();
    }
    writer.finish_statements();
    if (!writer.in_transaction()) return false;
    try {
      writer.statement(kUndo).run();
      writer.statement(kRelease).run();
      return true;
    } catch (const StorageError&) {
      roll_back();
      return false;
    }
  }

  void roll_back() {
    writer.finish_statements();
    if (!writer.in_transaction()) return;
    try {
      writer.execute(kRollback);
    } catch (const StorageError& error) {
      spdlog::error("{}: rollback: {}", file.string(), error.what());
    }
  }

  static void fail(std::vector<Change>& changes, std::size_t from, std::size_t until,
                   const std::exception_ptr& error) {
    for (std::size_t i = from; i < until; ++i) {
      if (!changes[i].error) changes[i].error = error;
    }
  }

  static void report(Change& change) {
    if (change.error_out != nullptr) *change.error_out = change.error;
    if (!change.done) return;
    try {
      change.done(change.error);
    } catch (const std::exception& error) {
      spdlog::error("after a commit: {}", error.what());
    }
  }

  void checkpoint_if_long() {
    if (log_pages < kCheckpointPages) return;
    if (log_pages >= kCheckpointPagesAtOnce) {
      // Waits for nobody: what readers still need stays, and the next group tries again.
      sqlite3_busy_timeout(writer.handle(), 50);
      sqlite3_wal_checkpoint_v2(writer.handle(), nullptr, SQLITE_CHECKPOINT_RESTART, nullptr,
                                nullptr);
      sqlite3_busy_timeout(writer.handle(), 10'000);
      return;
    }
    {
      std::scoped_lock lock(checkpoint_mutex);
      checkpoint_wanted = true;
    }
    checkpoint_changed.notify_one();
  }

  // Copies committed pages from the log into the file beside the writer, without blocking it.
  void checkpoint_loop() {
    while (true) {
      {
        std::unique_lock lock(checkpoint_mutex);
        checkpoint_changed.wait(lock, [this] { return checkpoint_wanted || checkpoint_stopping; });
        if (checkpoint_stopping) return;
        checkpoint_wanted = false;
      }
      const int code = sqlite3_wal_checkpoint_v2(checkpointer.handle(), nullptr,
                                                 SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
      if (code != SQLITE_OK && (code & 0xff) != SQLITE_BUSY) {
        spdlog::warn("{}: checkpoint: {}", file.string(), sqlite3_errstr(code));
      }
    }
  }

  std::unique_ptr<Connection> take_reader() {
    {
      std::scoped_lock lock(readers_mutex);
      if (!readers.empty()) {
        auto reader = std::move(readers.back());
        readers.pop_back();
        return reader;
      }
    }
    return std::make_unique<Connection>(file, Connection::Mode::kReadOnly);
  }

  void give_back(std::unique_ptr<Connection> reader) {
    std::scoped_lock lock(readers_mutex);
    if (readers.size() < kIdleReaders) readers.push_back(std::move(reader));
  }
};

Database::Database(std::filesystem::path file, std::vector<std::span<const Migration>> modules)
    : impl_(std::make_unique<Impl>(std::move(file), modules)) {}

Database::~Database() = default;

void Database::compact() {
  Connection(impl_->file, Connection::Mode::kReadWrite).execute("VACUUM");
  empty_log();
}

void Database::empty_log() {
  Connection connection(impl_->file, Connection::Mode::kReadWrite);
  const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  // SQLite's own waiting ends after ten seconds; readers that started meanwhile may hold it up.
  int code = SQLITE_BUSY;
  while ((code & 0xff) == SQLITE_BUSY && std::chrono::steady_clock::now() < end) {
    code = sqlite3_wal_checkpoint_v2(connection.handle(), nullptr, SQLITE_CHECKPOINT_TRUNCATE,
                                     nullptr, nullptr);
  }
  if (code != SQLITE_OK) {
    throw StorageError(impl_->file.string() + ": emptying the log: " + sqlite3_errstr(code));
  }
}

void Database::write(const std::function<void(Connection&)>& change) {
  std::exception_ptr error;
  Change entry;
  entry.run = &change;
  entry.error_out = &error;
  impl_->enqueue(std::move(entry))->wait();
  if (error) std::rethrow_exception(error);
}

void Database::write_later(std::function<void(Connection&)> change,
                           std::function<void(std::exception_ptr)> done) {
  Change entry;
  entry.owned = std::move(change);
  entry.done = std::move(done);
  impl_->enqueue(std::move(entry));
}

void Database::read(const std::function<void(Connection&)>& query) {
  auto reader = impl_->take_reader();
  try {
    reader->statement(kBeginRead).run();
    query(*reader);
    reader->finish_statements();
    reader->statement(kCommit).run();
  } catch (...) {
    reader->finish_statements();
    if (reader->in_transaction()) reader->execute(kRollback);
    impl_->give_back(std::move(reader));
    throw;
  }
  impl_->give_back(std::move(reader));
}

}  // namespace clary::store
