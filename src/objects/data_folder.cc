#include "objects/data_folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/errors.h"
#include "base/file_io.h"
#include "base/log.h"
#include "base/random.h"

namespace clary::objects {
namespace {

constexpr std::size_t kRunDigits = 12;

// Files are spread over 256 folders by the last two digits of their random names.
std::string_view shard_of(std::string_view name) {
  return name.substr(name.size() - 2);
}

}  // namespace

DataFolder::DataFolder(std::filesystem::path folder)
    : folder_(std::move(folder)), run_(random_hex(kRunDigits / 2)) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::error_code error;
  std::filesystem::create_directories(folder_, error);
  if (error) throw_io_error("create " + folder_.string(), error.value());
  bool made = false;
  for (int i = 0; i < 256; ++i) {
    const std::string shard{kDigits[i / 16], kDigits[i % 16]};
    if (mkdir((folder_ / shard).c_str(), 0700) == 0) {
      made = true;
    } else if (errno != EEXIST) {
      throw_io_error("create " + (folder_ / shard).string(), errno);
    }
  }
  if (made) sync_folder(folder_);
}

std::string DataFolder::new_name() const {
  return run_ + random_hex(12);
}

std::filesystem::path DataFolder::path_of(std::string_view name) const {
  return folder_ / shard_of(name) / name;
}

int DataFolder::open_for_read(std::string_view name) const {
  const int file = open(path_of(name).c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0 && errno != ENOENT) throw_io_error("open " + path_of(name).string(), errno);
  return file;
}

int DataFolder::create(std::string_view name) const {
  const int file = open(path_of(name).c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) throw_io_error("create " + path_of(name).string(), errno);
  return file;
}

void DataFolder::sync_entry(std::string_view name) const {
  sync_folder(folder_ / shard_of(name));
}

bool DataFolder::link(std::string_view name, std::string_view new_name) const {
  if (::link(path_of(name).c_str(), path_of(new_name).c_str()) == 0) return true;
  if (errno == EMLINK || errno == EPERM || errno == ENOTSUP || errno == ENOENT) return false;
  throw_io_error("link " + path_of(name).string(), errno);
}

void DataFolder::remove(std::string_view name) const noexcept {
  if (unlink(path_of(name).c_str()) != 0 && errno != ENOENT) {
    // Swept at the next start.
    spdlog::warn("cannot remove {}: {}", path_of(name).string(), std::strerror(errno));
  }
}

void DataFolder::sweep(const std::function<bool(const std::string& name)>& is_used,
                       const std::function<bool()>& stopping) const {
  std::error_code error;
  std::size_t removed = 0;
  for (const auto& shard : std::filesystem::directory_iterator(folder_, error)) {
    if (!shard.is_directory(error)) continue;
    for (const auto& entry : std::filesystem::directory_iterator(shard.path(), error)) {
      if (stopping()) return;
      const auto name = entry.path().filename().string();
      if (name.size() <= kRunDigits || name.starts_with(run_) || is_used(name)) continue;
      remove(name);
      ++removed;
    }
  }
  if (removed > 0) spdlog::info("objects: removed {} unfinished files", removed);
}

std::shared_ptr<DataPin> DataPins::pin(std::int64_t parts_id) {
  std::scoped_lock lock(mutex_);
  auto pin = std::make_shared<DataPin>(*this, parts_id);
  ++pinned_[parts_id].count;
  return pin;
}

void DataPins::remove(std::int64_t parts_id, std::vector<std::string> names) {
  {
    std::scoped_lock lock(mutex_);
    if (const auto found = pinned_.find(parts_id); found != pinned_.end()) {
      auto& doomed = found->second.doomed;
      doomed.insert(doomed.end(), names.begin(), names.end());
      return;
    }
  }
  for (const auto& name : names) folder_.remove(name);
}

void DataPins::unpin(std::int64_t parts_id) {
  std::vector<std::string> doomed;
  {
    std::scoped_lock lock(mutex_);
    const auto found = pinned_.find(parts_id);
    if (--found->second.count > 0) return;
    doomed = std::move(found->second.doomed);
    pinned_.erase(found);
  }
  for (const auto& name : doomed) folder_.remove(name);
}

}  // namespace clary::objects
