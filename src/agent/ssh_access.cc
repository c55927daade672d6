#include "agent/ssh_access.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>
#include <span>
#include <string_view>

#include "agent/python_environment.h"
#include "base/errors.h"
#include "base/random.h"
#include "base/text.h"
#include "process/file_descriptor.h"
#include "wire/sha256.h"

namespace clary::agent {
namespace {

namespace fs = std::filesystem;
using process::Bind;

constexpr const char* kDriverChannel = "sm_drivers";
constexpr std::string_view kKeyType = "ssh-ed25519";
// Below HOME, which is /tmp.
constexpr const char* kHome = "/tmp/.ssh";

using Bytes32 = std::array<unsigned char, 32>;

struct KeyPair {
  Bytes32 secret{}, open{};
};

std::string secret_of(const JobSpec& spec) {
  const auto given = spec.environment.find("CLARY_GANG_SECRET");
  // A single instance has nobody to agree with.
  return given != spec.environment.end() ? given->second : random_hex(32);
}

// The same on all instances.
wire::Sha256Digest derived(const std::string& secret, std::string_view purpose) {
  return wire::hmac_sha256(as_bytes(secret), {"clary ssh\n", purpose});
}

KeyPair key_of(const std::string& secret, std::string_view purpose) {
  const wire::Sha256Digest digest = derived(secret, purpose);
  KeyPair pair;
  std::ranges::transform(digest, pair.secret.begin(),
                         [](std::byte byte) { return std::to_integer<unsigned char>(byte); });
  const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key(
      EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, pair.secret.data(),
                                   pair.secret.size()),
      EVP_PKEY_free);
  std::size_t size = pair.open.size();
  if (!key || EVP_PKEY_get_raw_public_key(key.get(), pair.open.data(), &size) != 1) {
    throw StorageError("OpenSSL makes no Ed25519 key");
  }
  return pair;
}

std::string number(std::uint32_t value) {
  std::string text;
  for (int shift = 24; shift >= 0; shift -= 8) text += static_cast<char>(value >> shift & 0xff);
  return text;
}

// As SSH writes strings: RFC 4251, section 5.
std::string counted(std::string_view text) {
  return number(static_cast<std::uint32_t>(text.size())) + std::string(text);
}

std::string_view text_of(const Bytes32& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string base64(std::string_view text) {
  std::string coded(4 * ((text.size() + 2) / 3) + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(coded.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()),
                                   static_cast<int>(text.size()));
  coded.resize(static_cast<std::size_t>(size));
  return coded;
}

std::string public_blob(const KeyPair& key) {
  return counted(kKeyType) + counted(text_of(key.open));
}

std::string public_line(const KeyPair& key) {
  return std::string(kKeyType) + " " + base64(public_blob(key));
}

// OpenSSH's own format, PROTOCOL.key of its sources; without a password.
std::string private_file(const KeyPair& key) {
  std::string secrets = number(0) + number(0) + public_blob(key) +
                        counted(std::string(text_of(key.secret)) + std::string(text_of(key.open))) +
                        counted("");
  constexpr std::size_t kBlock = 8;
  for (char padding = 1; secrets.size() % kBlock != 0; ++padding) secrets += padding;
  constexpr std::string_view kMagic{"openssh-key-v1\0", 15};
  const std::string coded =
      base64(std::string(kMagic) + counted("none") + counted("none") + counted("") + number(1) +
             counted(public_blob(key)) + counted(secrets));
  std::string file = "-----BEGIN OPENSSH PRIVATE KEY-----\n";
  constexpr std::size_t kLine = 70;
  for (std::size_t at = 0; at < coded.size(); at += kLine) file += coded.substr(at, kLine) + "\n";
  return file + "-----END OPENSSH PRIVATE KEY-----\n";
}

void write_file(const fs::path& path, std::string_view text, mode_t mode) {
  const process::FileDescriptor file(
      open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode));
  if (!file || fchmod(file.get(), mode) != 0 ||
      write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    throw StorageError("write " + path.string());
  }
}

std::string server_settings(const JobSpec& spec, const std::string& port) {
  const std::string home = kHome;
  return "Port " + port + "\nListenAddress " + host_of_instance(spec.instance_index) +
         "\nHostKey " + home + "/host_key\nAuthorizedKeysFile " + home +
         "/authorized_keys\n"
         // HOME is /tmp, everybody's.
         "StrictModes no\n"
         // sshd is no root here, and can use neither.
         "UsePAM no\nPasswordAuthentication no\n"
         "KbdInteractiveAuthentication no\n"
         // The driver's variables, for programs that mpirun starts.
         "PermitUserEnvironment yes\nPidFile none\nX11Forwarding no\nMaxStartups 256\n";
}

// Of all hosts, whose keys are one: it tells the job.
std::string known_hosts(const JobSpec& spec, const std::string& port, const KeyPair& host) {
  std::string lines;
  for (int index = 0; index < spec.instance_count; ++index) {
    lines += "[" + host_of_instance(index) + "]:" + port + " " + public_line(host) + "\n";
  }
  return lines;
}

std::string port_of(const std::string& secret) {
  // Below what the kernel gives to connections.
  constexpr unsigned kFirst = 10000, kCount = 20000;
  const wire::Sha256Digest digest = derived(secret, "port");
  const unsigned value = std::to_integer<unsigned>(digest[0]) << 16 |
                         std::to_integer<unsigned>(digest[1]) << 8 |
                         std::to_integer<unsigned>(digest[2]);
  return std::to_string(kFirst + value % kCount);
}

}  // namespace

bool brings_drivers(const JobSpec& spec) {
  return spec.launch == Launch::kEnvironment &&
         std::ranges::any_of(spec.inputs,
                             [](const InputSpec& input) { return input.name == kDriverChannel; });
}

std::vector<Bind> prepare_ssh(const JobSpec& spec, const fs::path& folder) {
  std::error_code error;
  fs::remove_all(folder, error);
  const fs::path home = folder / "home", settings = folder / "etc",
                 environment = folder / "environment";
  for (const fs::path& made : {home, settings}) {
    fs::create_directories(made, error);
    if (error) throw StorageError("create " + made.string() + ": " + error.message());
  }
  fs::permissions(home, static_cast<fs::perms>(0700));
  fs::permissions(settings, static_cast<fs::perms>(0755));  // whatever the umask
  const std::string secret = secret_of(spec);
  const std::string port = port_of(secret);
  const KeyPair user = key_of(secret, "user"), host = key_of(secret, "host");
  write_file(home / "id_ed25519", private_file(user), 0600);
  write_file(home / "host_key", private_file(host), 0600);
  write_file(home / "authorized_keys", public_line(user) + "\n", 0600);
  write_file(home / "known_hosts", known_hosts(spec, port, host), 0600);
  fs::create_symlink("/etc/environment", home / "environment");
  write_file(settings / "sshd_config", server_settings(spec, port), 0644);
  write_file(settings / "ssh_config",
             "Host algo-*\n  Port " + port + "\n  BatchMode yes\n  StrictHostKeyChecking yes\n",
             0644);
  write_file(environment, "", 0644);
  return {{settings, "/etc/ssh"},
          {home, kHome, Bind::Access::kWrite},
          {environment, "/etc/environment", Bind::Access::kWrite}};
}

std::string driver_modules() {
  return std::string(kPythonRuntime) + "/drivers";
}

}  // namespace clary::agent
