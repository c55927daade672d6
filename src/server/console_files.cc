#include "server/console_files.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"

namespace clary::server {
namespace {

using Pair = std::pair<std::string_view, std::string_view>;
constexpr std::array<Pair, 11> kTypes{{{".html", "text/html; charset=utf-8"},
                                       {".js", "text/javascript; charset=utf-8"},
                                       {".css", "text/css; charset=utf-8"},
                                       {".json", "application/json"},
                                       {".csv", "text/csv; charset=utf-8"},
                                       {".svg", "image/svg+xml"},
                                       {".png", "image/png"},
                                       {".woff2", "font/woff2"},
                                       {".woff", "font/woff"},
                                       {".wasm", "application/wasm"},
                                       {".txt", "text/plain; charset=utf-8"}}};
constexpr std::array<Pair, 2> kEncodings{{{"br", ".br"}, {"gzip", ".gz"}}};
constexpr std::string_view kAssets = "assets/";
constexpr std::size_t kMaxPath = 512;

// Only names that the build makes: no escapes, no dot at the start of a part.
bool is_plain(std::string_view path) {
  if (path.empty() || path.size() > kMaxPath) return false;
  char before = '/';
  for (const char c : path) {
    const bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '-' || c == '_';
    if (!word && c != '.' && c != '/') return false;
    if (before == '/' && (c == '/' || c == '.')) return false;
    before = c;
  }
  return before != '/';
}

std::string_view type_of(std::string_view name) {
  for (const auto& [ending, type] : kTypes) {
    if (name.ends_with(ending)) return type;
  }
  return {};
}

// Whether the list names the coding and does not refuse it with q=0.
bool accepts(std::string_view list, std::string_view coding) {
  while (!list.empty()) {
    const auto comma = std::min(list.find(','), list.size());
    const std::string_view item = list.substr(0, comma);
    const auto semicolon = std::min(item.find(';'), item.size());
    if (equals_ignore_case(trim(item.substr(0, semicolon)), coding)) {
      std::string_view quality = trim(item.substr(std::min(semicolon + 1, item.size())));
      if (!quality.starts_with("q=")) return true;
      quality.remove_prefix(2);
      return quality.find_first_not_of("0.") != std::string_view::npos;
    }
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

}  // namespace

std::filesystem::path default_console_folder() {
  std::error_code error;
  const auto own = std::filesystem::read_symlink("/proc/self/exe", error);
  return own.parent_path().parent_path() / "share" / "clary" / "console";
}

bool ConsoleFiles::built() const {
  std::error_code error;
  return std::filesystem::is_regular_file(folder_ / "index.html", error);
}

std::optional<ConsoleFile> ConsoleFiles::open_file(const std::string& name,
                                                   std::string_view accept_encoding) const {
  // The folder itself may be a link; nothing in it may.
  const process::FileDescriptor folder(::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder) return std::nullopt;
  ConsoleFile found;
  const auto try_open = [&](const std::string& path) {
    process::FileDescriptor file(
        ::openat(folder.get(), path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    struct stat status{};
    if (!file || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return false;
    found.length = static_cast<std::uint64_t>(status.st_size);
    const auto nanoseconds = status.st_mtim.tv_sec * 1'000'000'000LL + status.st_mtim.tv_nsec;
    found.etag = "\"" + std::to_string(nanoseconds) + "-" + std::to_string(status.st_size) + "\"";
    found.file = std::move(file);
    return true;
  };
  for (const auto& [coding, ending] : kEncodings) {
    if (accepts(accept_encoding, coding) && try_open(name + std::string(ending))) {
      found.encoding = coding;
      break;
    }
  }
  if (!found.file && !try_open(name)) return std::nullopt;
  found.type = type_of(name);
  found.immutable = name.starts_with(kAssets);
  return found;
}

std::optional<ConsoleFile> ConsoleFiles::open(std::string_view path,
                                              std::string_view accept_encoding) const {
  // Addresses of pages hold names of jobs, which may have dots: only what the build can have made
  // is looked for.
  const bool asset = path.starts_with(kAssets);
  const bool file = asset || (path.find('/') == std::string_view::npos && !type_of(path).empty());
  if (!file) return open_file("index.html", accept_encoding);
  if (!is_plain(path) || type_of(path).empty()) return std::nullopt;
  return open_file(std::string(path), accept_encoding);
}

}  // namespace clary::server
