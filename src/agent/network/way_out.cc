#include "agent/network/way_out.h"

#include <poll.h>
#include <unistd.h>

#include <chrono>
#include <system_error>

#include "agent/workload.h"

namespace clary::agent {
namespace {

// Beside the instances' own network: private_network.cc. The resolver is the third of it.
constexpr const char* kOutside = "198.18.1.0/24";
constexpr const char* kResolver = "198.18.1.3";
constexpr std::chrono::milliseconds kStartTime{10000};

std::string find_slirp() {
  for (const char* path : {"/usr/bin/slirp4netns", "/usr/local/bin/slirp4netns"}) {
    if (access(path, X_OK) == 0) return path;
  }
  throw CannotLaunch(
      "slirp4netns is not installed on this machine, and without it a job whose instances have a "
      "network of their own (EnableInterContainerTrafficEncryption) has no way out of it; run "
      "`apt-get install slirp4netns` (or your system's equivalent), or create the job with "
      "EnableNetworkIsolation");
}

std::string path_of(const process::FileDescriptor& file) {
  return "/proc/" + std::to_string(getpid()) + "/fd/" + std::to_string(file.get());
}

}  // namespace

WayOut::WayOut(const process::NetworkSpace& space) : life_(process::make_pipe()) {
  const process::Pipe ready = process::make_pipe();
  process::Command command;
  command.arguments = {find_slirp(),
                       "--configure",
                       "--mtu=65520",
                       "--disable-host-loopback",
                       "--enable-sandbox",
                       std::string("--cidr=") + kOutside,
                       "--ready-fd=" + std::to_string(ready.writer.get()),
                       "--exit-fd=" + std::to_string(life_.reader.get()),
                       "--netns-type=path"};
  if (space.user) command.arguments.push_back("--userns-path=" + path_of(space.user));
  command.arguments.insert(command.arguments.end(), {path_of(space.network), "tap0"});
  command.environment = {"PATH=/usr/bin:/bin"};
  command.inherited = {ready.writer.get(), life_.reader.get()};
  command.new_session = true;
  try {
    child_ = process::spawn(command);
  } catch (const std::system_error& error) {
    throw CannotLaunch(std::string("slirp4netns cannot be started: ") + error.what());
  }
  life_.reader.reset();
  // Its own copy of the writer closes when it ends without a word.
  const auto end = std::chrono::steady_clock::now() + kStartTime;
  while (std::chrono::steady_clock::now() < end) {
    pollfd waited[2] = {{ready.reader.get(), POLLIN, 0}, {child_.pidfd(), POLLIN, 0}};
    ::poll(waited, 2, static_cast<int>(kStartTime.count()));
    if (waited[0].revents != 0) return;
    if (waited[1].revents != 0) break;
  }
  throw CannotLaunch(
      "slirp4netns did not give the job's network a way out; try `slirp4netns "
      "--configure --disable-host-loopback --enable-sandbox PID tap0`");
}

WayOut::~WayOut() {
  life_.writer.reset();
  child_.wait(std::chrono::seconds(2));
  child_.signal(SIGKILL);
  child_.wait(std::chrono::seconds(2));
}

std::string WayOut::resolver() {
  return std::string("nameserver ") + kResolver + "\n";
}

}  // namespace clary::agent
