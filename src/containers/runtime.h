// A client of the Docker Engine API, which Docker and Podman speak over a Unix socket. Sources: the
// Engine API reference, version 1.41, and Podman's own documentation of its compatible API.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "containers/frames.h"

namespace clary::http {
class BlockingClient;
struct ClientRequest;
struct ClientResponse;
}  // namespace clary::http

namespace clary::containers {

// What the runtime answered; what() is for people.
class RuntimeError : public std::runtime_error {
 public:
  RuntimeError(unsigned status, const std::string& what)
      : std::runtime_error(what), status_(status) {}
  unsigned status() const { return status_; }  // of HTTP; 0: it was not reached
  bool unreachable() const { return status_ == 0; }

 private:
  unsigned status_;
};

struct ContainerSpec {
  struct Mount {
    std::string host, inside;
    bool writable = false;
  };
  std::string name, image;
  std::vector<std::string> entrypoint, command;  // empty: the image's own
  std::vector<std::string> environment;          // NAME=value, beside the image's
  std::map<std::string, std::string> labels;
  std::vector<Mount> mounts;
  std::string host_name;
  std::string network;  // "none", "bridge", "host"
  std::uint64_t memory_bytes = 0, shared_memory_bytes = 0;
  double cpus = 0;
  std::uint64_t processes = 0, open_files = 0, user_processes = 0, file_bytes = 0;  // 0: as it is
  bool gpus = false;
  // A port of the container that is to be reached at a free port of 127.0.0.1; 0: none.
  std::uint16_t published_port = 0;
};

// The body of POST /containers/create.
json::object create_body(const ContainerSpec& spec);

struct ContainerState {
  bool running = false;  // or not started yet; see `ended`
  bool ended = false;
  int pid = 0;  // of its first process, by the host's count; 0: none
  int exit_code = 0;
  bool out_of_memory = false;
  std::uint16_t published_port = 0;
};

struct ImageInfo {
  std::string id;                                // sha256:...
  std::vector<std::string> tags, digests;        // repository:tag; repository@sha256:...
  std::vector<std::string> entrypoint, command;  // of image() alone
  std::uint64_t bytes = 0;
};

// Where a runtime is asked for: `set`, or when that is empty the first socket of the usual places
// that takes a connection. Nullopt: nobody answers.
std::optional<std::filesystem::path> find_socket(const std::filesystem::path& set);
// The rest of a sentence: what to do when there is none.
inline constexpr const char* kNoRuntime =
    "no container runtime answers: install Docker or Podman, start its API (`systemctl start "
    "podman.socket` or `podman system service`), or set container_socket to its socket";

// threads: any; one call at a time. blocks: all. errors: RuntimeError.
class Runtime {
 public:
  explicit Runtime(std::filesystem::path socket);
  ~Runtime();
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  const std::filesystem::path& socket() const { return socket_; }

  std::vector<ImageInfo> images();
  std::optional<ImageInfo> image(const std::string& name);
  // `read` fills a piece of a `docker save` archive, `bytes` long in all. Answers what was loaded,
  // in the runtime's words.
  std::string load(std::uint64_t bytes, const std::function<std::size_t(std::span<char>)>& read);
  void tag(const std::string& image, const std::string& repository, const std::string& tag);
  // `reference`: HOST/repository@digest or :tag. Plain HTTP is allowed: registries of this machine.
  void pull(const std::string& reference, const std::string& user, const std::string& password);

  // Answers the id. A container of that name that is there already is removed first.
  std::string create(const ContainerSpec& spec);
  void start(const std::string& id);
  void signal(const std::string& id, std::string_view name);
  ContainerState inspect(const std::string& id);
  // Everything it has written so far, framed.
  void logs(const std::string& id, FrameReader& reader);
  // Kills it first. No error when it is not there.
  void remove(const std::string& id);
  std::vector<std::string> with_label(const std::string& name, const std::string& value);

 private:
  http::ClientResponse send(const http::ClientRequest& request, std::chrono::milliseconds timeout);
  json::value get(const std::string& target);

  const std::filesystem::path socket_;
  std::mutex mutex_;  // of the connection
  std::unique_ptr<http::BlockingClient> client_;
};

// A container's output while it comes: a connection that was taken over from HTTP.
// owns: the connection. threads: one.
class Attachment {
 public:
  // Podman sets the container up for this, and so says here what is wrong with it.
  Attachment(const std::filesystem::path& socket, const std::string& id);
  ~Attachment();
  Attachment(const Attachment&) = delete;
  Attachment& operator=(const Attachment&) = delete;

  int descriptor() const { return socket_; }
  // What came after the head of the answer already.
  std::string take_first() { return std::exchange(first_, std::string()); }

 private:
  int socket_ = -1;
  std::string first_;
};

}  // namespace clary::containers
