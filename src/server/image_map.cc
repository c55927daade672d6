#include "server/image_map.h"

#include <algorithm>
#include <array>

namespace clary::server {
namespace {

constexpr const char* kSchema =
    "CREATE TABLE image_map (pattern TEXT PRIMARY KEY, image TEXT NOT NULL) STRICT, WITHOUT ROWID;";
constexpr const char* kAll =
    "SELECT pattern, image FROM image_map ORDER BY length(pattern) DESC, pattern";
constexpr const char* kSet = "INSERT OR REPLACE INTO image_map (pattern, image) VALUES (?1, ?2)";
constexpr const char* kRemove = "DELETE FROM image_map WHERE pattern = ?1";

}  // namespace

bool fits(std::string_view pattern, std::string_view text) {
  // Where the last * was, and how far its text went: to go on from there one character later.
  std::size_t p = 0, t = 0, star = std::string_view::npos, mark = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      mark = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++mark;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

std::span<const store::Migration> ImageMap::migrations() {
  static constexpr std::array<store::Migration, 1> kMigrations{{{"image_map", 1, kSchema}}};
  return kMigrations;
}

ImageMap::ImageMap(store::Database& database) : database_(database) {
  load();
}

void ImageMap::load() {
  std::vector<ImageMapping> mappings;
  database_.read([&](store::Connection& connection) {
    store::Statement& all = connection.statement(kAll);
    while (all.step()) mappings.push_back({std::string(all.text(0)), std::string(all.text(1))});
  });
  const std::lock_guard lock(mutex_);
  mappings_ = std::move(mappings);
}

void ImageMap::set(const ImageMapping& mapping) {
  database_.write([&](store::Connection& connection) {
    connection.statement(kSet).bind(1, mapping.pattern).bind(2, mapping.image).run();
  });
  load();
}

bool ImageMap::remove(const std::string& pattern) {
  bool removed = false;
  database_.write([&](store::Connection& connection) {
    connection.statement(kRemove).bind(1, pattern).run();
    removed = connection.changes() > 0;
  });
  load();
  return removed;
}

std::vector<ImageMapping> ImageMap::list() const {
  const std::lock_guard lock(mutex_);
  return mappings_;
}

std::optional<std::string> ImageMap::find(std::string_view uri) const {
  const std::lock_guard lock(mutex_);
  const auto found = std::ranges::find_if(
      mappings_, [&](const ImageMapping& mapping) { return fits(mapping.pattern, uri); });
  return found == mappings_.end() ? std::nullopt : std::optional(found->image);
}

}  // namespace clary::server
