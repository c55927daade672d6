#include "cli/backup_command.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <iostream>

#include "backup/backup.h"
#include "backup/check.h"
#include "backup/restore.h"
#include "cli/folder_seal.h"
#include "cli/setting_flags.h"
#include "keys/keyring.h"

namespace clary::cli {
namespace {

const std::vector<std::string_view> kFlags{"data_dir", "root_key_file", "root_key_command"};

std::string size_text(std::uint64_t bytes) {
  constexpr double kMib = 1 << 20;
  return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / kMib);
}

std::filesystem::path root_key_file(const Settings& settings) {
  const auto source =
      keys::root_key_source(settings.data_dir, settings.root_key_file, settings.root_key_command);
  if (source.kind != keys::RootKeySource::Kind::kFile) {
    throw std::runtime_error("--with-root-key copies a file, and the root key comes from " +
                             source.name() + "; keep that one by its own means");
  }
  return std::filesystem::absolute(source.file);
}

int run_backup(const Settings& settings, backup::BackupOptions options, bool with_root_key) {
  options.data_dir = settings.data_dir;
  options.now = SystemClock().now();
  const auto fingerprints = keys::keyring_fingerprints(settings.data_dir);
  if (!fingerprints.empty()) options.root_key_fingerprint = fingerprints.front();
  if (with_root_key) options.root_key = root_key_file(settings);
  const backup::BackupReport report = backup::make_backup(options);
  std::cout << fmt::format("snapshot  {}\nfiles     {} ({}), of them new {} ({})\n",
                           report.snapshot.string(), report.data_files,
                           size_text(report.data_bytes), report.copied_files,
                           size_text(report.copied_bytes));
  if (report.volumes > 0) {
    std::cout << fmt::format("volumes   {} of notebook instances, of them new {}\n", report.volumes,
                             report.copied_volumes);
  }
  if (report.removed_snapshots > 0) {
    std::cout << fmt::format("removed   {} older snapshots, {} files only they had\n",
                             report.removed_snapshots, report.removed_files);
  }
  if (with_root_key) {
    std::cout << "The root key is in it: whoever has the backup reads everything.\n";
  } else if (!options.root_key_fingerprint.empty()) {
    std::cout << "The root key " << options.root_key_fingerprint
              << " is not in it, and without it the backup cannot be used: keep what "
                 "`clary keys export-root` prints elsewhere.\n";
  }
  return 0;
}

int run_restore(const backup::RestoreOptions& options) {
  const backup::RestoreReport report = backup::restore_backup(options);
  std::cout << fmt::format("{}  {} of {} ({} files of objects, {}), written by clary {}\n",
                           options.data_dir ? "restored" : "whole", report.snapshot.string(),
                           iso8601(report.manifest.created), report.data_files,
                           size_text(report.data_bytes), report.manifest.program);
  if (!report.manifest.has_root_key && !report.manifest.root_key_fingerprint.empty()) {
    std::cout << "It opens with root key " << report.manifest.root_key_fingerprint
              << ", which is not in the backup: `clary keys import-root`, or root_key_command.\n";
  }
  return 0;
}

int run_fsck(const Settings& settings, backup::CheckOptions options) {
  options.data_dir = settings.data_dir;
  options.live = in_use(settings.data_dir);
  if (options.live && options.repair) {
    throw std::runtime_error("a server works in " + settings.data_dir.string() +
                             "; stop it before --repair");
  }
  const FolderSeal key = folder_seal(settings);
  options.seal = key.seal();
  const backup::CheckReport report = backup::check_folder(options);
  for (const std::string& text : report.notes) std::cout << "note: " << text << '\n';
  if (!key.sealer) std::cout << "note: without the root key: " << key.why_not << '\n';
  for (const std::string& text : report.repaired) std::cout << "repaired: " << text << '\n';
  for (const std::string& text : report.problems) std::cout << "PROBLEM: " << text << '\n';
  std::cout << fmt::format("{}: {} objects, {} files, {} read, {} audit records\n",
                           report.problems.empty() ? "whole" : "NOT WHOLE", report.objects,
                           report.files, size_text(report.bytes_read), report.audit_records);
  return report.problems.empty() ? 0 : 1;
}

}  // namespace

std::function<int()> add_backup(CLI::App& app, const std::string& program_version) {
  auto options = std::make_shared<backup::BackupOptions>();
  auto with_root_key = std::make_shared<bool>(false);
  options->program = program_version;
  app.add_option("DIR", options->to, "Where backups are kept; the same folder again is incremental")
      ->required();
  app.add_option("--keep", options->keep, "Snapshots to keep [7]")->check(CLI::Range(1, 10'000));
  app.add_flag("--with-root-key", *with_root_key,
               "Put the root key beside what it opens; without it, keep it elsewhere");
  return [options, with_root_key, flags = SettingFlags(app, kFlags)] {
    return run_backup(flags.load(), *options, *with_root_key);
  };
}

std::function<int()> add_restore(CLI::App& app) {
  auto options = std::make_shared<backup::RestoreOptions>();
  auto target = std::make_shared<std::string>();
  auto check = std::make_shared<bool>(false);
  app.add_option("DIR", options->from, "A folder that `clary backup` wrote")->required();
  app.add_option("--data-dir", *target, "The new data folder: absent or empty");
  app.add_option("--snapshot", options->snapshot, "The name of one under DIR/snapshots [newest]");
  app.add_flag("--check", *check, "Read and check everything, write nothing");
  return [options, target, check] {
    if (target->empty() == !*check) {
      throw std::runtime_error("give either --data-dir, or --check to write nothing");
    }
    if (!*check) options->data_dir = *target;
    return run_restore(*options);
  };
}

std::function<int()> add_fsck(CLI::App& app) {
  auto options = std::make_shared<backup::CheckOptions>();
  auto quick = std::make_shared<bool>(false);
  app.add_flag("--repair", options->repair,
               "Remove what is safe to remove: files of no object, a damaged audit index");
  app.add_flag("--quick", *quick, "Do not read the bytes of objects");
  return [options, quick, flags = SettingFlags(app, kFlags)] {
    options->contents = !*quick;
    return run_fsck(flags.load(), *options);
  };
}

}  // namespace clary::cli
