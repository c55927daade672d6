#include "keys/keyring.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "base/errors.h"
#include "base/json.h"
#include "base/random.h"
#include "base/text.h"
#include "base/whole_file.h"
#include "keys/aead.h"

namespace clary::keys {
namespace {

constexpr std::string_view kFile = "keyring.json";
constexpr std::int64_t kFormat = 1;

struct Slot {
  std::string fingerprint, sealed;
};
struct Stored {
  std::string id;
  std::vector<Slot> slots;  // newest root key first
};

// Held while the file is read and rewritten: a server that starts beside `clary keys rotate-root`.
class Lock {
 public:
  explicit Lock(const std::filesystem::path& data_dir) {
    const auto file = data_dir / "keyring.lock";
    fd_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd_ < 0 || ::flock(fd_, LOCK_EX) != 0) {
      throw StorageError(file.string() + ": " + std::strerror(errno));
    }
  }
  ~Lock() { ::close(fd_); }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

 private:
  int fd_ = -1;
};

[[noreturn]] void damaged(const std::filesystem::path& file) {
  throw RootKeyError(file.string() +
                     " is damaged; put it back from a backup. Without it nothing that is sealed "
                     "in this folder can be read.");
}

std::optional<Stored> read_stored(const std::filesystem::path& data_dir) {
  const auto file = data_dir / kFile;
  if (!std::filesystem::exists(file)) return std::nullopt;
  std::ifstream in(file, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  boost::system::error_code error;
  const json::value value = json::parse(text, error);
  if (error || !value.is_object()) damaged(file);
  const json::object& object = value.get_object();
  if (find_int(object, "format").value_or(0) > kFormat) {
    throw RootKeyError(file.string() + " was written by a newer version of the program");
  }
  Stored stored{.id = string_or(object, "id"), .slots = {}};
  const json::array* const slots = find_array(object, "slots");
  if (slots == nullptr || slots->empty()) damaged(file);
  for (const json::value& slot : *slots) {
    if (!slot.is_object()) damaged(file);
    const auto sealed = unbase64(string_or(slot.get_object(), "sealed"));
    if (!sealed) damaged(file);
    stored.slots.push_back({string_or(slot.get_object(), "root"), *sealed});
  }
  return stored;
}

void write_stored(const std::filesystem::path& data_dir, const Stored& stored) {
  json::array slots;
  for (const Slot& slot : stored.slots) {
    slots.push_back({{"root", slot.fingerprint}, {"sealed", base64(slot.sealed)}});
  }
  const json::object object{{"format", kFormat}, {"id", stored.id}, {"slots", std::move(slots)}};
  write_whole_file(data_dir / kFile, json::serialize(object) + "\n", 0600);
  const int fd = ::open(data_dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0 || ::fsync(fd) != 0) {
    throw StorageError(data_dir.string() + ": " + std::strerror(errno));
  }
  ::close(fd);
}

std::string slot_binding(std::string_view id) {
  return "clary keyring 1 " + std::string(id);
}

SecretKey slot_key(const SecretKey& root) {
  return derive_key(root, "clary keyring 1");
}

Slot seal_slot(const Keyring& keyring, const SecretKey& root) {
  std::string plain;
  for (const auto& [number, master] : keyring.masters) {
    for (int shift = 24; shift >= 0; shift -= 8)
      plain.push_back(static_cast<char>(number >> shift));
    plain.append(reinterpret_cast<const char*>(master.bytes().data()), kDataKeyBytes);
  }
  Slot slot{fingerprint_of(root), aead_seal(slot_key(root), plain, slot_binding(keyring.id))};
  wipe(plain);
  return slot;
}

std::optional<Keyring> open_slot(const std::string& id, const Slot& slot, const SecretKey& root) {
  auto plain = aead_open(slot_key(root), slot.sealed, slot_binding(id));
  constexpr std::size_t kEntry = 4 + kDataKeyBytes;
  if (!plain || plain->empty() || plain->size() % kEntry != 0) return std::nullopt;
  Keyring keyring{.id = id, .masters = {}};
  for (std::size_t at = 0; at < plain->size(); at += kEntry) {
    std::uint32_t number = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      number = (number << 8) | static_cast<unsigned char>((*plain)[at + i]);
    }
    std::copy_n(as_bytes(*plain).begin() + static_cast<std::ptrdiff_t>(at) + 4, kDataKeyBytes,
                keyring.masters[number].writable().begin());
  }
  wipe(*plain);
  return keyring;
}

[[noreturn]] void wrong_key(const std::filesystem::path& data_dir, const RootKeySource& source,
                            const SecretKey& root, const Stored& stored) {
  throw RootKeyError(source.name() + " holds another root key (fingerprint " +
                     fingerprint_of(root) + ") than " + data_dir.string() + " was sealed with (" +
                     stored.slots.front().fingerprint +
                     "). Nothing was changed. Give the server the key that belongs to this folder: "
                     "from the backup "
                     "of `clary keys export-root`, with `clary keys import-root`, CLARY_ROOT_KEY, "
                     "root_key_file or root_key_command.");
}

struct Opened {
  Keyring keyring;
  std::size_t slot = 0;
};

Opened open_stored(const std::filesystem::path& data_dir, const RootKeySource& source,
                   const Stored& stored, const SecretKey& root) {
  const std::string fingerprint = fingerprint_of(root);
  for (std::size_t i = 0; i < stored.slots.size(); ++i) {
    if (stored.slots[i].fingerprint != fingerprint) continue;
    auto keyring = open_slot(stored.id, stored.slots[i], root);
    if (!keyring) damaged(data_dir / kFile);
    return {std::move(*keyring), i};
  }
  wrong_key(data_dir, source, root, stored);
}

// The folder has a keyring: its key is never made anew.
SecretKey root_of(const std::filesystem::path& data_dir, const RootKeySource& source,
                  const Stored& stored) {
  if (source.kind == RootKeySource::Kind::kFile && !std::filesystem::exists(source.file)) {
    throw RootKeyError(
        "the root key file " + source.file.string() + " is missing, and " + data_dir.string() +
        " was sealed with it (fingerprint " + stored.slots.front().fingerprint +
        "). Put it back from its backup, or give the key with `clary keys import-root`, "
        "CLARY_ROOT_KEY, root_key_file or root_key_command. Without it the data cannot be read.");
  }
  return read_root_key(source, Create::kNo);
}

}  // namespace

std::string fingerprint_of(const SecretKey& root) {
  const SecretKey derived = derive_key(root, "clary root key fingerprint 1");
  return hex(derived.bytes().first(8));
}

std::vector<std::string> keyring_fingerprints(const std::filesystem::path& data_dir) {
  std::vector<std::string> fingerprints;
  if (const auto stored = read_stored(data_dir)) {
    for (const Slot& slot : stored->slots) fingerprints.push_back(slot.fingerprint);
  }
  return fingerprints;
}

Keyring open_keyring(const std::filesystem::path& data_dir, const RootKeySource& source) {
  const Lock lock(data_dir);
  auto stored = read_stored(data_dir);
  if (!stored) {
    const SecretKey root = read_root_key(source, Create::kYes);
    Keyring keyring{.id = random_hex(16), .masters = {}};
    keyring.masters.emplace(1, random_key());
    write_stored(data_dir, {.id = keyring.id, .slots = {seal_slot(keyring, root)}});
    return keyring;
  }
  const SecretKey root = root_of(data_dir, source, *stored);
  Opened opened = open_stored(data_dir, source, *stored, root);
  if (opened.slot == 0 && stored->slots.size() > 1) {
    // The newest key is in place: the older ones are not needed any more.
    stored->slots.resize(1);
    write_stored(data_dir, *stored);
  }
  return std::move(opened.keyring);
}

RootRotation rotate_root_key(const std::filesystem::path& data_dir, const RootKeySource& source,
                             const SecretKey& fresh) {
  const Lock lock(data_dir);
  auto stored = read_stored(data_dir);
  if (!stored) {
    throw RootKeyError(data_dir.string() + " has no keyring yet; start a server in it first");
  }
  const SecretKey root = root_of(data_dir, source, *stored);
  if (fingerprint_of(root) == fingerprint_of(fresh)) {
    throw RootKeyError("the new root key is the current one");
  }
  Keyring keyring = open_stored(data_dir, source, *stored, root).keyring;
  const std::uint32_t master = keyring.newest() + 1;
  keyring.masters.emplace(master, random_key());
  const Slot new_slot = seal_slot(keyring, fresh);
  write_stored(data_dir, {.id = keyring.id, .slots = {new_slot, seal_slot(keyring, root)}});
  if (source.kind == RootKeySource::Kind::kFile) {
    write_whole_file(source.file, root_key_text(fresh) + "\n", 0600);
    write_stored(data_dir, {.id = keyring.id, .slots = {new_slot}});
  }
  return {fingerprint_of(root), fingerprint_of(fresh), master};
}

}  // namespace clary::keys
