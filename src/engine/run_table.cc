#include "engine/run_table.h"

#include "base/errors.h"
#include "base/log.h"
#include "base/text.h"
#include "engine/run_state.h"

namespace clary::engine {
namespace {

constexpr char kSchema[] =
    "CREATE TABLE runs(number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, spec TEXT NOT NULL,"
    "access TEXT NOT NULL, state TEXT NOT NULL, applied INTEGER NOT NULL)";
constexpr store::Migration kMigrations[] = {{"runs", 1, kSchema}};

constexpr char kLoad[] = "SELECT spec,access,state,applied FROM runs ORDER BY number";
constexpr char kInsert[] =
    "INSERT INTO runs(id,spec,access,state,applied) VALUES(?1,?2,?3,?4,?5) ON CONFLICT DO NOTHING";
constexpr char kSave[] = "UPDATE runs SET state=?2,applied=?3 WHERE id=?1";
constexpr char kSaveEnded[] = "UPDATE runs SET state=?2,applied=?3,access=?4 WHERE id=?1";
constexpr char kSaveApplied[] = "UPDATE runs SET applied=?2 WHERE id=?1";
constexpr char kRemove[] = "DELETE FROM runs WHERE id=?1";

// Once the run has ended nobody needs its keys. The token stays: an agent whose last answer was
// lost asks again.
AgentAccess kept_access(const StoredRun& stored) {
  if (!stored.run.outcome) return stored.access;
  AgentAccess access;
  access.report_token = stored.access.report_token;
  return access;
}

constexpr std::string_view kSealed = "sealed ";

// A JSON text, or "sealed " and Base64.
std::string access_text(const RunSinks& sinks, const StoredRun& stored) {
  std::string text = json::serialize(access_to_json(kept_access(stored)));
  if (!sinks.seal) return text;
  return std::string(kSealed) + base64(sinks.seal(text, stored.run.spec.id));
}

AgentAccess access_of(const RunSinks& sinks, std::string_view text, const std::string& id) {
  if (!text.starts_with(kSealed)) return access_from_json(json::parse(text).as_object());
  const auto sealed = unbase64(text.substr(kSealed.size()));
  const auto opened = sealed && sinks.open ? sinks.open(*sealed, id) : std::nullopt;
  if (!opened) {
    throw StorageError("the keys of run " + id + " were sealed with another keyring");
  }
  return access_from_json(json::parse(*opened).as_object());
}

// Keys are sealed anew only where they change: when the run is new, and when it has ended.
struct Row {
  Row(const RunSinks& sinks, const StoredRun& stored, bool is_new = false)
      : id(stored.run.spec.id),
        access(is_new || stored.run.outcome ? access_text(sinks, stored) : std::string()),
        state(json::serialize(state_to_json(stored.run))),
        applied(stored.applied) {}
  std::string id;
  std::string access;  // "": as it is stored
  std::string state;
  std::uint64_t applied;
};

std::vector<Row> rows_of(const RunSinks& sinks, const std::vector<StoredRun>& runs) {
  std::vector<Row> rows;
  for (const StoredRun& stored : runs) rows.emplace_back(sinks, stored);
  return rows;
}

void update(store::Connection& connection, const Row& row) {
  store::Statement& save = connection.statement(row.access.empty() ? kSave : kSaveEnded);
  save.bind(1, row.id).bind(2, row.state).bind(3, row.applied);
  if (!row.access.empty()) save.bind(4, row.access);
  save.run();
}

}  // namespace

std::span<const store::Migration> RunTable::migrations() {
  return kMigrations;
}

std::vector<StoredRun> RunTable::load() {
  std::vector<StoredRun> runs;
  database_.read([&](store::Connection& connection) {
    store::Statement& rows = connection.statement(kLoad);
    while (rows.step()) {
      StoredRun stored;
      stored.run.spec = job_spec_from_json(json::parse(rows.text(0)).as_object());
      stored.access = access_of(sinks_, rows.text(1), stored.run.spec.id);
      state_from_json(json::parse(rows.text(2)).as_object(), stored.run);
      stored.applied = static_cast<std::uint64_t>(rows.integer(3));
      runs.push_back(std::move(stored));
    }
    rows.reset();
  });
  return runs;
}

void RunTable::insert_later(const std::vector<StoredRun>& runs,
                            std::function<void(std::exception_ptr)> done) {
  std::vector<std::pair<Row, std::string>> rows;
  for (const StoredRun& stored : runs) {
    rows.emplace_back(Row(sinks_, stored, true), json::serialize(to_json(stored.run.spec)));
  }
  database_.write_later(
      [rows = std::move(rows)](store::Connection& connection) {
        for (const auto& [row, spec] : rows) {
          connection.statement(kInsert)
              .bind(1, row.id)
              .bind(2, spec)
              .bind(3, row.access)
              .bind(4, row.state)
              .bind(5, row.applied)
              .run();
        }
      },
      std::move(done));
}

void RunTable::save(const StoredRun& stored,
                    const std::function<void(store::Connection&)>& beside) {
  const Row row(sinks_, stored);
  database_.write([&](store::Connection& connection) {
    update(connection, row);
    if (beside) beside(connection);
  });
}

void RunTable::save_all(const std::vector<StoredRun>& runs) {
  const std::vector<Row> rows = rows_of(sinks_, runs);
  database_.write([&](store::Connection& connection) {
    for (const Row& row : rows) update(connection, row);
  });
}

void RunTable::save_later(const std::vector<StoredRun>& runs) {
  database_.write_later(
      [rows = rows_of(sinks_, runs)](store::Connection& connection) {
        for (const Row& row : rows) update(connection, row);
      },
      [](std::exception_ptr error) {
        if (error) spdlog::error("the state of a run could not be stored");
      });
}

void RunTable::save_applied(const StoredRun& stored,
                            const std::function<void(store::Connection&)>& beside) {
  database_.write([&](store::Connection& connection) {
    connection.statement(kSaveApplied).bind(1, stored.run.spec.id).bind(2, stored.applied).run();
    if (beside) beside(connection);
  });
}

void RunTable::remove(const std::vector<std::string>& ids) {
  database_.write_later(
      [ids](store::Connection& connection) {
        for (const std::string& id : ids) connection.statement(kRemove).bind(1, id).run();
      },
      [](std::exception_ptr error) {
        if (error) spdlog::error("a run that is over could not be forgotten");
      });
}

}  // namespace clary::engine
