#include "agent/opt_ml.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <fstream>
#include <stdexcept>

#include "agent/log_lines.h"
#include "base/errors.h"
#include "base/text.h"

namespace clary::agent {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kOptMl = "/opt/ml/";

void make_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throw StorageError("create " + folder.string() + ": " + error.message());
}

}  // namespace

void lay_out_opt_ml(const JobSpec& spec, const fs::path& opt_ml) {
  for (const char* folder :
       {"input/config", "input/data", "model", "output/data", "checkpoints", "code"}) {
    make_folder(opt_ml / folder);
  }
  for (const InputSpec& input : spec.inputs) make_folder(host_path(opt_ml, input.local_path));
  for (const auto& [name, value] : spec.config_files) {
    const fs::path file = host_path(opt_ml, std::string(kOptMl) + name);
    make_folder(file.parent_path());
    std::ofstream out(file, std::ios::binary);
    out << json::serialize(value);
    if (!out.flush()) throw StorageError("write " + file.string());
  }
}

fs::path host_path(const fs::path& opt_ml, const std::string& inside) {
  const fs::path normal = fs::path(inside).lexically_normal();
  const std::string& text = normal.native();
  if (!text.starts_with(kOptMl)) throw std::invalid_argument("not below /opt/ml: " + inside);
  return opt_ml / text.substr(kOptMl.size());
}

process::FileDescriptor open_left_behind(const fs::path& opt_ml, const std::string& inside) {
  const fs::path relative = host_path("", inside);
  const process::FileDescriptor root(open(opt_ml.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  open_how how = {};
  how.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  return process::FileDescriptor(
      static_cast<int>(syscall(SYS_openat2, root.get(), relative.c_str(), &how, sizeof how)));
}

std::string read_failure(const fs::path& opt_ml, std::size_t limit) {
  const process::FileDescriptor file = open_left_behind(opt_ml, "/opt/ml/output/failure");
  struct stat status = {};
  if (!file || fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return "";
  std::string text(limit, '\0');
  const ssize_t size = read(file.get(), text.data(), text.size());
  text.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
  return valid_utf8(trim(text));
}

}  // namespace clary::agent
