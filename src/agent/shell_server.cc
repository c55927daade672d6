#include "agent/shell_server.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <array>
#include <atomic>
#include <optional>
#include <system_error>

#include "base/errors.h"
#include "base/json.h"
#include "base/log.h"

namespace clary::agent {
namespace {

namespace fs = std::filesystem;
using process::FileDescriptor;

constexpr std::size_t kMostShells = 8;
constexpr std::size_t kRequestBytes = 64 << 10;
constexpr int kRequestMilliseconds = 5000;

struct Terminal {
  FileDescriptor own, program;
};

Terminal open_terminal() {
  Terminal terminal;
  terminal.own.reset(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  std::array<char, 64> name{};
  if (!terminal.own || grantpt(terminal.own.get()) != 0 || unlockpt(terminal.own.get()) != 0 ||
      ptsname_r(terminal.own.get(), name.data(), name.size()) != 0) {
    throw std::system_error(errno, std::generic_category(), "open a terminal");
  }
  terminal.program.reset(open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!terminal.program) throw std::system_error(errno, std::generic_category(), "open a terminal");
  return terminal;
}

// Up to the newline.
json::object read_request(int connection) {
  std::string text;
  std::array<char, 4096> part;
  while (!text.ends_with('\n')) {
    pollfd readable{connection, POLLIN, 0};
    if (poll(&readable, 1, kRequestMilliseconds) <= 0) throw std::runtime_error("no request came");
    const ssize_t size = recv(connection, part.data(), part.size(), 0);
    if (size <= 0 || text.size() > kRequestBytes) throw std::runtime_error("no request came");
    text.append(part.data(), static_cast<std::size_t>(size));
  }
  return json::parse(text).as_object();
}

void send_text(int connection, const json::object& message, int file = -1) {
  std::string text = json::serialize(message) + "\n";
  iovec bytes{text.data(), text.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr header{};
  header.msg_iov = &bytes;
  header.msg_iovlen = 1;
  if (file >= 0) {
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    cmsghdr* const rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof file);
    memcpy(CMSG_DATA(rights), &file, sizeof file);
  }
  sendmsg(connection, &header, MSG_NOSIGNAL);
}

std::vector<std::string> program_of(const json::object& request) {
  std::vector<std::string> program;
  if (const json::array* words = find_array(request, "command")) {
    for (const json::value& word : *words) program.emplace_back(word.as_string());
  }
  if (program.empty()) {
    return {"/bin/sh", "-c", "[ -x /bin/bash ] && exec /bin/bash; exec /bin/sh"};
  }
  program.insert(program.begin(), {"/usr/bin/env", "--"});  // looks in PATH
  return program;
}

process::Child start(const Workload::Inside& inside, const json::object& request,
                     std::vector<std::string> environment, int terminal) {
  environment.push_back("TERM=" + string_or(request, "term", "dumb"));
  std::error_code error;
  process::Command command;
  command.arguments = process::enter_command(fs::read_symlink("/proc/self/exe", error).string(),
                                             inside.entry, program_of(request));
  command.environment = std::move(environment);
  command.standard_input = command.standard_output = command.standard_error = terminal;
  command.new_session = true;
  command.core_dumps = false;
  command.cgroups = inside.cgroups;
  if (inside.entry.syscall_filter >= 0) command.inherited = {inside.entry.syscall_filter};
  return process::spawn(command);
}

void serve(int connection, const Workload::Inside& inside,
           const std::vector<std::string>& environment, int ending) {
  const json::object request = read_request(connection);
  Terminal terminal = open_terminal();
  process::Child child = start(inside, request, environment, terminal.program.get());
  terminal.program.reset();
  send_text(connection, {{"ok", true}}, terminal.own.get());
  terminal.own.reset();
  std::array<pollfd, 3> files{
      {{child.pidfd(), POLLIN, 0}, {connection, POLLIN, 0}, {ending, POLLIN, 0}}};
  while (poll(files.data(), files.size(), -1) < 0 && errno == EINTR) {
  }
  // Who asked for it went away, or the job ends. The program's terminal is closed, which tells it;
  // it must not stay all the same.
  if (files[0].revents == 0) child.signal(SIGKILL);
  const auto exit = child.wait(std::chrono::seconds(10));
  send_text(connection, {{"exit", exit ? process::shell_code(*exit) : 137}});
}

}  // namespace

ShellServer::ShellServer(const fs::path& socket, std::vector<std::string> environment)
    : path_(socket),
      environment_(std::move(environment)),
      listener_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)),
      ending_(eventfd(0, EFD_CLOEXEC)) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  // By way of the folder's descriptor: its path may be longer than such an address.
  const FileDescriptor folder(open(path_.parent_path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  const std::string name =
      "/proc/self/fd/" + std::to_string(folder.get()) + "/" + path_.filename().string();
  name.copy(address.sun_path, sizeof address.sun_path - 1);
  unlink(path_.c_str());
  if (!listener_ ||
      bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      chmod(path_.c_str(), 0600) != 0 || listen(listener_.get(), 4) != 0) {
    throw StorageError("socket " + path_.string() + ": " + strerror(errno));
  }
}

ShellServer::~ShellServer() {
  eventfd_write(ending_.get(), 1);
  unlink(path_.c_str());
}

void ShellServer::accept(const Workload& workload) {
  FileDescriptor connection(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (!connection) return;
  std::optional<Workload::Inside> inside = workload.inside();
  std::string refusal;
  if (!inside) refusal = "the workload cannot be entered now";
  std::erase_if(shells_, [](const Shell& shell) { return shell.over->load(); });
  if (shells_.size() >= kMostShells) refusal = "this job has 8 shells, which is the most";
  if (!refusal.empty()) return send_text(connection.get(), {{"error", refusal}});
  auto over = std::make_shared<std::atomic<bool>>(false);
  shells_.push_back(
      {over, std::jthread([over, connection = std::move(connection), inside = *std::move(inside),
                           environment = environment_, ending = ending_.get()] {
         try {
           serve(connection.get(), inside, environment, ending);
         } catch (const std::exception& error) {
           spdlog::warn("shell: {}", error.what());
           send_text(connection.get(), {{"error", error.what()}});
         }
         over->store(true);
       })});
}

}  // namespace clary::agent
