#include "containers/runtime.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/text.h"
#include "http/client.h"

namespace clary::containers {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::string_view kApi = "/v1.41";
constexpr milliseconds kQuick = seconds(15);
constexpr milliseconds kSlow = seconds(120);      // unpacks layers, waits for processes
constexpr milliseconds kVerySlow = seconds(600);  // moves images

// A request to `path` of the API's version that this client speaks.
http::ClientRequest call(std::string method, const std::string& path, std::string body = {}) {
  http::ClientRequest request;
  request.method = std::move(method);
  request.target = std::string(kApi) + path;
  request.body = std::move(body);
  if (!request.body.empty()) request.headers = {{"Content-Type", "application/json"}};
  return request;
}

// {"message": ...} of an error, or of a line of a progress report ("error").
std::string message_of(std::string_view body) {
  boost::system::error_code error;
  const json::value value = json::parse(body, error);
  if (!error && value.is_object()) {
    std::string message = string_or(value.get_object(), "message");
    if (!message.empty()) return message;
  }
  return std::string(trim(body.substr(0, 500)));
}

// Reports of progress are lines of JSON with status 200 also when they end in an error.
void throw_reported_error(std::string_view report) {
  while (!report.empty()) {
    const auto end = std::min(report.find('\n'), report.size());
    boost::system::error_code error;
    const json::value line = json::parse(report.substr(0, end), error);
    report.remove_prefix(std::min(end + 1, report.size()));
    if (error || !line.is_object()) continue;
    const std::string text = string_or(line.get_object(), "error");
    if (!text.empty()) throw RuntimeError(500, text);
  }
}

std::vector<std::string> texts(const json::object& object, std::string_view name) {
  std::vector<std::string> result;
  if (const json::array* const list = find_array(object, name)) {
    for (const json::value& each : *list) {
      if (each.is_string()) result.emplace_back(each.get_string());
    }
  }
  return result;
}

ImageInfo image_of(const json::object& object) {
  ImageInfo image{.id = string_or(object, "Id"),
                  .tags = texts(object, "RepoTags"),
                  .digests = texts(object, "RepoDigests"),
                  .entrypoint = {},
                  .command = {},
                  .bytes = 0};
  if (!image.id.starts_with("sha256:")) image.id = "sha256:" + image.id;
  if (const auto size = find_int(object, "Size")) image.bytes = static_cast<std::uint64_t>(*size);
  if (const json::object* const config = find_object(object, "Config")) {
    image.entrypoint = texts(*config, "Entrypoint");
    image.command = texts(*config, "Cmd");
  }
  return image;
}

std::uint16_t published_port(const json::object& container) {
  const json::object* const network = find_object(container, "NetworkSettings");
  const json::object* const ports = network == nullptr ? nullptr : find_object(*network, "Ports");
  if (ports == nullptr) return 0;
  for (const auto& [name, bindings] : *ports) {
    const json::array* const list = bindings.if_array();
    if (list == nullptr || list->empty() || !list->front().is_object()) continue;
    return static_cast<std::uint16_t>(
        std::atoi(string_or(list->front().get_object(), "HostPort").c_str()));
  }
  return 0;
}

bool takes_connections(const fs::path& path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.native().size() >= sizeof address.sun_path) return false;
  std::memcpy(address.sun_path, path.c_str(), path.native().size());
  const int file = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (file < 0) return false;
  const bool connected =
      ::connect(file, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  const bool full = errno == EAGAIN;  // it listens, others wait
  ::close(file);
  return connected || full;
}

}  // namespace

std::optional<fs::path> find_socket(const fs::path& set) {
  if (!set.empty()) return takes_connections(set) ? std::optional(set) : std::nullopt;
  std::vector<fs::path> places{"/var/run/docker.sock", "/run/podman/podman.sock"};
  if (const char* folder = ::getenv("XDG_RUNTIME_DIR"); folder != nullptr && *folder != '\0') {
    places.push_back(fs::path(folder) / "docker.sock");
    places.push_back(fs::path(folder) / "podman" / "podman.sock");
  }
  for (fs::path& place : places) {
    if (takes_connections(place)) return std::move(place);
  }
  return std::nullopt;
}

Runtime::Runtime(fs::path socket)
    : socket_(std::move(socket)),
      client_(std::make_unique<http::BlockingClient>(
          http::Address{.host = "localhost", .port = 0, .unix_path = socket_.string()})) {}

Runtime::~Runtime() = default;

http::ClientResponse Runtime::send(const http::ClientRequest& request, milliseconds timeout) {
  const std::lock_guard lock(mutex_);
  try {
    http::ClientResponse response = client_->send(request, timeout);
    if (response.status >= 400) throw RuntimeError(response.status, message_of(response.body));
    return response;
  } catch (const http::ClientError& error) {
    throw RuntimeError(
        0, "the container runtime at " + socket_.string() + " does not answer: " + error.what());
  }
}

json::value Runtime::get(const std::string& target) {
  const http::ClientResponse response = send(call("GET", target), kQuick);
  boost::system::error_code error;
  json::value value = json::parse(response.body, error);
  if (error) throw RuntimeError(500, "the container runtime's answer is no JSON");
  return value;
}

std::vector<ImageInfo> Runtime::images() {
  std::vector<ImageInfo> images;
  const json::value list = get("/images/json");
  if (!list.is_array()) throw RuntimeError(500, "the container runtime's answer is no list");
  for (const json::value& each : list.get_array()) {
    if (each.is_object()) images.push_back(image_of(each.get_object()));
  }
  return images;
}

std::optional<ImageInfo> Runtime::image(const std::string& name) {
  try {
    const json::value value = get("/images/" + uri_encode(name, Slash::kKeep) + "/json");
    if (!value.is_object()) return std::nullopt;
    return image_of(value.get_object());
  } catch (const RuntimeError& error) {
    if (error.status() == 404) return std::nullopt;
    throw;
  }
}

std::string Runtime::load(std::uint64_t bytes,
                          const std::function<std::size_t(std::span<char>)>& read) {
  http::BlockingClient client({.host = "localhost", .port = 0, .unix_path = socket_.string()});
  http::ClientResponse response;
  try {
    http::ClientRequest request = call("POST", "/images/load");
    request.headers = {{"Content-Type", "application/x-tar"}};
    response =
        client.send(request, kVerySlow, {.sink = {}, .source = read, .source_length = bytes});
  } catch (const http::ClientError& error) {
    throw RuntimeError(0, std::string("the container runtime does not answer: ") + error.what());
  }
  if (response.status >= 400) throw RuntimeError(response.status, message_of(response.body));
  throw_reported_error(response.body);
  boost::system::error_code error;
  const json::value value = json::parse(response.body.substr(0, response.body.find('\n')), error);
  std::string text =
      !error && value.is_object() ? string_or(value.get_object(), "stream") : response.body;
  return std::string(trim(text));
}

void Runtime::tag(const std::string& image, const std::string& repository, const std::string& tag) {
  send(call("POST", "/images/" + uri_encode(image, Slash::kKeep) +
                        "/tag?repo=" + uri_encode(repository) + "&tag=" + uri_encode(tag)),
       kQuick);
}

void Runtime::pull(const std::string& reference, const std::string& user,
                   const std::string& password) {
  const std::string identity =
      base64(json::serialize(json::object{{"username", user}, {"password", password}}));
  // Podman's compatible call wants a certificate that it knows; its own may go without. Docker
  // lacks that one, and asks for none on this machine.
  http::ClientRequest request = call("POST", "");
  request.headers = {{"X-Registry-Auth", identity}};
  request.target = "/v4.0.0/libpod/images/pull?tlsVerify=false&reference=" + uri_encode(reference);
  http::ClientResponse response;
  try {
    response = send(request, kVerySlow);
  } catch (const RuntimeError& error) {
    if (error.status() != 404) throw;
    request.target = std::string(kApi) + "/images/create?fromImage=" + uri_encode(reference);
    response = send(request, kVerySlow);
  }
  throw_reported_error(response.body);
}

std::string Runtime::create(const ContainerSpec& spec) {
  const http::ClientRequest request =
      call("POST", "/containers/create?name=" + uri_encode(spec.name),
           json::serialize(create_body(spec)));
  http::ClientResponse response;
  try {
    response = send(request, kSlow);
  } catch (const RuntimeError& error) {
    // Podman answers 500 for a name in use, Docker 409.
    if (error.unreachable() || error.status() == 404 || error.status() == 400) throw;
    remove(spec.name);
    response = send(request, kSlow);
  }
  boost::system::error_code error;
  const json::value value = json::parse(response.body, error);
  const std::string id =
      !error && value.is_object() ? string_or(value.get_object(), "Id") : std::string();
  if (id.empty()) throw RuntimeError(500, "the container runtime created a container without id");
  return id;
}

void Runtime::start(const std::string& id) {
  send(call("POST", "/containers/" + id + "/start"), kSlow);
}

void Runtime::signal(const std::string& id, std::string_view name) {
  send(call("POST", "/containers/" + id + "/kill?signal=" + std::string(name)), kQuick);
}

ContainerState Runtime::inspect(const std::string& id) {
  const json::value value = get("/containers/" + id + "/json");
  const json::object* const object = value.if_object();
  const json::object* const state = object == nullptr ? nullptr : find_object(*object, "State");
  if (state == nullptr) throw RuntimeError(500, "the container runtime says no state");
  ContainerState result;
  const std::string status = string_or(*state, "Status");
  result.running = find_bool(*state, "Running").value_or(false);
  // Docker says exited, Podman stopped until it has cleaned up.
  result.ended = status == "exited" || status == "stopped" || status == "dead";
  result.pid = static_cast<int>(find_int(*state, "Pid").value_or(0));
  result.exit_code = static_cast<int>(find_int(*state, "ExitCode").value_or(0));
  result.out_of_memory = find_bool(*state, "OOMKilled").value_or(false);
  result.published_port = published_port(*object);
  return result;
}

void Runtime::logs(const std::string& id, FrameReader& reader) {
  http::BlockingClient client({.host = "localhost", .port = 0, .unix_path = socket_.string()});
  http::ClientResponse response;
  try {
    response = client.send(call("GET", "/containers/" + id + "/logs?stdout=1&stderr=1"), kQuick,
                           {.sink = [&](std::string_view bytes) { reader.feed(bytes); },
                            .source = {},
                            .source_length = 0});
  } catch (const http::ClientError& error) {
    throw RuntimeError(0, std::string("the container runtime does not answer: ") + error.what());
  }
  if (response.status >= 400) throw RuntimeError(response.status, message_of(response.body));
}

void Runtime::remove(const std::string& id) {
  try {
    send(call("DELETE", "/containers/" + id + "?force=1&v=1"), kSlow);
  } catch (const RuntimeError& error) {
    if (error.status() != 404) throw;
  }
}

std::vector<std::string> Runtime::with_label(const std::string& name, const std::string& value) {
  const std::string filter =
      json::serialize(json::object{{"label", json::array{name + "=" + value}}});
  const json::value list = get("/containers/json?all=1&filters=" + uri_encode(filter));
  std::vector<std::string> ids;
  if (!list.is_array()) return ids;
  for (const json::value& each : list.get_array()) {
    if (each.is_object()) ids.push_back(string_or(each.get_object(), "Id"));
  }
  return ids;
}

}  // namespace clary::containers
