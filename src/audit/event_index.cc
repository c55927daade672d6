#include "audit/event_index.h"

#include <array>
#include <cstring>

#include "audit/log_files.h"
#include "audit/record.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"

namespace clary::audit {
namespace {

// A term stands for one (account, region, attribute, value); its rows are in the order of time.
constexpr char kSchema1[] = R"(
CREATE TABLE places(
  seq INTEGER PRIMARY KEY, file INTEGER NOT NULL, offset INTEGER NOT NULL, length INTEGER NOT NULL);
CREATE TABLE terms(
  term INTEGER NOT NULL, at INTEGER NOT NULL, seq INTEGER NOT NULL,
  PRIMARY KEY(term,at,seq)) WITHOUT ROWID;
)";
constexpr store::Migration kMigrations[] = {{"event_index", 1, kSchema1}};

constexpr char kInsertPlace[] =
    "INSERT OR IGNORE INTO places(seq,file,offset,length) VALUES(?1,?2,?3,?4)";
constexpr char kInsertTerm[] = "INSERT OR IGNORE INTO terms(term,at,seq) VALUES(?1,?2,?3)";
constexpr char kLast[] = "SELECT max(seq) FROM places";
constexpr char kLookup[] =
    "SELECT t.at,t.seq,p.file,p.offset,p.length FROM terms t JOIN places p ON p.seq=t.seq "
    "WHERE t.term=?1 AND t.at>=?2 AND (t.at,t.seq)<(?3,?4) ORDER BY t.at DESC,t.seq DESC LIMIT ?5";
constexpr char kForgetPlaces[] =
    "DELETE FROM places WHERE seq IN (SELECT seq FROM terms WHERE at<?1)";
constexpr char kForgetTerms[] = "DELETE FROM terms WHERE at<?1";

std::int64_t term_of(std::string_view account, std::string_view region, Attribute attribute,
                     std::string_view value) {
  std::string text(account);
  text += '\0';
  text += region;
  text += '\0';
  text += std::to_string(static_cast<int>(attribute));
  text += '\0';
  text += value;
  const auto digest = unhex(sha256_hex(text));
  std::int64_t term = 0;
  std::memcpy(&term, digest->data(), sizeof term);
  return term;
}

void add_attribute(IndexedEvent& event, Attribute attribute, std::string_view value) {
  if (!value.empty()) event.attributes.emplace_back(attribute, value);
}

void add_resource(IndexedEvent& event, std::string_view arn, std::string_view type) {
  add_attribute(event, Attribute::kResourceName, arn);
  const std::string name = resource_name(arn);
  if (name != arn) add_attribute(event, Attribute::kResourceName, name);
  add_attribute(event, Attribute::kResourceType, type);
}

std::string user_name_of(const json::object& identity) {
  if (const auto name = find_string(identity, "userName")) return std::string(*name);
  if (string_or(identity, "type") == "Root") return "root";
  const std::string arn = string_or(identity, "arn");
  return arn.substr(arn.rfind('/') + 1);
}

const std::filesystem::path& made(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) throw StorageError(folder.string() + ": " + error.message());
  return folder;
}

// Terms are hashes: two may meet. The line itself says what it is.
bool matches(const IndexedEvent& event, const Lookup& lookup) {
  if (event.account != lookup.account || event.region != lookup.region) return false;
  if (lookup.attribute == Attribute::kNone) return true;
  for (const auto& [attribute, value] : event.attributes) {
    if (attribute == lookup.attribute && value == lookup.value) return true;
  }
  return false;
}

}  // namespace

std::string resource_name(std::string_view arn) {
  if (!arn.starts_with("arn:")) return std::string(arn);
  std::size_t at = 0;
  for (int colons = 0; colons < 5 && at != std::string_view::npos; ++colons) {
    at = arn.find(':', at);
    if (at != std::string_view::npos) ++at;
  }
  if (at == std::string_view::npos) return std::string(arn);
  const bool s3 = arn.find(":s3:") < at;
  const std::string_view rest = arn.substr(at);
  const std::size_t slash = rest.find_first_of("/:");
  return std::string(s3 || slash == std::string_view::npos ? rest : rest.substr(slash + 1));
}

std::optional<IndexedEvent> indexed(const Event& event, std::string_view event_id,
                                    std::uint64_t seq, const Place& place) {
  if (event.category != Category::kManagement || !event.identity) return std::nullopt;
  IndexedEvent result{.seq = seq,
                      .at = event.time,
                      .place = place,
                      .account = event.identity->account,
                      .region = event.region,
                      .attributes = {}};
  add_attribute(result, Attribute::kEventId, event_id);
  add_attribute(result, Attribute::kEventName, event.name);
  add_attribute(result, Attribute::kReadOnly, event.read_only ? "true" : "false");
  add_attribute(result, Attribute::kUsername, event.identity->user_name);
  add_attribute(result, Attribute::kEventSource, event.source);
  add_attribute(result, Attribute::kAccessKeyId, event.identity->access_key_id);
  for (const Resource& resource : event.resources) {
    add_resource(result, resource.arn, resource.type);
  }
  return result;
}

std::optional<IndexedEvent> indexed(std::string_view line, const Place& place) {
  const auto record = read_record(line);
  if (!record || !record->mark.empty()) return std::nullopt;
  boost::system::error_code error;
  const json::value value = json::parse(event_document(*record), error);
  if (error || !value.is_object()) return std::nullopt;
  const json::object& event = value.get_object();
  const json::object* identity = find_object(event, "userIdentity");
  const std::string account = string_or(event, "recipientAccountId");
  if (identity == nullptr || account.empty() || string_or(event, "eventCategory") != "Management") {
    return std::nullopt;
  }
  IndexedEvent result{.seq = record->seq,
                      .at = record->at,
                      .place = place,
                      .account = account,
                      .region = string_or(event, "awsRegion"),
                      .attributes = {}};
  add_attribute(result, Attribute::kEventId, string_or(event, "eventID"));
  add_attribute(result, Attribute::kEventName, string_or(event, "eventName"));
  add_attribute(result, Attribute::kReadOnly,
                find_bool(event, "readOnly").value_or(false) ? "true" : "false");
  add_attribute(result, Attribute::kUsername, user_name_of(*identity));
  add_attribute(result, Attribute::kEventSource, string_or(event, "eventSource"));
  add_attribute(result, Attribute::kAccessKeyId, string_or(*identity, "accessKeyId"));
  if (const json::array* resources = find_array(event, "resources")) {
    for (const json::value& resource : *resources) {
      if (!resource.is_object()) continue;
      add_resource(result, string_or(resource.get_object(), "ARN"),
                   string_or(resource.get_object(), "type"));
    }
  }
  return result;
}

EventIndex::EventIndex(const std::filesystem::path& folder)
    : folder_(made(folder)), database_(folder / "events.db", {kMigrations}) {}

void EventIndex::add(std::vector<IndexedEvent> events) {
  if (events.empty()) return;
  database_.write_later(
      [events = std::move(events)](store::Connection& connection) {
        for (const IndexedEvent& event : events) {
          connection.statement(kInsertPlace)
              .bind(1, event.seq)
              .bind(2, event.place.file)
              .bind(3, event.place.offset)
              .bind(4, event.place.length)
              .run();
          auto& insert = connection.statement(kInsertTerm);
          const auto put = [&](Attribute attribute, std::string_view value) {
            insert.bind(1, term_of(event.account, event.region, attribute, value))
                .bind(2, event.at.time_since_epoch().count())
                .bind(3, event.seq)
                .run();
          };
          put(Attribute::kNone, "");
          for (const auto& [attribute, value] : event.attributes) put(attribute, value);
        }
      },
      [](std::exception_ptr thrown) {
        if (!thrown) return;
        try {
          std::rethrow_exception(thrown);
        } catch (const std::exception& error) {
          // The log has them; the next start puts them in.
          spdlog::error("audit: events were not indexed: {}", error.what());
        }
      });
}

std::uint64_t EventIndex::last_seq() {
  std::uint64_t last = 0;
  database_.read([&](store::Connection& connection) {
    auto& query = connection.statement(kLast);
    if (query.step()) last = static_cast<std::uint64_t>(query.integer(0));
  });
  return last;
}

std::vector<Found> EventIndex::lookup(const Lookup& lookup) {
  struct Row {
    Found found;
    Place place;
  };
  std::vector<Row> rows;
  const std::int64_t term = term_of(lookup.account, lookup.region, lookup.attribute, lookup.value);
  const Lookup::After end = lookup.after.value_or(
      Lookup::After{.at = lookup.until + std::chrono::milliseconds(1), .seq = 0});
  database_.read([&](store::Connection& connection) {
    auto& query = connection.statement(kLookup);
    query.bind(1, term)
        .bind(2, lookup.from.time_since_epoch().count())
        .bind(3, end.at.time_since_epoch().count())
        .bind(4, end.seq)
        .bind(5, lookup.limit);
    while (query.step()) {
      Row row;
      row.found.at = Timestamp(std::chrono::milliseconds(query.integer(0)));
      row.found.seq = static_cast<std::uint64_t>(query.integer(1));
      row.place = {.file = static_cast<std::uint32_t>(query.integer(2)),
                   .offset = static_cast<std::uint64_t>(query.integer(3)),
                   .length = static_cast<std::uint64_t>(query.integer(4))};
      rows.push_back(std::move(row));
    }
  });
  std::vector<Found> result;
  for (Row& row : rows) {
    row.found.line =
        read_at(log_file_path(folder_, row.place.file), row.place.offset, row.place.length);
    // A line that is gone or was changed is not shown as if it were what happened.
    const auto event = indexed(row.found.line, row.place);
    if (!event || !matches(*event, lookup)) row.found.line.clear();
    result.push_back(std::move(row.found));
  }
  return result;
}

void EventIndex::remove_before(Timestamp time) {
  database_.write([&](store::Connection& connection) {
    connection.statement(kForgetPlaces).bind(1, time.time_since_epoch().count()).run();
    connection.statement(kForgetTerms).bind(1, time.time_since_epoch().count()).run();
  });
}

}  // namespace clary::audit
