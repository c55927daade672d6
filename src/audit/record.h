// The chain of the audit log. A line is one JSON object:
//   {"seq":7,"prev":"<hash of line 6>","at":1795391304123,...,"hash":"<64 hex digits>"}
// and its hash is the SHA-256 of every byte of the line before `,"hash"`. Since the line holds the
// hash of the one before it, nothing can be changed, taken out, put in or moved without every later
// line changing too; that those are the lines the server wrote, the sealed head says (head.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace clary::audit {

inline constexpr std::size_t kHashDigits = 64;
// No line is longer; what a reader finds beyond is damage.
inline constexpr std::size_t kMaxLineBytes = 1 << 20;

// The hash before the first line of all.
std::string first_hash();

// Where a chain stands.
struct ChainPoint {
  std::uint64_t seq = 0;  // of the last line; 0: none yet
  std::string hash = first_hash();
  friend bool operator==(const ChainPoint&, const ChainPoint&) = default;
};

// Writes a line with its newline behind `out` and moves `chain` to it. `members` are those of the
// record, as in append_event().
void append_record(std::string& out, ChainPoint& chain, Timestamp at, std::string_view members);

struct Record {
  std::uint64_t seq = 0;
  std::string prev, hash;
  Timestamp at{};
  // "": a request. Else a mark of the log itself: "start" (first line of a file), "torn" (the line
  // before was cut off by a kill), "gap" (data events that could not be kept), "broken" (the server
  // found fewer lines than it had sealed).
  std::string mark;
  std::string_view members;  // views the line
};

// Nullopt when `line` (without its newline) is no record or its hash is not that of its bytes.
// Reads the members' text as far as it is needed only.
std::optional<Record> read_record(std::string_view line);

// The line's record without what belongs to the chain: what LookupEvents answers.
std::string event_document(const Record& record);

std::string sha256_hex(std::string_view bytes);

}  // namespace clary::audit
