// Resources as documents: one row for whatever a user can create, with the JSON that Describe
// answers. Kinds are strings here ("training-job"); what a kind means is declared in api/.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "store/database.h"

namespace clary::store {

struct DocumentKey {
  std::string kind, account, region, name;
  friend auto operator<=>(const DocumentKey&, const DocumentKey&) = default;
};

struct Document {
  DocumentKey key;
  std::string arn;
  std::string status;  // "" for kinds without one
  std::string parent;  // owning resource's name for nested kinds; else ""
  Timestamp created, modified;
  std::uint64_t version = 0;  // counts changes, from 1
  json::object body;          // what Describe answers
  json::object internal;      // what only the server reads; never shown
};

// What List operations filter and sort by. Unset members do not filter.
struct DocumentQuery {
  std::string kind, account, region;
  std::optional<std::string> parent;         // "": those without one
  std::optional<std::string> name_contains;  // ASCII case-insensitive, as SageMaker's lists
  std::vector<std::string> statuses;         // any of
  std::optional<Timestamp> created_after, created_before, modified_after, modified_before;
  // Further equality filters on body members, by member path ("Source.SourceUri").
  std::vector<std::pair<std::string, std::string>> body_equals;
  enum class Sort { kCreated, kModified, kName, kStatus } sort = Sort::kCreated;
  bool descending = true;
  std::size_t limit = 10;
  std::string after;  // a page token from DocumentPage::next; "" for the first page
};

struct DocumentPage {
  std::vector<Document> documents;
  std::string next;  // "" on the last page; opaque, safe to show, checked when it comes back
};

// The same without copies, out of the cache where it can.
struct SharedDocumentPage {
  std::vector<std::shared_ptr<const Document>> documents;
  std::string next;
};

class BadPageToken : public std::runtime_error {
 public:
  BadPageToken() : std::runtime_error("bad page token") {}
};

// threads: any. blocks: all. errors: StorageError.
// A page costs O(page), not O(table): every sort order has its index.
class Documents {
 public:
  Documents(Database& database, const Clock& clock);
  ~Documents();
  static std::span<const Migration> migrations();

  // False when the key (or the ARN) is taken; then nothing changed. Sets created, modified,
  // version.
  [[nodiscard]] bool create(Document& document,
                            const std::map<std::string, std::string>& tags = {});
  // From a bounded cache when it is there; nullptr when there is no such document. The hot path of
  // Describe: no copy, no database.
  std::shared_ptr<const Document> find_shared(const DocumentKey& key);
  std::optional<Document> find(const DocumentKey& key);  // a copy of the same
  std::optional<Document> find_by_arn(std::string_view arn);
  // Reads, lets `change` edit body, internal, status and parent, writes: one atomic step, run on
  // the database's writer thread, so `change` must be quick and must not call the store. `change`
  // returning false leaves the row as it is. Nullopt when there is no such document; else what is
  // stored now. `modified` moves only when body or status did.
  std::optional<Document> update(const DocumentKey& key,
                                 const std::function<bool(Document&)>& change);
  bool remove(const DocumentKey& key);            // tags go with it
  DocumentPage list(const DocumentQuery& query);  // throws BadPageToken
  // The hot path of List: a document that is in the cache is neither read nor parsed again.
  SharedDocumentPage list_shared(const DocumentQuery& query);  // throws BadPageToken
  // Everything of a kind whose status is one of `statuses`, all accounts: for controllers at start.
  std::vector<Document> with_status(std::string_view kind,
                                    const std::vector<std::string>& statuses);
  std::size_t count(std::string_view kind, std::string_view account, std::string_view region,
                    const std::vector<std::string>& statuses);

  // Tags, by ARN; AddTags of a resource that does not exist is the caller's check.
  std::map<std::string, std::string> tags(std::string_view arn);
  void set_tags(std::string_view arn, const std::map<std::string, std::string>& tags);  // merges
  void remove_tags(std::string_view arn, const std::vector<std::string>& keys);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace clary::store
