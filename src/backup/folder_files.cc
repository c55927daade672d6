#include "backup/folder_files.h"

#include <algorithm>
#include <array>

#include "backup/volumes.h"

namespace clary::backup {
namespace {

constexpr char kTables[] = "SELECT name FROM sqlite_master WHERE type='table'";
constexpr char kFileColumns[] =
    "SELECT count(*) FROM pragma_table_info(?1) WHERE lower(name)='file'";

}  // namespace

std::filesystem::path data_file(const std::filesystem::path& data, std::string_view name) {
  return data / name.substr(name.size() - 2) / name;
}

bool is_data_name(std::string_view name) {
  return name.size() >= 16 && name.size() <= 64 &&
         name.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::set<std::string> named_files(store::Connection& objects) {
  std::vector<std::string> tables;
  auto& query = objects.statement(kTables);
  while (query.step()) tables.emplace_back(query.text(0));
  std::set<std::string> names;
  for (const std::string& table : tables) {
    auto& columns = objects.statement(kFileColumns).bind(1, table);
    if (!columns.step() || columns.integer(0) == 0) continue;
    std::string quoted;
    for (const char c : table) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
    auto& files = objects.composed("SELECT DISTINCT file FROM \"" + quoted + "\" WHERE file<>''");
    while (files.step()) {
      if (is_data_name(files.text(0))) names.emplace(files.text(0));
    }
  }
  objects.finish_statements();
  return names;
}

std::vector<std::filesystem::path> plain_files(const std::filesystem::path& data_dir) {
  constexpr std::array<std::string_view, 8> kLeftOut{"objects", "audit", "runs",     "volumes",
                                                     kVolumes,  "lock",  "root.key", "client.json"};
  std::vector<std::filesystem::path> files;
  for (const auto& top : std::filesystem::directory_iterator(data_dir)) {
    const std::string name = top.path().filename().string();
    if (name.starts_with(kMetadata) || std::ranges::find(kLeftOut, name) != kLeftOut.end()) {
      continue;
    }
    if (top.is_regular_file() && !top.is_symlink()) files.emplace_back(name);
    if (!top.is_directory() || top.is_symlink()) continue;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(top.path())) {
      if (entry.is_regular_file() && !entry.is_symlink()) {
        files.push_back(entry.path().lexically_relative(data_dir));
      }
    }
  }
  std::ranges::sort(files);
  return files;
}

}  // namespace clary::backup
