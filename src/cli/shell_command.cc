#include "cli/shell_command.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <iostream>
#include <system_error>

#include "cli/owner_client.h"
#include "cli/setting_flags.h"

namespace clary::cli {
namespace {

const std::vector<std::string_view> kFlags{"data_dir"};

struct Given {
  std::string job, account, region, host;
  std::vector<std::string> command;
};

void add_job(CLI::App& app, const std::shared_ptr<Given>& given) {
  app.add_option("job", given->job, "The training job's name")->required();
  app.add_option("--account", given->account, "Its account; the server's own by default");
  app.add_option("--job-region", given->region, "Its region; the server's own by default");
}

json::object ask(const SettingFlags& flags, const Given& given, const char* what) {
  json::object command{{"do", what}, {"job", given.job}};
  if (!given.account.empty()) command["account"] = given.account;
  if (!given.region.empty()) command["region"] = given.region;
  if (!given.host.empty()) command["host"] = given.host;
  const auto data_dir = flags.load().data_dir;
  auto answer = send_owner_command(data_dir, command);
  if (!answer) throw std::runtime_error("no server works in " + data_dir.string());
  return *std::move(answer);
}

// A file descriptor that closes itself.
class File {
 public:
  explicit File(int number = -1) : number_(number) {}
  ~File() {
    if (number_ >= 0) close(number_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int get() const { return number_; }
  void set(int number) { number_ = number; }

 private:
  int number_;
};

// The user's terminal hands every key on, until this ends.
class RawTerminal {
 public:
  RawTerminal() : is_terminal_(isatty(STDIN_FILENO) != 0) {
    if (!is_terminal_) return;
    tcgetattr(STDIN_FILENO, &before_);
    termios raw = before_;
    cfmakeraw(&raw);
    tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
  }
  ~RawTerminal() {
    if (is_terminal_) tcsetattr(STDIN_FILENO, TCSADRAIN, &before_);
  }
  RawTerminal(const RawTerminal&) = delete;
  RawTerminal& operator=(const RawTerminal&) = delete;

 private:
  const bool is_terminal_;
  termios before_{};
};

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

void connect_to(const File& connection, const std::string& socket) {
  const auto slash = socket.rfind('/');
  // By way of the folder's descriptor: its path may be longer than such an address.
  const File folder(open(socket.substr(0, slash).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() < 0) fail("open the job's folder (only the server's user may)");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string name = "/proc/self/fd/" + std::to_string(folder.get()) + socket.substr(slash);
  name.copy(address.sun_path, sizeof address.sun_path - 1);
  if (connect(connection.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    fail("connect to the job");
  }
}

// One line, and the descriptor that came with it.
json::object receive(int connection, File* terminal) {
  std::string text;
  while (!text.ends_with('\n')) {
    std::array<char, 4096> part;
    iovec bytes{part.data(), part.size()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    msghdr header{};
    header.msg_iov = &bytes;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    const ssize_t size = recvmsg(connection, &header, MSG_CMSG_CLOEXEC);
    if (size <= 0) throw std::runtime_error("the job has ended");
    text.append(part.data(), static_cast<std::size_t>(size));
    const cmsghdr* const rights = CMSG_FIRSTHDR(&header);
    if (rights != nullptr && rights->cmsg_type == SCM_RIGHTS && terminal != nullptr) {
      int file = -1;
      memcpy(&file, CMSG_DATA(rights), sizeof file);
      terminal->set(file);
    }
  }
  json::object answer = json::parse(text).as_object();
  if (const auto error = find_string(answer, "error")) {
    throw std::runtime_error(std::string(*error));
  }
  return answer;
}

void copy_size(int terminal) {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) ioctl(terminal, TIOCSWINSZ, &size);
}

// True while there may be more.
bool copy(int from, int to) {
  std::array<char, 4096> part;
  const ssize_t size = read(from, part.data(), part.size());
  if (size <= 0) return size < 0 && (errno == EINTR || errno == EAGAIN);
  for (ssize_t done = 0; done < size;) {
    const ssize_t written = write(to, part.data() + done, static_cast<std::size_t>(size - done));
    if (written < 0 && errno != EINTR) return false;
    if (written > 0) done += written;
  }
  return true;
}

void pump(int terminal) {
  sigset_t resized;
  sigemptyset(&resized);
  sigaddset(&resized, SIGWINCH);
  sigprocmask(SIG_BLOCK, &resized, nullptr);
  const File signals(signalfd(-1, &resized, SFD_CLOEXEC));
  copy_size(terminal);
  const RawTerminal raw;
  bool input = true;
  while (true) {
    std::array<pollfd, 3> files{{{input ? STDIN_FILENO : -1, POLLIN, 0},
                                 {terminal, POLLIN, 0},
                                 {signals.get(), POLLIN, 0}}};
    if (poll(files.data(), files.size(), -1) < 0 && errno != EINTR) return;
    if (files[2].revents != 0) {
      signalfd_siginfo which{};
      [[maybe_unused]] const ssize_t got = read(signals.get(), &which, sizeof which);
      copy_size(terminal);
    }
    if (files[1].revents != 0 && !copy(terminal, STDOUT_FILENO)) return;
    if (files[0].revents != 0 && !copy(STDIN_FILENO, terminal)) {
      input = false;
      constexpr char kEndOfFile = 4;  // what a terminal sends for the end of its input
      [[maybe_unused]] const ssize_t written = write(terminal, &kEndOfFile, 1);
    }
  }
}

int shell(const SettingFlags& flags, const Given& given) {
  const json::object place = ask(flags, given, "job-shell");
  const File connection(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  connect_to(connection, string_or(place, "socket"));
  const char* const term = getenv("TERM");
  json::array words(given.command.begin(), given.command.end());
  const std::string request =
      json::serialize(
          json::object{{"term", term == nullptr ? "dumb" : term}, {"command", std::move(words)}}) +
      "\n";
  if (send(connection.get(), request.data(), request.size(), MSG_NOSIGNAL) < 0) fail("ask the job");
  {
    File terminal;
    receive(connection.get(), &terminal);
    pump(terminal.get());
  }
  return static_cast<int>(find_int(receive(connection.get(), nullptr), "exit").value_or(1));
}

}  // namespace

std::function<int()> add_preempt(CLI::App& app) {
  auto given = std::make_shared<Given>();
  add_job(app, given);
  return [given, flags = SettingFlags(app, kFlags)] {
    ask(flags, *given, "job-preempt");
    std::cout << given->job << " is interrupted; it goes on when there is room\n";
    return 0;
  };
}

std::function<int()> add_shell(CLI::App& app) {
  auto given = std::make_shared<Given>();
  add_job(app, given);
  app.add_option("--host", given->host, "Which of several instances: algo-2");
  app.add_option("command", given->command,
                 "After --: a command and its arguments instead of a shell");
  return [given, flags = SettingFlags(app, kFlags)] { return shell(flags, *given); };
}

}  // namespace clary::cli
