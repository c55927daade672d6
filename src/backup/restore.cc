#include "backup/restore.h"

#include <stdexcept>

#include "backup/check.h"
#include "backup/folder_files.h"
#include "base/errors.h"

namespace clary::backup {
namespace {

std::filesystem::path chosen(const RestoreOptions& options) {
  const auto all = snapshots(options.from);
  if (all.empty()) {
    throw std::runtime_error(options.from.string() + " holds no whole snapshot");
  }
  if (options.snapshot.empty()) return all.back();
  for (const auto& snapshot : all) {
    if (snapshot.filename() == options.snapshot) return snapshot;
  }
  throw std::runtime_error(options.from.string() + " holds no snapshot " + options.snapshot);
}

void take(const std::filesystem::path& from, const std::optional<std::filesystem::path>& to,
          const Hashed& expected) {
  const auto got = to ? copy_hashed(from, *to) : hash_file(from);
  if (!got) throw std::runtime_error(from.string() + " is missing: the backup is torn");
  if (got->size != expected.size || got->sha256 != expected.sha256) {
    throw std::runtime_error(from.string() + " is damaged: its SHA-256 is another");
  }
}

void require_empty(const std::filesystem::path& folder) {
  if (!std::filesystem::exists(folder)) return;
  if (!std::filesystem::is_directory(folder) || !std::filesystem::is_empty(folder)) {
    throw std::runtime_error(
        folder.string() + " is not empty; restore into a new folder, then point the server there");
  }
}

void copy_all(const RestoreReport& report, const std::filesystem::path& backup,
              const std::optional<std::filesystem::path>& to) {
  for (const auto& [name, hashed] : report.manifest.files) {
    const bool list = name == "files.txt";
    take(report.snapshot / name, to && !list ? std::optional(*to / name) : std::nullopt, hashed);
  }
  for (const auto& [name, hashed] : read_data_files(report.snapshot)) {
    take(data_file(backup / "files", name),
         to ? std::optional(data_file(*to / kData, name)) : std::nullopt, hashed);
  }
}

}  // namespace

RestoreReport restore_backup(const RestoreOptions& options) {
  RestoreReport report;
  report.snapshot = chosen(options);
  report.manifest = read_manifest(report.snapshot);
  if (!report.manifest.files.contains("files.txt")) {
    throw std::runtime_error(report.snapshot.string() + " is torn: it lists no files.txt");
  }
  // The list before what it names.
  take(report.snapshot / "files.txt", std::nullopt, report.manifest.files.at("files.txt"));
  for (const auto& [name, hashed] : read_data_files(report.snapshot)) {
    ++report.data_files;
    report.data_bytes += hashed.size;
  }
  if (!options.data_dir) {
    copy_all(report, options.from, std::nullopt);
    return report;
  }
  require_empty(*options.data_dir);
  std::filesystem::path target = *options.data_dir;
  if (!target.has_filename()) target = target.parent_path();
  const std::filesystem::path partial = target.string() + ".restoring";
  std::filesystem::remove_all(partial);
  std::filesystem::create_directories(partial / kData);
  std::filesystem::permissions(partial, std::filesystem::perms::owner_all);
  copy_all(report, options.from, partial);
  const CheckReport check = check_folder({.data_dir = partial, .seal = {}, .contents = false});
  if (!check.problems.empty()) {
    throw std::runtime_error("what was restored is not whole: " + check.problems.front());
  }
  for (const auto& entry : std::filesystem::recursive_directory_iterator(partial)) {
    if (entry.is_directory()) sync_folder(entry.path());
  }
  sync_folder(partial);
  if (std::filesystem::exists(target)) std::filesystem::remove(target);
  std::filesystem::rename(partial, target);
  sync_folder(std::filesystem::absolute(target).parent_path());
  return report;
}

}  // namespace clary::backup
