#include "agent/model_server.h"

#include <sys/stat.h>
#include <unistd.h>

#include "agent/workload_user.h"
#include "base/errors.h"
#include "wire/sigv4.h"

namespace clary::agent {
namespace {

namespace fs = std::filesystem;

constexpr char kInsideFolder[] = "/run/clary";
constexpr std::size_t kLongestSocketPath = 107;

}  // namespace

fs::path socket_folder(const fs::path& data_folder, const std::string& run_id) {
  const std::string name = wire::sha256_hex(run_id).substr(0, 12);
  const fs::path folder = data_folder / "s" / name;
  if ((folder / "sock").native().size() <= kLongestSocketPath) return folder;
  return fs::path("/tmp") / ("clary-s-" + wire::sha256_hex(folder.string()).substr(0, 12));
}

SocketFolder::SocketFolder(const RunFile& run)
    : path_(socket_folder(run.data_folder, run.spec.id)) {
  std::error_code error;
  fs::create_directories(path_, error);
  if (error) throw StorageError("create " + path_.string() + ": " + error.message());
  // Below /tmp somebody else could have been first.
  struct stat status = {};
  if (lstat(path_.c_str(), &status) != 0 || !S_ISDIR(status.st_mode) ||
      (status.st_uid != geteuid() && status.st_uid != workload_user(run.spec.id))) {
    throw StorageError(path_.string() + " is not ours");
  }
  fs::permissions(path_, fs::perms::owner_all, error);
}

SocketFolder::~SocketFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

std::unique_ptr<Workload> make_model_server(const RunFile& run, const fs::path& opt_ml,
                                            const SocketFolder& folder) {
  std::error_code ignored;
  fs::remove(folder.socket(), ignored);
  return make_workload(
      {.run = run,
       .opt_ml = opt_ml,
       .binds = {{folder.path(), kInsideFolder, process::Bind::Access::kWrite}},
       .environment =
           run.spec.launch == Launch::kImage
               ? std::map<std::string, std::string>{{"SAGEMAKER_BIND_TO_PORT", "8080"}}
               : std::map<std::string, std::string>{{"CLARY_SERVE_SOCKET",
                                                     std::string(kInsideFolder) + "/sock"}},
       .serving_socket = folder.socket()});
}

}  // namespace clary::agent
