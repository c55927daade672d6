#include "process/network_space.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <array>
#include <chrono>
#include <system_error>

#include "process/spawn.h"

namespace clary::process {
namespace {

TEST(NetworkSpace, ProgramsInItTalkToTheDeviceAndToNothingElse) {
  NetworkSpace space;
  try {
    space = make_network_space({.address = 0xC6120001, .listen_port = 7700});
  } catch (const std::system_error& error) {
    GTEST_SKIP() << error.what();
  }
  EXPECT_TRUE(space.listener);
  Pipe output = make_pipe();
  Command command;
  command.arguments = {"/usr/bin/python3", "-c", R"(
import socket
names = sorted(name for _, name in socket.if_nameindex())
socket.create_connection(("127.0.0.1", 7700), timeout=10)
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.sendto(b"hello", ("198.18.0.2", 9))
try:
    udp.sendto(b"out", ("192.0.2.1", 9))
except OSError as error:
    print(names, error.strerror, flush=True)
)"};
  command.environment = {"PATH=/usr/bin"};
  command.standard_output = output.writer.get();
  command.user_space = space.user.get();
  command.network = space.network.get();
  Child child = spawn(command);
  output.writer.reset();
  const auto exit = child.wait(std::chrono::seconds(30));
  ASSERT_TRUE(exit && shell_code(*exit) == 0);
  std::array<char, 256> text{};
  EXPECT_GT(read(output.reader.get(), text.data(), text.size() - 1), 0);
  EXPECT_STREQ(text.data(), "['eth0', 'lo'] Network is unreachable\n");
  // Among what the kernel says of itself, the datagram.
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  std::string packet;
  while (!packet.ends_with("hello") && std::chrono::steady_clock::now() < end) {
    pollfd waited{space.device.get(), POLLIN, 0};
    if (poll(&waited, 1, 1000) <= 0) continue;
    packet.resize(2000);
    packet.resize(static_cast<std::size_t>(
        std::max<ssize_t>(0, read(space.device.get(), packet.data(), packet.size()))));
  }
  EXPECT_TRUE(packet.ends_with("hello"));
}

}  // namespace
}  // namespace clary::process
