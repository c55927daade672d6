#include "backup/backup.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <stdexcept>

#include "audit/log_files.h"
#include "backup/cut.h"
#include "backup/folder_files.h"
#include "backup/volumes.h"
#include "base/errors.h"

namespace clary::backup {
namespace {

// How often the cut is taken again because an object was deleted before its file was copied.
constexpr int kMaxCuts = 50;
// Files to copy under the cut, while SQLite's logs grow, rather than before another one.
constexpr std::size_t kFewFiles = 200;

// One backup into a folder at a time.
class BackupLock {
 public:
  explicit BackupLock(const std::filesystem::path& backup)
      : file_(::open((backup / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
    if (file_ < 0) throw StorageError((backup / "lock").string() + ": cannot be opened");
    if (::flock(file_, LOCK_EX | LOCK_NB) != 0) {
      ::close(file_);
      throw std::runtime_error("another backup into " + backup.string() + " is under way");
    }
  }
  ~BackupLock() { ::close(file_); }
  BackupLock(const BackupLock&) = delete;
  BackupLock& operator=(const BackupLock&) = delete;

 private:
  int file_;
};

// 20261123T002855.123Z: sorts by time.
std::string snapshot_name(Timestamp now) {
  const auto ms = now.time_since_epoch().count() % 1000;
  std::string name = iso8601_basic(now);
  name.pop_back();
  std::string digits = std::to_string(1000 + ms);
  return name + "." + digits.substr(1) + "Z";
}

class Backup {
 public:
  explicit Backup(const BackupOptions& options)
      : options_(options),
        data_(options.data_dir / kData),
        shared_(options.to / "files"),
        final_(options.to / "snapshots" / snapshot_name(options.now)),
        partial_(final_.string() + ".partial") {}

  BackupReport run() {
    remove_partial();
    for (const auto& snapshot : snapshots(options_.to)) {
      // A snapshot that cannot be read lends no files; restoring it will say what is wrong.
      try {
        known_.merge(read_data_files(snapshot));
        earlier_ = {snapshot, read_manifest(snapshot).files};
      } catch (const std::runtime_error&) {
      }
    }
    std::filesystem::create_directories(partial_);
    std::filesystem::permissions(options_.to, std::filesystem::perms::owner_all);
    copy_databases();
    copy_audit_log();
    for (const auto& file : plain_files(options_.data_dir)) copy_plain(file, file);
    for (const auto& file : volume_files(options_.data_dir)) copy_volume_file(file);
    if (!options_.root_key.empty()) {
      manifest_.has_root_key = copy_plain(options_.root_key, "root.key");
      if (!manifest_.has_root_key) {
        throw std::runtime_error(options_.root_key.string() + ": there is no root key to copy");
      }
    }
    finish();
    remove_old();
    return report_;
  }

 private:
  void remove_partial() {
    std::error_code error;
    std::filesystem::create_directories(options_.to / "snapshots", error);
    if (error) throw StorageError(options_.to.string() + ": " + error.message());
    for (const auto& entry : std::filesystem::directory_iterator(options_.to / "snapshots")) {
      if (entry.path().extension() == ".partial") std::filesystem::remove_all(entry.path());
    }
  }

  // False: it is gone.
  bool have(const std::string& name) {
    if (files_.contains(name)) return true;
    const auto target = data_file(shared_, name);
    if (const auto known = known_.find(name); known != known_.end()) {
      std::error_code error;
      if (std::filesystem::file_size(target, error) == known->second.size && !error) {
        files_.insert(*known);
        return true;
      }
    }
    const auto hashed = copy_hashed(data_file(data_, name), target);
    if (!hashed) return false;
    ++report_.copied_files;
    report_.copied_bytes += hashed->size;
    touched_.insert(target.parent_path());
    files_.emplace(name, *hashed);
    return true;
  }

  // Copies what it can; false when files were missing.
  bool have_all(const std::set<std::string>& names) {
    bool all = true;
    for (const std::string& name : names) all = have(name) && all;
    return all;
  }

  std::size_t missing(const std::set<std::string>& names) const {
    return static_cast<std::size_t>(
        std::ranges::count_if(names, [&](const auto& name) { return !files_.contains(name); }));
  }

  void copy_databases() {
    for (int tries = 0; tries < kMaxCuts; ++tries) {
      std::set<std::string> names;
      {
        Cut cut(options_.data_dir);
        names = named_files(cut.objects());
        if (missing(names) <= kFewFiles || tries + 1 == kMaxCuts) {
          // A file that is gone belonged to an object that is deleted by now: a later moment then.
          if (have_all(names)) {
            std::erase_if(files_, [&](const auto& entry) { return !names.contains(entry.first); });
            copy_database(cut, &Cut::copy_metadata, kMetadata);
            copy_database(cut, &Cut::copy_objects, kObjects);
            return;
          }
          continue;
        }
      }
      have_all(names);  // the bulk, without holding anything
    }
    throw std::runtime_error(
        "objects' files keep vanishing before they are copied, or are missing: see `clary fsck`");
  }

  void copy_database(Cut& cut, void (Cut::*copy)(const std::filesystem::path&),
                     std::string_view name) {
    const auto target = partial_ / name;
    std::filesystem::create_directories(target.parent_path());
    (cut.*copy)(target);
    note(name);
  }

  void note(std::string_view name) {
    const auto hashed = hash_file(partial_ / name);
    if (hashed) manifest_.files[std::string(name)] = *hashed;
  }

  bool copy_plain(const std::filesystem::path& from, const std::filesystem::path& as) {
    const auto source = from.is_absolute() ? from : options_.data_dir / from;
    const auto hashed = copy_hashed(source, partial_ / as);
    if (hashed) manifest_.files[as.generic_string()] = *hashed;
    return hashed.has_value();
  }

  // The head first: the files are then never behind it. Of the file that grows, whole lines.
  void copy_audit_log() {
    const auto folder = options_.data_dir / "audit";
    if (!std::filesystem::exists(folder)) return;
    if (std::filesystem::exists(folder / "head.json"))
      copy_plain("audit/head.json", "audit/head.json");
    for (const audit::LogFile& file : audit::log_files(folder)) {
      const auto name = std::filesystem::path("audit") / file.path.filename();
      const auto hashed = copy_hashed(file.path, partial_ / name, whole_lines(file.path));
      if (hashed) manifest_.files[name.generic_string()] = *hashed;
    }
  }

  // After the databases: what these have of a volume is made before it.
  void copy_volume_file(const std::filesystem::path& file) {
    const auto& [snapshot, hashes] = earlier_;
    const auto known = hashes.find(file.generic_string());
    const bool has = known != hashes.end();
    const auto copy = copy_volume(options_.data_dir / file, partial_ / file,
                                  has ? snapshot / file : std::filesystem::path(),
                                  has ? known->second : Hashed());
    if (!copy) return;
    manifest_.files[file.generic_string()] = copy->hashed;
    if (file.filename() != kVolumeImage) return;
    ++report_.volumes;
    report_.copied_volumes += copy->shared ? 0 : 1;
  }

  static std::uint64_t whole_lines(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    in.seekg(0, std::ios::end);
    auto end = static_cast<std::int64_t>(in.tellg());
    for (char c = 0; end > 0; --end) {
      in.seekg(end - 1);
      if (!in.get(c) || c == '\n') break;
    }
    return end > 0 ? static_cast<std::uint64_t>(end) : 0;
  }

  void finish() {
    for (const auto& folder : touched_) sync_folder(folder);
    if (std::filesystem::exists(shared_)) sync_folder(shared_);
    manifest_.files["files.txt"] = write_data_files(partial_, files_);
    manifest_.program = options_.program;
    manifest_.created = options_.now;
    manifest_.root_key_fingerprint = options_.root_key_fingerprint;
    write_manifest(partial_, manifest_);
    for (const auto& entry : std::filesystem::recursive_directory_iterator(partial_)) {
      if (entry.is_directory()) sync_folder(entry.path());
    }
    sync_folder(partial_);
    std::filesystem::rename(partial_, final_);
    sync_folder(final_.parent_path());
    report_.snapshot = final_;
    report_.data_files = files_.size();
    for (const auto& [name, hashed] : files_) report_.data_bytes += hashed.size;
  }

  void remove_old() {
    std::vector<std::filesystem::path> all = snapshots(options_.to);
    const std::size_t keep = std::max<std::size_t>(1, options_.keep);
    while (all.size() > keep) {
      // The manifest first: what is half removed is no snapshot.
      std::filesystem::remove(all.front() / "manifest.json");
      std::filesystem::remove_all(all.front());
      all.erase(all.begin());
      ++report_.removed_snapshots;
    }
    std::set<std::string> used;
    for (const auto& snapshot : all) {
      try {
        for (const auto& [name, hashed] : read_data_files(snapshot)) used.insert(name);
      } catch (const std::runtime_error&) {
        return;  // what a damaged snapshot needs is not known: nothing is removed
      }
    }
    if (!std::filesystem::exists(shared_)) return;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(shared_)) {
      if (!entry.is_regular_file() || used.contains(entry.path().filename().string())) continue;
      std::error_code ignored;
      if (std::filesystem::remove(entry.path(), ignored)) ++report_.removed_files;
    }
  }

  const BackupOptions& options_;
  const std::filesystem::path data_, shared_, final_, partial_;
  DataFiles known_;                                                          // of earlier snapshots
  std::pair<std::filesystem::path, std::map<std::string, Hashed>> earlier_;  // the newest of them
  DataFiles files_;                                                          // of this one
  std::set<std::filesystem::path> touched_;
  Manifest manifest_;
  BackupReport report_;
};

bool inside(const std::filesystem::path& path, const std::filesystem::path& folder) {
  const auto relative = std::filesystem::weakly_canonical(path).lexically_relative(
      std::filesystem::weakly_canonical(folder));
  return !relative.empty() && *relative.begin() != "..";
}

}  // namespace

BackupReport make_backup(const BackupOptions& options) {
  if (!std::filesystem::exists(options.data_dir / kMetadata)) {
    throw std::runtime_error("there is no data folder of a server at " + options.data_dir.string());
  }
  if (inside(options.to, options.data_dir)) {
    throw std::runtime_error("a backup inside of the data folder would be lost with it");
  }
  std::error_code error;
  std::filesystem::create_directories(options.to, error);
  if (error) throw StorageError(options.to.string() + ": " + error.message());
  const BackupLock lock(options.to);
  return Backup(options).run();
}

}  // namespace clary::backup
