#include "store/documents.h"

#include <algorithm>
#include <set>
#include <variant>

#include "base/random.h"
#include "base/text.h"
#include "store/document_cache.h"
#include "store/document_query.h"
#include "store/page_token.h"

namespace clary::store {
namespace {

// Every sort order of a list has its index, ending in the name, which makes the order total; with
// one status too. Partial indexes leave out kinds that have no parent.
constexpr char kSchema1[] = R"(
CREATE TABLE documents(
  id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL, account TEXT NOT NULL, region TEXT NOT NULL, name TEXT NOT NULL,
  arn TEXT NOT NULL, status TEXT NOT NULL, parent TEXT NOT NULL,
  created INTEGER NOT NULL, modified INTEGER NOT NULL, version INTEGER NOT NULL,
  body TEXT NOT NULL, internal TEXT NOT NULL);
CREATE UNIQUE INDEX documents_name ON documents(kind,account,region,name);
CREATE UNIQUE INDEX documents_arn ON documents(arn) WHERE arn<>'';
CREATE INDEX documents_created ON documents(kind,account,region,created,name);
CREATE INDEX documents_modified ON documents(kind,account,region,modified,name);
CREATE INDEX documents_status_created ON documents(kind,status,account,region,created,name);
CREATE INDEX documents_status_modified ON documents(kind,account,region,status,modified,name);
CREATE INDEX documents_status_name ON documents(kind,account,region,status,name);
CREATE INDEX documents_parent ON documents(kind,account,region,parent,created,name)
  WHERE parent<>'';
CREATE TABLE document_tags(
  arn TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY(arn,key)) WITHOUT ROWID;
CREATE TABLE document_secrets(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
)";
constexpr Migration kMigrations[] = {{"documents", 1, kSchema1}};

constexpr char kInsert[] =
    "INSERT INTO documents(kind,account,region,name,arn,status,parent,created,modified,version,"
    "body,internal) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12) ON CONFLICT DO NOTHING";
constexpr char kFind[] =
    "SELECT kind,account,region,name,arn,status,parent,created,modified,version,body,internal "
    "FROM documents WHERE kind=?1 AND account=?2 AND region=?3 AND name=?4";
constexpr char kFindByArn[] =
    "SELECT kind,account,region,name,arn,status,parent,created,modified,version,body,internal "
    "FROM documents WHERE arn=?1 AND arn<>''";
constexpr char kWithStatus[] =
    "SELECT kind,account,region,name,arn,status,parent,created,modified,version,body,internal "
    "FROM documents INDEXED BY documents_status_created WHERE kind=?1 AND status=?2";
constexpr char kCountStatus[] =
    "SELECT count(*) FROM documents INDEXED BY documents_status_created "
    "WHERE kind=?1 AND account=?2 AND region=?3 AND status=?4";
constexpr char kCount[] =
    "SELECT count(*) FROM documents INDEXED BY documents_created "
    "WHERE kind=?1 AND account=?2 AND region=?3";
constexpr char kUpdate[] =
    "UPDATE documents SET status=?5,parent=?6,modified=?7,version=?8,body=?9,internal=?10 "
    "WHERE kind=?1 AND account=?2 AND region=?3 AND name=?4";
constexpr char kRemove[] =
    "DELETE FROM documents WHERE kind=?1 AND account=?2 AND region=?3 AND name=?4 RETURNING arn";
constexpr char kTags[] = "SELECT key,value FROM document_tags WHERE arn=?1";
constexpr char kSetTag[] =
    "INSERT INTO document_tags(arn,key,value) VALUES(?1,?2,?3) "
    "ON CONFLICT(arn,key) DO UPDATE SET value=excluded.value";
constexpr char kRemoveTag[] = "DELETE FROM document_tags WHERE arn=?1 AND key=?2";
constexpr char kRemoveTags[] = "DELETE FROM document_tags WHERE arn=?1";
constexpr char kSecret[] = "SELECT value FROM document_secrets WHERE name='page-token'";
constexpr char kMakeSecret[] =
    "INSERT INTO document_secrets(name,value) VALUES('page-token',?1) ON CONFLICT DO NOTHING";

constexpr std::size_t kCacheBytes = 64 << 20;

std::int64_t milliseconds(Timestamp time) {
  return time.time_since_epoch().count();
}
Timestamp from_milliseconds(std::int64_t value) {
  return Timestamp(std::chrono::milliseconds(value));
}

json::object parse_object(std::string_view text) {
  if (text.empty() || text == "{}") return {};
  // The server's own documents may nest as deep as requests may.
  boost::json::parse_options options;
  options.max_depth = 256;
  return json::parse(text, {}, options).as_object();
}

std::string text_of(const json::object& object) {
  return object.empty() ? std::string("{}") : json::serialize(object);
}

DocumentKey key_of(const Statement& row) {
  return {std::string(row.text(0)), std::string(row.text(1)), std::string(row.text(2)),
          std::string(row.text(3))};
}

Document document_of(const Statement& row) {
  Document document;
  document.key = key_of(row);
  document.arn = row.text(4);
  document.status = row.text(5);
  document.parent = row.text(6);
  document.created = from_milliseconds(row.integer(7));
  document.modified = from_milliseconds(row.integer(8));
  document.version = static_cast<std::uint64_t>(row.integer(9));
  document.body = parse_object(row.text(10));
  document.internal = parse_object(row.text(11));
  return document;
}

// What a document takes of the cache: its stored text, and what it costs to have it at all.
std::size_t cached_bytes(const Statement& row) {
  return row.text(10).size() + row.text(11).size() + 512;
}

// Whether `document` is what the row holds. A document that was removed and made again has other
// times.
bool is_current(const Document& document, const Statement& row) {
  return document.version == static_cast<std::uint64_t>(row.integer(9)) &&
         milliseconds(document.created) == row.integer(7) &&
         milliseconds(document.modified) == row.integer(8);
}

Statement& bind_key(Statement& statement, const DocumentKey& key) {
  return statement.bind(1, key.kind).bind(2, key.account).bind(3, key.region).bind(4, key.name);
}

Statement& bind_values(Statement& statement, const std::vector<SqlValue>& values) {
  int index = 0;
  for (const auto& value : values) {
    ++index;
    if (const auto* number = std::get_if<std::int64_t>(&value)) {
      statement.bind(index, *number);
    } else {
      statement.bind(index, std::string_view(std::get<std::string>(value)));
    }
  }
  return statement;
}

// True when `a` comes before `b` in the list's order.
bool precedes(const DocumentQuery& query, const Document& a, const Document& b) {
  const auto before = [&query](const auto& left, const auto& right) {
    return query.descending ? left > right : left < right;
  };
  switch (query.sort) {
    case DocumentQuery::Sort::kCreated:
      if (a.created != b.created) return before(a.created, b.created);
      break;
    case DocumentQuery::Sort::kModified:
      if (a.modified != b.modified) return before(a.modified, b.modified);
      break;
    case DocumentQuery::Sort::kStatus:
      if (a.status != b.status) return before(a.status, b.status);
      break;
    case DocumentQuery::Sort::kName:
      break;
  }
  return before(a.key.name, b.key.name);
}

// One walk per status, merged: each is ordered, so `limit` of each are enough.
using SharedDocuments = std::vector<std::shared_ptr<const Document>>;
SharedDocuments merged(const DocumentQuery& query, SharedDocuments documents, std::size_t limit) {
  std::ranges::sort(documents,
                    [&](const auto& a, const auto& b) { return precedes(query, *a, *b); });
  if (documents.size() > limit) documents.resize(limit);
  return documents;
}

std::string position_text(const Document& last) {
  json::array position{milliseconds(last.created), milliseconds(last.modified), last.status,
                       last.key.name};
  return json::serialize(position);
}

ListPosition position_of(const DocumentQuery& query, std::string_view text) {
  const auto parts = json::parse(text).as_array();
  const bool modified = query.sort == DocumentQuery::Sort::kModified;
  return {parts.at(modified ? 1 : 0).as_int64(), std::string(parts.at(2).as_string()),
          std::string(parts.at(3).as_string())};
}

}  // namespace

struct Documents::Impl {
  Database& database;
  const Clock& clock;
  std::string token_secret;
  DocumentCache cache{kCacheBytes};

  Impl(Database& db, const Clock& time) : database(db), clock(time) {
    const auto secret = random_hex(32);
    database.write([&](Connection& connection) {
      connection.statement(kMakeSecret).bind(1, secret).run();
      auto& row = connection.statement(kSecret);
      row.step();
      token_secret = row.text(0);
    });
  }

  // The row's document. SQLite reads a body from its pages only when it is asked for.
  std::shared_ptr<const Document> cached_or_parsed(const Statement& row,
                                                   const DocumentCache::Stamps& stamps) {
    auto cached = cache.find(key_of(row)).document;
    if (cached && is_current(*cached, row)) return cached;
    auto document = std::make_shared<const Document>(document_of(row));
    // A reader's snapshot may be older than what is cached.
    if (!cached) cache.put(document, cached_bytes(row), stamps);
    return document;
  }

  SharedDocuments fetch(const DocumentQuery& query, const ListPosition* position,
                        std::size_t limit) {
    std::vector<ListSql> walks;
    if (query.statuses.empty()) {
      walks.push_back(list_sql(query, nullptr, position, limit));
    }
    const std::set<std::string> statuses(query.statuses.begin(), query.statuses.end());
    for (const auto& status : statuses) {
      walks.push_back(list_sql(query, &status, position, limit));
    }
    SharedDocuments documents;
    const DocumentCache::Stamps stamps = cache.stamps();
    database.read([&](Connection& connection) {
      for (const auto& walk : walks) {
        auto& statement = bind_values(connection.composed(walk.text), walk.values);
        while (statement.step()) documents.push_back(cached_or_parsed(statement, stamps));
      }
    });
    return walks.size() == 1 ? std::move(documents) : merged(query, std::move(documents), limit);
  }
};

Documents::Documents(Database& database, const Clock& clock)
    : impl_(std::make_unique<Impl>(database, clock)) {}

Documents::~Documents() = default;

std::span<const Migration> Documents::migrations() {
  return kMigrations;
}

bool Documents::create(Document& document, const std::map<std::string, std::string>& tags) {
  const auto now = impl_->clock.now();
  const auto body = text_of(document.body);
  const auto internal = text_of(document.internal);
  bool created = false;
  impl_->database.write([&](Connection& connection) {
    auto& insert = bind_key(connection.statement(kInsert), document.key);
    insert.bind(5, document.arn).bind(6, document.status).bind(7, document.parent);
    insert.bind(8, milliseconds(now)).bind(9, milliseconds(now)).bind(10, 1);
    insert.bind(11, body).bind(12, internal).run();
    created = connection.changes() == 1;
    if (!created) return;
    for (const auto& [key, value] : tags) {
      connection.statement(kSetTag).bind(1, document.arn).bind(2, key).bind(3, value).run();
    }
  });
  // A find() just before may have started while the row was absent; absence is not cached.
  if (!created) return false;
  document.created = now;
  document.modified = now;
  document.version = 1;
  return true;
}

std::shared_ptr<const Document> Documents::find_shared(const DocumentKey& key) {
  auto found = impl_->cache.find(key);
  if (found.document) return found.document;
  std::shared_ptr<const Document> document;
  std::size_t bytes = 0;
  impl_->database.read([&](Connection& connection) {
    auto& row = bind_key(connection.statement(kFind), key);
    if (!row.step()) return;
    bytes = cached_bytes(row);
    document = std::make_shared<const Document>(document_of(row));
  });
  if (document) impl_->cache.put(document, bytes, found.stamp);
  return document;
}

std::optional<Document> Documents::find(const DocumentKey& key) {
  const auto document = find_shared(key);
  return document ? std::optional(*document) : std::nullopt;
}

std::optional<Document> Documents::find_by_arn(std::string_view arn) {
  std::optional<Document> document;
  impl_->database.read([&](Connection& connection) {
    auto& row = connection.statement(kFindByArn).bind(1, arn);
    if (row.step()) document = document_of(row);
  });
  return document;
}

std::optional<Document> Documents::update(const DocumentKey& key,
                                          const std::function<bool(Document&)>& change) {
  std::optional<Document> result;
  bool changed = false;
  impl_->database.write([&](Connection& connection) {
    auto& row = bind_key(connection.statement(kFind), key);
    if (!row.step()) return;
    auto document = document_of(row);
    const std::string old_body(row.text(10));
    const std::string old_status = document.status;
    row.reset();
    if (!change(document)) {
      // It may have edited its copy all the same.
      auto& stored = bind_key(connection.statement(kFind), key);
      if (stored.step()) result = document_of(stored);
      return;
    }
    const auto body = text_of(document.body);
    const auto internal = text_of(document.internal);
    if (body != old_body || document.status != old_status) document.modified = impl_->clock.now();
    ++document.version;
    auto& update = bind_key(connection.statement(kUpdate), key);
    update.bind(5, document.status).bind(6, document.parent);
    update.bind(7, milliseconds(document.modified));
    update.bind(8, static_cast<std::int64_t>(document.version));
    update.bind(9, body).bind(10, internal).run();
    changed = true;
    result = std::move(document);
  });
  if (changed) impl_->cache.invalidate(key);
  return result;
}

bool Documents::remove(const DocumentKey& key) {
  bool removed = false;
  impl_->database.write([&](Connection& connection) {
    auto& row = bind_key(connection.statement(kRemove), key);
    if (!row.step()) return;
    const std::string arn(row.text(0));
    row.reset();
    connection.statement(kRemoveTags).bind(1, arn).run();
    removed = true;
  });
  if (removed) impl_->cache.invalidate(key);
  return removed;
}

DocumentPage Documents::list(const DocumentQuery& query) {
  SharedDocumentPage shared = list_shared(query);
  DocumentPage page{{}, std::move(shared.next)};
  page.documents.reserve(shared.documents.size());
  for (const auto& document : shared.documents) page.documents.push_back(*document);
  return page;
}

SharedDocumentPage Documents::list_shared(const DocumentQuery& query) {
  const auto fingerprint = query_fingerprint(query);
  std::optional<ListPosition> position;
  if (!query.after.empty()) {
    const auto text = open_token(impl_->token_secret, fingerprint, query.after);
    if (!text) throw BadPageToken();
    position = position_of(query, *text);
  }
  SharedDocumentPage page;
  // One more than the page shows whether another follows.
  page.documents = impl_->fetch(query, position ? &*position : nullptr, query.limit + 1);
  if (page.documents.size() > query.limit) {
    page.documents.resize(query.limit);
    if (!page.documents.empty()) {
      page.next =
          seal_token(impl_->token_secret, fingerprint, position_text(*page.documents.back()));
    }
  }
  return page;
}

std::vector<Document> Documents::with_status(std::string_view kind,
                                             const std::vector<std::string>& statuses) {
  std::vector<Document> documents;
  impl_->database.read([&](Connection& connection) {
    for (const auto& status : statuses) {
      auto& row = connection.statement(kWithStatus).bind(1, kind).bind(2, status);
      while (row.step()) documents.push_back(document_of(row));
    }
  });
  return documents;
}

std::size_t Documents::count(std::string_view kind, std::string_view account,
                             std::string_view region, const std::vector<std::string>& statuses) {
  std::size_t total = 0;
  impl_->database.read([&](Connection& connection) {
    const auto add = [&](Statement& query) {
      query.bind(1, kind).bind(2, account).bind(3, region);
      if (query.step()) total += static_cast<std::size_t>(query.integer(0));
    };
    if (statuses.empty()) add(connection.statement(kCount));
    for (const auto& status : statuses) add(connection.statement(kCountStatus).bind(4, status));
  });
  return total;
}

std::map<std::string, std::string> Documents::tags(std::string_view arn) {
  std::map<std::string, std::string> tags;
  impl_->database.read([&](Connection& connection) {
    auto& row = connection.statement(kTags).bind(1, arn);
    while (row.step()) tags.emplace(row.text(0), row.text(1));
  });
  return tags;
}

void Documents::set_tags(std::string_view arn, const std::map<std::string, std::string>& tags) {
  impl_->database.write([&](Connection& connection) {
    for (const auto& [key, value] : tags) {
      connection.statement(kSetTag).bind(1, arn).bind(2, key).bind(3, value).run();
    }
  });
}

void Documents::remove_tags(std::string_view arn, const std::vector<std::string>& keys) {
  impl_->database.write([&](Connection& connection) {
    for (const auto& key : keys) {
      connection.statement(kRemoveTag).bind(1, arn).bind(2, key).run();
    }
  });
}

}  // namespace clary::store
