#include "process/network_space.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <system_error>

namespace clary::process {
namespace {

constexpr std::size_t kMostFiles = 4;

// Everything the child needs, made by the parent: a child of a process with threads may not
// allocate.
struct Prepared {
  const NetworkDevice& device;
  bool own_users = false;
  std::string user_map, group_map;
  int told = -1;
};

// What the child tells, with the descriptors beside it.
struct Told {
  const char* failed = nullptr;  // a literal: at the same address in both
  int error = 0;
};

// What was told, with room for the descriptors of `count` files.
struct Message {
  explicit Message(std::size_t count) {
    head.msg_iov = &part;
    head.msg_iovlen = 1;
    head.msg_control = control.data();
    head.msg_controllen = CMSG_SPACE(sizeof(int) * count);
  }
  Message(const Message&) = delete;
  Message& operator=(const Message&) = delete;

  Told told;
  iovec part{&told, sizeof told};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * kMostFiles)> control{};
  msghdr head = {};
};

[[noreturn]] void fail(const Prepared& prepared, const char* what) {
  const Told told{what, errno};
  [[maybe_unused]] const ssize_t size = send(prepared.told, &told, sizeof told, MSG_NOSIGNAL);
  _exit(1);
}

void write_file(const Prepared& prepared, const char* path, const char* text, const char* what) {
  const int file = open(path, O_WRONLY | O_CLOEXEC);
  const auto size = static_cast<ssize_t>(strlen(text));
  if (file < 0 || write(file, text, static_cast<std::size_t>(size)) != size) fail(prepared, what);
  close(file);
}

ifreq request(const char* name) {
  ifreq one = {};
  strncpy(one.ifr_name, name, IFNAMSIZ - 1);
  return one;
}

void put_address(ifreq& request, std::uint32_t address) {
  auto* in = reinterpret_cast<sockaddr_in*>(&request.ifr_addr);
  in->sin_family = AF_INET;
  in->sin_addr.s_addr = htonl(address);
}

int make_device(const Prepared& prepared) {
  const int tun = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
  if (tun < 0) fail(prepared, "open /dev/net/tun");
  ifreq one = request(prepared.device.name.c_str());
  one.ifr_flags = IFF_TUN | IFF_NO_PI;
  if (ioctl(tun, TUNSETIFF, &one) != 0) fail(prepared, "make a TUN device");
  return tun;
}

void set_up(const Prepared& prepared) {
  const NetworkDevice& device = prepared.device;
  const int any = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (any < 0) fail(prepared, "socket");
  ifreq one = request(device.name.c_str());
  put_address(one, device.address);
  if (ioctl(any, SIOCSIFADDR, &one) != 0) fail(prepared, "give the device its address");
  put_address(one, ~std::uint32_t{0} << (32 - device.prefix_bits));
  if (ioctl(any, SIOCSIFNETMASK, &one) != 0) fail(prepared, "give the device its mask");
  one.ifr_mtu = device.mtu;
  if (ioctl(any, SIOCSIFMTU, &one) != 0) fail(prepared, "give the device its MTU");
  for (const char* name : {"lo", device.name.c_str()}) {
    ifreq up = request(name);
    if (ioctl(any, SIOCGIFFLAGS, &up) != 0) fail(prepared, "look at a device");
    up.ifr_flags = static_cast<short>(up.ifr_flags | IFF_UP | IFF_RUNNING);
    if (ioctl(any, SIOCSIFFLAGS, &up) != 0) fail(prepared, "start a device");
  }
  close(any);
}

int make_listener(const Prepared& prepared) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(prepared.device.listen_port);
  address.sin_addr.s_addr = htonl(prepared.device.listen_address);
  if (listener < 0 ||
      bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      listen(listener, SOMAXCONN) != 0) {
    fail(prepared, "listen");
  }
  return listener;
}

void send_files(const Prepared& prepared, const int* files, std::size_t count) {
  Message message(count);
  cmsghdr* header = CMSG_FIRSTHDR(&message.head);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int) * count);
  memcpy(CMSG_DATA(header), files, sizeof(int) * count);
  if (sendmsg(prepared.told, &message.head, MSG_NOSIGNAL) < 0) fail(prepared, "sendmsg");
}

// In the child: system calls only.
[[noreturn]] void build(const Prepared& prepared) {
  if (unshare(CLONE_NEWNET | (prepared.own_users ? CLONE_NEWUSER : 0)) != 0) {
    fail(prepared, "make a network name space");
  }
  if (prepared.own_users) {
    write_file(prepared, "/proc/self/setgroups", "deny", "forbid setgroups");
    write_file(prepared, "/proc/self/uid_map", prepared.user_map.c_str(), "map the user");
    write_file(prepared, "/proc/self/gid_map", prepared.group_map.c_str(), "map the group");
  }
  std::array<int, kMostFiles> files{};
  std::size_t count = 0;
  files[count++] = make_device(prepared);
  set_up(prepared);
  files[count++] = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
  if (prepared.own_users) files[count++] = open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC);
  if (prepared.device.listen_port > 0) files[count++] = make_listener(prepared);
  for (std::size_t i = 0; i < count; ++i) {
    if (files[i] < 0) fail(prepared, "open the name space");
  }
  send_files(prepared, files.data(), count);
  _exit(0);
}

// blocks: until the child has told. Throws what it told.
std::array<FileDescriptor, kMostFiles> receive_files(const FileDescriptor& from) {
  Message message(kMostFiles);
  const Told& told = message.told;
  ssize_t size = 0;
  while ((size = recvmsg(from.get(), &message.head, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR) {
  }
  if (size != sizeof told) {
    throw std::system_error(size < 0 ? errno : EPIPE, std::generic_category(),
                            "make a network name space");
  }
  if (told.failed != nullptr) {
    throw std::system_error(told.error, std::generic_category(), told.failed);
  }
  std::array<FileDescriptor, kMostFiles> files;
  const cmsghdr* header = CMSG_FIRSTHDR(&message.head);
  if (header == nullptr || header->cmsg_type != SCM_RIGHTS) return files;
  const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
  for (std::size_t i = 0; i < count && i < kMostFiles; ++i) {
    int file = -1;
    memcpy(&file, CMSG_DATA(header) + i * sizeof(int), sizeof file);
    files[i].reset(file);
  }
  return files;
}

std::string identity_map(unsigned id) {
  return std::to_string(id) + " " + std::to_string(id) + " 1";
}

}  // namespace

NetworkSpace make_network_space(const NetworkDevice& device) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
    throw std::system_error(errno, std::generic_category(), "socketpair");
  }
  const FileDescriptor ours(ends[0]);
  FileDescriptor theirs(ends[1]);
  const Prepared prepared{device, geteuid() != 0, identity_map(geteuid()), identity_map(getegid()),
                          theirs.get()};
  // A process of its own: one with threads can enter no user name space.
  const pid_t child = fork();
  if (child == 0) build(prepared);
  if (child < 0) throw std::system_error(errno, std::generic_category(), "fork");
  theirs.reset();
  std::array<FileDescriptor, kMostFiles> files;
  std::exception_ptr failure;
  try {
    files = receive_files(ours);
  } catch (...) {
    failure = std::current_exception();
  }
  while (waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  if (failure) std::rethrow_exception(failure);
  std::size_t next = 0;
  NetworkSpace space;
  space.device = std::move(files[next++]);
  space.network = std::move(files[next++]);
  if (prepared.own_users) space.user = std::move(files[next++]);
  if (device.listen_port > 0) space.listener = std::move(files[next++]);
  return space;
}

}  // namespace clary::process
