#include "objects/object_store_impl.h"

namespace clary::objects {
namespace {

constexpr char kWalk[] =
    "SELECT key,size,etag,modified,metadata,storage_class FROM objects "
    "WHERE bucket=?1 AND is_current=1 AND key>=?2 AND key<?3 ORDER BY key";

// A walk over the keys in [from, until), which can jump ahead.
class Walk {
 public:
  Walk(store::Connection& connection, std::int64_t bucket, std::string from, std::string until)
      : connection_(connection), bucket_(bucket), from_(std::move(from)), until_(std::move(until)) {
    start();
  }
  bool next() { return row_->step(); }
  void jump(std::string from) {
    row_->reset();
    from_ = std::move(from);
    start();
  }
  const store::Statement& row() const { return *row_; }

 private:
  void start() {
    row_ = &connection_.statement(kWalk);
    row_->bind(1, bucket_).bind(2, from_).bind(3, until_);
  }
  store::Connection& connection_;
  const std::int64_t bucket_;
  std::string from_, until_;
  store::Statement* row_ = nullptr;
};

ObjectInfo listed_of(const store::Statement& row) {
  ObjectInfo info;
  info.key = ObjectKey(std::string(row.text(0)));
  info.size = static_cast<std::uint64_t>(row.integer(1));
  info.etag = row.text(2);
  info.modified = from_milliseconds(row.integer(3));
  info.storage_class = row.text(5);
  const auto metadata = row.text(4);
  if (metadata.find("\"c\":") != std::string_view::npos ||
      metadata.find("\"o\":") != std::string_view::npos) {
    PutOptions options;
    read_metadata(metadata, options);
    info.checksums = std::move(options.checksums);
    info.owner = std::move(options.owner);
  }
  return info;
}

}  // namespace

std::string_view rolled_up(std::string_view prefix, std::string_view delimiter,
                           std::string_view key) {
  if (delimiter.empty() || key.size() < prefix.size()) return {};
  const auto at = key.find(delimiter, prefix.size());
  return at == std::string_view::npos ? std::string_view() : key.substr(0, at + delimiter.size());
}

std::string first_key(std::string_view prefix, std::string_view delimiter,
                      std::string_view start_after) {
  if (start_after.empty() || start_after < prefix) return std::string(prefix);
  // A page that ended with a common prefix goes on behind all its keys.
  if (rolled_up(prefix, delimiter, start_after) == start_after) return after_prefix(start_after);
  return std::string(start_after) + '\0';
}

Outcome<ListPage> ObjectStore::list(const ListQuery& query) {
  const auto id = impl_->bucket_id(query.bucket);
  if (!id) return std::unexpected(StoreError::kNoSuchBucket);
  ListPage page;
  if (query.limit == 0) return page;
  page.objects.reserve(std::min<std::size_t>(query.limit, 1000));
  impl_->database.read([&](store::Connection& connection) {
    Walk walk(connection, *id, first_key(query.prefix, query.delimiter, query.start_after),
              after_prefix(query.prefix));
    std::size_t count = 0;
    while (walk.next()) {
      if (count == query.limit) {
        page.truncated = true;
        break;
      }
      ++count;
      const auto key = walk.row().text(0);
      if (const auto prefix = rolled_up(query.prefix, query.delimiter, key); !prefix.empty()) {
        page.last = prefix;
        page.common_prefixes.emplace_back(prefix);
        // One jump instead of a walk over everything below it.
        walk.jump(after_prefix(page.last));
        continue;
      }
      page.last = key;
      page.objects.push_back(listed_of(walk.row()));
    }
  });
  return page;
}

}  // namespace clary::objects
