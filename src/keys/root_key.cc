#include "keys/root_key.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>

#include "base/errors.h"
#include "base/random.h"
#include "base/text.h"
#include "keys/aead.h"
#include "keys/key_command.h"

namespace clary::keys {
namespace {

[[noreturn]] void fail(const std::filesystem::path& file) {
  throw StorageError(file.string() + ": " + std::strerror(errno));
}

void sync_folder(const std::filesystem::path& folder) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) fail(folder);
  ::fsync(fd);
  ::close(fd);
}

std::string read_key_file(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) {
    throw RootKeyError("the root key file " + file.string() +
                       " cannot be read: " + std::strerror(errno));
  }
  struct stat facts{};
  if (::stat(file.c_str(), &facts) == 0 && (facts.st_mode & 077) != 0) {
    throw RootKeyError("the root key file " + file.string() +
                       " can be read by others; run: chmod 600 " + file.string());
  }
  return std::string{std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

std::string RootKeySource::name() const {
  switch (kind) {
    case Kind::kVariable:
      return "the variable " + std::string(kRootKeyVariable);
    case Kind::kCommand:
      return "the command " + command.front();
    case Kind::kFile:
      break;
  }
  return "the file " + file.string();
}

RootKeySource root_key_source(const std::filesystem::path& data_dir,
                              const std::filesystem::path& file, const std::string& command) {
  RootKeySource source;
  const auto variable = take_variable(kRootKeyVariable);
  if ((variable ? 1 : 0) + (command.empty() ? 0 : 1) + (file.empty() ? 0 : 1) > 1) {
    throw RootKeyError(
        "the root key is given more than once; keep one of CLARY_ROOT_KEY, root_key_command and "
        "root_key_file");
  }
  if (variable) {
    source.kind = RootKeySource::Kind::kVariable;
    source.variable = *variable;
  } else if (!command.empty()) {
    source.kind = RootKeySource::Kind::kCommand;
    source.command = split_command(command);
    if (source.command.empty()) throw RootKeyError("root_key_command names no program");
  } else {
    source.file = file.empty() ? data_dir / "root.key" : file;
  }
  return source;
}

SecretKey read_root_key(const RootKeySource& source, Create create) {
  if (source.kind == RootKeySource::Kind::kVariable) return source.variable;
  if (source.kind == RootKeySource::Kind::kCommand) {
    std::string text = run_key_command(source.command);
    SecretKey key = parse_root_key(text, source.name());
    wipe(text);
    return key;
  }
  if (create == Create::kYes && !std::filesystem::exists(source.file)) {
    create_key_file(source.file, random_key());
  }
  std::string text = read_key_file(source.file);
  SecretKey key = parse_root_key(text, source.name());
  wipe(text);
  return key;
}

std::optional<SecretKey> take_variable(std::string_view name) {
  char* const value = std::getenv(std::string(name).c_str());
  if (value == nullptr) return std::nullopt;
  std::string text = value;
  // /proc/PID/environ shows the memory of the first environment, whatever unsetenv() does.
  OPENSSL_cleanse(value, std::strlen(value));
  ::unsetenv(std::string(name).c_str());
  SecretKey key = parse_root_key(text, "the variable " + std::string(name));
  wipe(text);
  return key;
}

SecretKey parse_root_key(std::string_view text, const std::string& where) {
  auto bytes = unbase64(trim(text));
  if (!bytes || bytes->size() != kDataKeyBytes) {
    throw RootKeyError(where +
                       " holds no root key: it takes 32 bytes in Base64 (44 characters), "
                       "as `openssl rand -base64 32` makes them");
  }
  SecretKey key;
  std::copy_n(as_bytes(*bytes).begin(), kDataKeyBytes, key.writable().begin());
  wipe(*bytes);
  return key;
}

std::string root_key_text(const SecretKey& key) {
  return base64({reinterpret_cast<const char*>(key.bytes().data()), kDataKeyBytes});
}

void create_key_file(const std::filesystem::path& file, const SecretKey& key) {
  // Written whole beside it, then linked to its name: a crash leaves no key or all of it, and a
  // key that somebody else made meanwhile stays.
  const std::string fresh = file.string() + "." + random_hex(4);
  const int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) fail(fresh);
  std::string text = root_key_text(key) + "\n";
  const bool ok = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                  ::fsync(fd) == 0;
  int error = errno;
  ::close(fd);
  wipe(text);
  const bool linked = ok && ::link(fresh.c_str(), file.c_str()) == 0;
  if (ok && !linked) error = errno;
  ::unlink(fresh.c_str());
  if (!linked) {
    errno = error;
    fail(file);
  }
  sync_folder(file.has_parent_path() ? file.parent_path() : ".");
}

std::vector<std::string> split_command(std::string_view text) {
  std::vector<std::string> words;
  bool in_word = false;
  char quote = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote == 0 && (c == ' ' || c == '\t')) {
      in_word = false;
      continue;
    }
    if (!in_word) words.emplace_back();
    in_word = true;
    if (quote == 0 && (c == '"' || c == '\'')) {
      quote = c;
    } else if (c == quote) {
      quote = 0;
    } else if (c == '\\' && quote != '\'' && i + 1 < text.size()) {
      words.back().push_back(text[++i]);
    } else {
      words.back().push_back(c);
    }
  }
  if (quote != 0) throw RootKeyError("root_key_command has a quote that is not closed");
  return words;
}

}  // namespace clary::keys
