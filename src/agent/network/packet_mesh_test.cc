#include "agent/network/packet_mesh.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include <functional>

#include "agent/network/packet.h"

namespace clary::agent {
namespace {

using process::FileDescriptor;
using std::chrono::milliseconds;

constexpr std::uint32_t kNetwork = 0x0A000000;

std::string packet_of(std::uint32_t source, std::uint32_t destination, const std::string& text) {
  std::string packet(kShortestPacket, '\0');
  const std::size_t size = packet.size() + text.size();
  packet[0] = 0x45;
  packet[2] = static_cast<char>(size >> 8);
  packet[3] = static_cast<char>(size & 0xFF);
  const std::uint32_t ends[2] = {htonl(source), htonl(destination)};
  memcpy(packet.data() + 12, ends, sizeof ends);
  return packet + text;
}

bool wait_for(const std::function<bool()>& done, milliseconds time = milliseconds(10000)) {
  const auto end = std::chrono::steady_clock::now() + time;
  while (!done()) {
    if (std::chrono::steady_clock::now() > end) return false;
    poll(nullptr, 0, 2);
  }
  return true;
}

// A mesh whose device is one end of a socket pair that keeps packets whole.
struct Instance {
  Instance(int own, int count, const std::string& secret, milliseconds rejoin) {
    int ends[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
    device.reset(ends[0]);
    MeshOptions options;
    options.device.reset(ends[1]);
    for (int i = 0; i < count; ++i) options.addresses.push_back(kNetwork + i);
    options.own = own;
    options.secret = secret;
    options.listen_address = "127.0.0.1";
    options.meet_time = options.rejoin_time = rejoin;
    mesh = std::make_unique<PacketMesh>(std::move(options), clock);
  }

  void send(const std::string& packet) const {
    EXPECT_EQ(write(device.get(), packet.data(), packet.size()),
              static_cast<ssize_t>(packet.size()));
  }
  std::string receive(milliseconds time = milliseconds(10000)) const {
    pollfd waited{device.get(), POLLIN, 0};
    if (poll(&waited, 1, static_cast<int>(time.count())) <= 0) return "";
    std::string packet(kLongestPacket, '\0');
    packet.resize(static_cast<std::size_t>(
        std::max<ssize_t>(0, read(device.get(), packet.data(), packet.size()))));
    return packet;
  }

  SystemClock clock;
  FileDescriptor device;
  std::unique_ptr<PacketMesh> mesh;
};

struct PacketMeshTest : testing::Test {
  void start(int count, milliseconds rejoin = milliseconds(20000)) {
    for (int i = 0; i < count; ++i) {
      instances.push_back(std::make_unique<Instance>(i, count, "secret", rejoin));
    }
  }
  void meet() {
    std::vector<std::string> endpoints;
    for (const auto& one : instances) endpoints.push_back(one->mesh->endpoint());
    for (const auto& one : instances) one->mesh->meet(endpoints);
    for (const auto& one : instances) {
      ASSERT_TRUE(wait_for([&] { return one->mesh->met(); })) << one->mesh->failure();
    }
  }
  std::vector<std::unique_ptr<Instance>> instances;
};

TEST_F(PacketMeshTest, CarriesPacketsToWhomTheyAreFor) {
  start(3);
  meet();
  const std::string long_text(60000, 'x');
  instances[0]->send(packet_of(kNetwork, kNetwork + 2, "to three"));
  instances[0]->send(packet_of(kNetwork, kNetwork + 1, long_text));
  instances[2]->send(packet_of(kNetwork + 2, kNetwork, "back"));
  EXPECT_EQ(instances[2]->receive(), packet_of(kNetwork, kNetwork + 2, "to three"));
  EXPECT_EQ(instances[1]->receive(), packet_of(kNetwork, kNetwork + 1, long_text));
  EXPECT_EQ(instances[0]->receive(), packet_of(kNetwork + 2, kNetwork, "back"));
}

TEST_F(PacketMeshTest, LosesWhatIsNobodysAndWhatIsFalse) {
  start(3);
  meet();
  instances[0]->send("no packet");
  instances[0]->send(packet_of(kNetwork, kNetwork + 1, "cut").substr(0, 21));
  instances[0]->send(packet_of(kNetwork, kNetwork + 99, "to nobody"));
  // Its own address is the only one that an instance may send from.
  instances[0]->send(packet_of(kNetwork + 2, kNetwork + 1, "false"));
  instances[0]->send(packet_of(kNetwork, kNetwork + 1, "true"));
  EXPECT_EQ(instances[1]->receive(), packet_of(kNetwork, kNetwork + 1, "true"));
  EXPECT_EQ(instances[1]->receive(milliseconds(50)), "");
  EXPECT_EQ(instances[2]->receive(milliseconds(50)), "");
}

TEST_F(PacketMeshTest, ManyPacketsArriveInOrderAndWhole) {
  start(2);
  meet();
  int sent = 0, received = 0;
  // No more on the way than the devices hold: what they do not take is lost.
  constexpr int kPackets = 2000, kOnTheWay = 12;
  const std::string padding(5000, '.');
  const auto text = [&](int number) {
    return packet_of(kNetwork, kNetwork + 1, std::to_string(number) + padding);
  };
  while (received < kPackets) {
    while (sent < kPackets && sent < received + kOnTheWay) instances[0]->send(text(sent++));
    ASSERT_TRUE(instances[1]->receive() == text(received)) << received;
    ++received;
  }
}

TEST_F(PacketMeshTest, WhoIsToldLastHearsOfThemAllAfterwards) {
  start(2);
  const std::vector<std::string> endpoints = {instances[0]->mesh->endpoint(),
                                              instances[1]->mesh->endpoint()};
  instances[1]->mesh->meet(endpoints);
  ASSERT_TRUE(wait_for([&] { return instances[1]->mesh->met(); }));
  // Connected, and seen by both sides: a packet has come through.
  instances[1]->send(packet_of(kNetwork + 1, kNetwork, "early"));
  EXPECT_EQ(instances[0]->receive(), packet_of(kNetwork + 1, kNetwork, "early"));
  pollfd event{instances[0]->mesh->event(), POLLIN, 0};
  EXPECT_FALSE(instances[0]->mesh->met());
  EXPECT_EQ(poll(&event, 1, 0), 0);
  instances[0]->mesh->meet(endpoints);
  EXPECT_EQ(poll(&event, 1, 10000), 1);
  EXPECT_TRUE(instances[0]->mesh->met());
}

TEST_F(PacketMeshTest, AStrangerIsNotMet) {
  instances.push_back(std::make_unique<Instance>(0, 2, "secret", milliseconds(600)));
  instances.push_back(std::make_unique<Instance>(1, 2, "another", milliseconds(600)));
  std::vector<std::string> endpoints{instances[0]->mesh->endpoint(),
                                     instances[1]->mesh->endpoint()};
  for (const auto& one : instances) one->mesh->meet(endpoints);
  for (const auto& one : instances) {
    ASSERT_TRUE(wait_for([&] { return !one->mesh->failure().empty(); }));
    EXPECT_FALSE(one->mesh->met());
  }
  EXPECT_NE(instances[0]->mesh->failure().find("algo-2 at 127.0.0.1:"), std::string::npos)
      << instances[0]->mesh->failure();
}

TEST_F(PacketMeshTest, GoodbyeIsNoFailure) {
  start(2, milliseconds(100));
  meet();
  instances[1]->send(packet_of(kNetwork + 1, kNetwork, "last words"));
  instances[1]->mesh.reset();
  EXPECT_EQ(instances[0]->receive(), packet_of(kNetwork + 1, kNetwork, "last words"));
  EXPECT_FALSE(wait_for([&] { return !instances[0]->mesh->failure().empty(); }, milliseconds(400)));
}

// What a stream of packets may be cut into, and what it must not be.
TEST(Packet, LooksAtEveryLength) {
  const std::string whole = packet_of(1, 2, "content");
  const auto look = [](const std::string& bytes, PacketHead& head) {
    return look_at_packet(
        PacketBytes(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()), head);
  };
  PacketHead head;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(look(whole.substr(0, size), head), PacketStart::kNeedsMore) << size;
  }
  EXPECT_EQ(look(whole + "more", head), PacketStart::kPacket);
  EXPECT_EQ(head.size, whole.size());
  EXPECT_EQ(head.source, 1U);
  EXPECT_EQ(head.destination, 2U);
  std::string six = whole, short_head = whole, shorter = whole;
  six[0] = 0x65;
  short_head[0] = 0x44;
  shorter[2] = shorter[3] = 0;
  for (const std::string& bad : {six, short_head, shorter, std::string("\x60")}) {
    EXPECT_EQ(look(bad, head), PacketStart::kNone);
  }
}

}  // namespace
}  // namespace clary::agent
