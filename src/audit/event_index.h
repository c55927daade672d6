// Where management events are in the log, by what CloudTrail's LookupEvents asks for. Derived from
// the log: a start puts in what a kill left out, and a lost index is made anew.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/event.h"
#include "store/database.h"

namespace clary::audit {

// CloudTrail keeps 90 days of event history.
inline constexpr std::chrono::days kEventHistory{90};

// LookupEvents' attribute keys.
enum class Attribute {
  kNone,
  kEventId,
  kEventName,
  kReadOnly,
  kUsername,
  kResourceType,
  kResourceName,
  kEventSource,
  kAccessKeyId
};

struct Place {
  std::uint32_t file = 0;
  std::uint64_t offset = 0, length = 0;  // of the line, without its newline
};

struct IndexedEvent {
  std::uint64_t seq = 0;
  Timestamp at{};
  Place place;
  std::string account, region;
  std::vector<std::pair<Attribute, std::string>> attributes;
};

struct Lookup {
  std::string account, region;
  Attribute attribute = Attribute::kNone;
  std::string value;
  Timestamp from{}, until{};  // both inclusive
  // Where the page before ended: events before this one.
  struct After {
    Timestamp at{};
    std::uint64_t seq = 0;
  };
  std::optional<After> after;
  std::size_t limit = 50;
};

struct Found {
  std::uint64_t seq = 0;
  Timestamp at{};
  std::string line;  // as it stands in the log; checked against its hash
};

// Of an event that is written; nullopt for one that LookupEvents never shows (data events, and
// requests of nobody known).
std::optional<IndexedEvent> indexed(const Event& event, std::string_view event_id,
                                    std::uint64_t seq, const Place& place);
// The same from a line of the log.
std::optional<IndexedEvent> indexed(std::string_view line, const Place& place);

// What LookupEvents calls the user and the name of a resource.
std::string resource_name(std::string_view arn);

// threads: any. blocks: all but add().
class EventIndex {
 public:
  // FOLDER/events.db, and the log's files in FOLDER.
  explicit EventIndex(const std::filesystem::path& folder);

  void add(std::vector<IndexedEvent> events);
  // The last line that was put in; 0 for none.
  std::uint64_t last_seq();
  // Newest first. Lines that retention has removed are left out.
  std::vector<Found> lookup(const Lookup& lookup);
  void remove_before(Timestamp time);

 private:
  const std::filesystem::path folder_;
  store::Database database_;
};

}  // namespace clary::audit
