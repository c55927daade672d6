#include "agent/workload_user.h"

#include <errno.h>
#include <fts.h>
#include <string.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <functional>
#include <memory>
#include <string>

#include "base/errors.h"

namespace clary::agent {
namespace {

namespace fs = std::filesystem;

constexpr uid_t kFirstUser = 0x70000000;
constexpr std::uint32_t kUsers = 65536;

// FNV-1a: the same in every build, since a restarted agent must find its run's files its own.
std::uint32_t hash_of(std::string_view text) {
  std::uint32_t hash = 2166136261U;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return hash;
}

[[noreturn]] void broken(const char* path) {
  throw StorageError(std::string("give ") + path + " to the workload: " + strerror(errno));
}

}  // namespace

std::optional<uid_t> workload_user(std::string_view run_id) {
  if (geteuid() != 0) return std::nullopt;
  return kFirstUser + hash_of(run_id) % kUsers;
}

void give_to(const fs::path& folder, uid_t user) {
  std::string top = folder.string();
  const std::array<char*, 2> tops{top.data(), nullptr};
  const std::unique_ptr<FTS, int (*)(FTS*)> tree(
      fts_open(tops.data(), FTS_PHYSICAL | FTS_NOSTAT | FTS_NOCHDIR | FTS_XDEV, nullptr),
      fts_close);
  if (!tree) broken(top.c_str());
  while (const FTSENT* const entry = fts_read(tree.get())) {
    if (entry->fts_info == FTS_DP) continue;  // a folder on the way back
    if (entry->fts_info == FTS_ERR || entry->fts_info == FTS_DNR ||
        lchown(entry->fts_path, user, user) != 0) {
      broken(entry->fts_path);
    }
  }
}

fs::path write_password_file(const fs::path& run_folder, uid_t user) {
  const fs::path path = run_folder / "passwd";
  const std::string number = std::to_string(user);
  std::ofstream out(path);
  out << "root:x:0:0:root:/root:/usr/sbin/nologin\n"
      << kWorkloadUserName << ":x:" << number << ":" << number << "::/tmp:/bin/sh\n"
      << std::flush;
  if (!out) throw StorageError("write " + path.string());
  return path;
}

}  // namespace clary::agent
