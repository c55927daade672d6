#include "agent/opt_ml.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <fstream>
#include <stdexcept>

#include "agent/log_lines.h"
#include "agent/stage_in.h"
#include "base/errors.h"
#include "base/text.h"

namespace clary::agent {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kOptMl = "/opt/ml/";
constexpr std::size_t kExitMessageBytes = 1024;

void make_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throw StorageError("create " + folder.string() + ": " + error.message());
}

// A file that the workload left, up to `limit` bytes; "" when there is none.
std::string beginning_of(const fs::path& opt_ml, const std::string& inside, std::size_t limit) {
  const process::FileDescriptor file = open_left_behind(opt_ml, inside);
  struct stat status = {};
  if (!file || fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return "";
  std::string text(limit, '\0');
  const ssize_t size = read(file.get(), text.data(), text.size());
  text.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
  return text;
}

// How much of a text that was cut off ends with a whole character.
std::size_t whole_characters(std::string_view text) {
  constexpr std::size_t kLongestCharacter = 4;
  std::size_t end = text.size();
  for (std::size_t back = 1; back <= kLongestCharacter && back <= text.size(); ++back) {
    const auto byte = static_cast<unsigned char>(text[text.size() - back]);
    if ((byte & 0xc0U) == 0x80) continue;  // inside a character
    const std::size_t length = byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
    if (length > back) end = text.size() - back;
    break;
  }
  return end;
}

}  // namespace

void lay_out_opt_ml(const JobSpec& spec, const fs::path& opt_ml) {
  for (const char* folder :
       {"input/config", "input/data", "model", "output/data", "checkpoints", "code"}) {
    make_folder(opt_ml / folder);
  }
  for (const InputSpec& input : spec.inputs) {
    if (!input.pipe) make_folder(host_path(opt_ml, input.local_path));
  }
  // Where results are taken from is there, as on SageMaker, for programs that only write to it.
  for (const OutputSpec& output : spec.outputs) make_folder(host_path(opt_ml, output.local_path));
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
  return valid_utf8(trim(beginning_of(opt_ml, "/opt/ml/output/failure", limit)));
}

std::string read_exit_message(const fs::path& opt_ml) {
  std::string text = beginning_of(opt_ml, "/opt/ml/output/message", kExitMessageBytes);
  if (text.size() == kExitMessageBytes) text.resize(whole_characters(text));
  if (valid_utf8(text) != text) {
    throw InputError("the exit message in /opt/ml/output/message is not UTF-8; write it as that");
  }
  return text;
}

}  // namespace clary::agent
