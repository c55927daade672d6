// ListObjectVersions: the current rows and the old ones of a bucket, merged by key.
#include <charconv>
#include <limits>

#include "objects/object_store_impl.h"

namespace clary::objects {
namespace {

constexpr char kCurrentFrom[] = "SELECT " CLARY_OBJECT_COLUMNS
                                " FROM objects o WHERE bucket=?1 AND is_current=1 AND key>=?2 "
                                "AND key<?3 ORDER BY key";
constexpr char kOldFrom[] = "SELECT " CLARY_OBJECT_COLUMNS
                            " FROM objects o WHERE bucket=?1 AND is_current=0 AND key>=?2 "
                            "AND key<?3 ORDER BY key,sequence DESC";
constexpr char kOldOfKey[] = "SELECT " CLARY_OBJECT_COLUMNS
                             " FROM objects o WHERE bucket=?1 AND is_current=0 AND key=?2 "
                             "AND sequence<?3 ORDER BY sequence DESC";

// All versions of the keys in [from, until), or first the rest of one key's.
class VersionWalk {
 public:
  VersionWalk(store::Connection& connection, std::int64_t bucket, std::string until)
      : connection_(connection), bucket_(bucket), until_(std::move(until)) {}

  void start(std::string from) {
    from_ = std::move(from);
    within_key_ = false;
    current_ = &restart(kCurrentFrom);
    current_->bind(1, bucket_).bind(2, from_).bind(3, until_);
    has_current_ = current_->step();
    start_old();
    key_.reset();
  }

  // The versions of `key` older than `sequence`, then those of the keys behind it.
  void start_within(std::string key, std::uint64_t sequence) {
    start(key + '\0');
    within_ = std::move(key);
    within_key_ = true;
    old_ = &restart(kOldOfKey);
    old_->bind(1, bucket_).bind(2, within_).bind(3, sequence);
    step_old();
    // Something newer stood here a moment ago; it may be gone.
    key_ = within_;
    if (!has_old_ || !within_key_) return;
    const ObjectKey name{within_};
    const bool newest = !ObjectStore::Impl::find_row(connection_, bucket_, name) &&
                        ObjectStore::Impl::newest_old(connection_, bucket_, name)->info.sequence ==
                            static_cast<std::uint64_t>(old_->integer(11));
    if (newest) key_.reset();
  }

  bool next() {
    if (row_ == current_ && row_ != nullptr) has_current_ = current_->step();
    if (row_ == old_ && row_ != nullptr) step_old();
    row_ = nullptr;
    if (!has_current_ && !has_old_) return false;
    const bool take_current = has_current_ && (!has_old_ || current_->text(0) <= old_->text(0));
    row_ = take_current ? current_ : old_;
    latest_ = key_ != row_->text(0);
    if (latest_) key_ = row_->text(0);
    return true;
  }
  void jump(std::string from) {
    row_ = nullptr;
    start(std::move(from));
  }
  std::string_view key() const { return row_->text(0); }
  ObjectInfo info() const {
    auto info = row_of(*row_).info;
    info.latest = latest_;
    return info;
  }

 private:
  store::Statement& restart(const char* sql) { return connection_.statement(sql); }
  void start_old() {
    old_ = &restart(kOldFrom);
    old_->bind(1, bucket_).bind(2, from_).bind(3, until_);
    has_old_ = old_->step();
  }
  void step_old() {
    has_old_ = old_->step();
    if (has_old_ || !within_key_) return;
    within_key_ = false;
    start_old();
  }

  store::Connection& connection_;
  const std::int64_t bucket_;
  std::string from_, until_, within_;
  bool within_key_ = false;
  store::Statement* current_ = nullptr;
  store::Statement* old_ = nullptr;
  store::Statement* row_ = nullptr;  // of the two, the one that is shown
  bool has_current_ = false, has_old_ = false, latest_ = false;
  std::optional<std::string> key_;
};

// Where a version stands or stood, that may be gone by now; nullopt when nobody can tell.
std::optional<std::uint64_t> sequence_of(store::Connection& connection, std::int64_t bucket,
                                         const ObjectKey& key, std::string_view version_id) {
  if (const auto row = ObjectStore::Impl::find_row(connection, bucket, key, version_id)) {
    return row->info.sequence;
  }
  constexpr std::size_t kSequenceDigits = 16;
  std::uint64_t sequence = 0;
  const auto digits = version_id.substr(0, kSequenceDigits);
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), sequence, 16);
  const bool whole = digits.size() == kSequenceDigits && error == std::errc() &&
                     end == digits.data() + digits.size() &&
                     sequence <= std::numeric_limits<std::int64_t>::max();
  return whole ? std::optional(sequence) : std::nullopt;
}

void start(VersionWalk& walk, store::Connection& connection, std::int64_t bucket,
           const VersionsQuery& query) {
  if (!query.after_version.empty() && query.after_key >= query.prefix) {
    const ObjectKey key(query.after_key);
    if (const auto sequence = sequence_of(connection, bucket, key, query.after_version)) {
      walk.start_within(query.after_key, *sequence);
      return;
    }
  }
  walk.start(first_key(query.prefix, query.delimiter, query.after_key));
}

}  // namespace

Outcome<VersionsPage> ObjectStore::list_versions(const VersionsQuery& query) {
  const auto id = impl_->bucket_id(query.bucket);
  if (!id) return std::unexpected(StoreError::kNoSuchBucket);
  VersionsPage page;
  if (query.limit == 0) return page;
  impl_->database.read([&](store::Connection& connection) {
    VersionWalk walk(connection, *id, after_prefix(query.prefix));
    start(walk, connection, *id, query);
    std::size_t count = 0;
    while (walk.next()) {
      if (count == query.limit) {
        page.truncated = true;
        break;
      }
      ++count;
      const auto prefix = rolled_up(query.prefix, query.delimiter, walk.key());
      if (!prefix.empty()) {
        page.last_key = prefix;
        page.last_version.clear();
        page.common_prefixes.push_back(page.last_key);
        walk.jump(after_prefix(page.last_key));
        continue;
      }
      page.versions.push_back(walk.info());
      page.last_key = page.versions.back().key.str();
      page.last_version = page.versions.back().version_id;
    }
  });
  return page;
}

}  // namespace clary::objects
