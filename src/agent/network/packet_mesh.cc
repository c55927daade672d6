#include "agent/network/packet_mesh.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <mutex>
#include <optional>

#include "agent/network/peer_link.h"
#include "base/errors.h"
#include "base/job_spec.h"
#include "base/log.h"

namespace clary::agent {

struct PacketMesh::Shared {
  process::FileDescriptor wake{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};   // for the thread
  process::FileDescriptor event{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};  // from it
  std::mutex mutex;
  std::vector<std::string> endpoints;  // guarded by mutex
  bool stopping = false;               // guarded by mutex
  bool met = false;                    // guarded by mutex
  std::string failure;                 // guarded by mutex
};

namespace {

using process::FileDescriptor;
using std::chrono::milliseconds;
using SteadyTime = std::chrono::steady_clock::time_point;

constexpr milliseconds kRetry{200};
constexpr milliseconds kHandshakeTime{10000};
constexpr milliseconds kGoodbyeTime{2000};
constexpr std::size_t kMostStrangers = 64;  // connections that have not said who they are
constexpr int kPacketsEach = 64;            // read of the device before the connections' turn

[[noreturn]] void broken(const std::string& what) {
  throw StorageError(what + ": " + strerror(errno));
}

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

std::optional<SocketAddress> parse_address(const std::string& host, const std::string& port) {
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), port.c_str(), &hints, &found) != 0) return std::nullopt;
  SocketAddress address;
  address.size = found->ai_addrlen;
  memcpy(&address.storage, found->ai_addr, found->ai_addrlen);
  freeaddrinfo(found);
  return address;
}

// "10.0.0.7:40113", "fd00::7:40113": the port is behind the last colon.
std::optional<SocketAddress> parse_endpoint(const std::string& endpoint) {
  const auto colon = endpoint.rfind(':');
  if (colon == std::string::npos) return std::nullopt;
  return parse_address(endpoint.substr(0, colon), endpoint.substr(colon + 1));
}

FileDescriptor listen_at(const std::string& host, std::string& endpoint) {
  auto address = parse_address(host, "0");
  if (!address) throw StorageError("this machine's address \"" + host + "\" is none");
  FileDescriptor listener(
      socket(address->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!listener || bind(listener.get(), address->get(), address->size) != 0 ||
      listen(listener.get(), SOMAXCONN) != 0 ||
      getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address->storage), &address->size) !=
          0) {
    broken("listen for the other instances at " + host);
  }
  std::array<char, NI_MAXSERV> port{};
  getnameinfo(address->get(), address->size, nullptr, 0, port.data(), port.size(), NI_NUMERICSERV);
  endpoint = host + ":" + port.data();
  return listener;
}

// A peer that vanishes without a word is noticed within `patience`.
void tune(const FileDescriptor& socket, milliseconds patience) {
  const auto set = [&](int level, int name, int value) {
    setsockopt(socket.get(), level, name, &value, sizeof value);
  };
  set(IPPROTO_TCP, TCP_NODELAY, 1);
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, 5);
  set(IPPROTO_TCP, TCP_KEEPINTVL, 5);
  set(IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<int>(patience.count()));
}

}  // namespace

// The thread's alone.
struct PacketMesh::Loop {
  struct Peer {
    std::string endpoint;
    int link = -1;  // the socket of the connection that carries its packets
    bool was_up = false, left = false;
    SteadyTime retry_at{};  // whose turn it is to connect
    std::optional<SteadyTime> deadline{};
    int last_error = 0;
  };
  struct Open {
    Open(FileDescriptor socket, SslPointer ssl, std::optional<int> peer_in, SteadyTime now)
        : link(std::move(socket), std::move(ssl)), peer(peer_in), opened(now) {}
    PeerLink link;
    std::optional<int> peer;  // nullopt: it has not said
    SteadyTime opened;
    std::uint32_t events = EPOLLIN | EPOLLOUT;  // that it waits for
  };

  Loop(MeshOptions options_in, FileDescriptor listener_in, std::shared_ptr<Shared> shared_in,
       const Clock& clock_in)
      : options(std::move(options_in)),
        listener(std::move(listener_in)),
        shared(std::move(shared_in)),
        clock(clock_in),
        tls(options.secret, options.own),
        peers(options.addresses.size()) {
    for (const int file : {shared->wake.get(), listener.get(), options.device.get()}) {
      add(file, EPOLLIN);
    }
  }

  const MeshOptions options;
  const FileDescriptor listener;
  const std::shared_ptr<Shared> shared;
  const Clock& clock;
  const JobTls tls;
  FileDescriptor epoll{epoll_create1(EPOLL_CLOEXEC)};
  std::vector<Peer> peers;
  std::map<int, Open> open;  // by socket
  std::vector<std::uint8_t> packet = std::vector<std::uint8_t>(kLongestPacket + 1);
  bool meeting = false, met = false, failed = false, leaving = false, reads_device = true;

  void add(int file, std::uint32_t events) {
    epoll_event event = {.events = events, .data = {.fd = file}};
    epoll_ctl(epoll.get(), EPOLL_CTL_ADD, file, &event);
  }
  void change(int file, std::uint32_t events) {
    epoll_event event = {.events = events, .data = {.fd = file}};
    epoll_ctl(epoll.get(), EPOLL_CTL_MOD, file, &event);
  }

  bool is_peer(int index) const {
    return index >= 0 && static_cast<std::size_t>(index) < peers.size() && index != options.own;
  }
  // The later instance connects to the earlier one.
  bool connects_to(int index) const { return index < options.own; }

  void tell(const std::string& failure) {
    failed = failed || !failure.empty();
    const std::lock_guard lock(shared->mutex);
    shared->met = met;
    if (shared->failure.empty()) shared->failure = failure;
    eventfd_write(shared->event.get(), 1);
  }

  void keep(FileDescriptor socket, SslPointer ssl, std::optional<int> peer) {
    tune(socket, options.rejoin_time);
    const int file = socket.get();
    const auto added =
        open.try_emplace(file, std::move(socket), std::move(ssl), peer, clock.steady_now());
    add(file, added.first->second.events);
  }

  void accept_some() {
    while (true) {
      FileDescriptor socket(
          accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
      if (!socket) return;
      const auto strangers = std::ranges::count_if(
          open, [](const auto& one) { return one.second.link.is() == PeerLink::Is::kOpening; });
      if (static_cast<std::size_t>(strangers) >= kMostStrangers + peers.size()) continue;
      SslPointer ssl = tls.from_instance(socket.get());
      keep(std::move(socket), std::move(ssl), std::nullopt);
    }
  }

  void connect_to(int index) {
    Peer& peer = peers[static_cast<std::size_t>(index)];
    peer.retry_at = clock.steady_now() + kRetry;
    const auto address = parse_endpoint(peer.endpoint);
    if (!address) return;
    FileDescriptor socket(
        ::socket(address->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket) return;
    if (connect(socket.get(), address->get(), address->size) != 0 && errno != EINPROGRESS) {
      peer.last_error = errno;
      return;
    }
    SslPointer ssl = tls.to_instance(index, socket.get());
    keep(std::move(socket), std::move(ssl), index);
  }

  bool is_connecting(int index) const {
    return std::ranges::any_of(open, [&](const auto& one) { return one.second.peer == index; });
  }

  // The connection has shown who is on its other side.
  bool welcome(int file, Open& one) {
    const auto peer = one.link.peer();
    if (!peer || !is_peer(*peer) || (!one.peer && connects_to(*peer))) return false;
    one.peer = peer;
    Peer& known = peers[static_cast<std::size_t>(*peer)];
    // One that the other side has given up; it would not have opened another.
    if (const int old = std::exchange(known.link, file); old >= 0 && old != file) open.erase(old);
    if (known.was_up) spdlog::info("{} is connected again", host_of_instance(*peer));
    known.was_up = true;
    known.left = false;
    known.deadline.reset();
    check_met();
    return true;
  }

  // Not before this instance was told of the others, though they may have connected by then.
  void check_met() {
    if (met || !meeting) return;
    for (int i = 0; i < static_cast<int>(peers.size()); ++i) {
      if (is_peer(i) && !peers[static_cast<std::size_t>(i)].was_up) return;
    }
    met = true;
    tell("");
  }

  void drop(int file, Open& one) {
    if (one.peer && is_peer(*one.peer)) {
      Peer& peer = peers[static_cast<std::size_t>(*one.peer)];
      int error = 0;
      socklen_t size = sizeof error;
      getsockopt(file, SOL_SOCKET, SO_ERROR, &error, &size);
      if (error != 0) peer.last_error = error;
      if (peer.link == file) {
        peer.link = -1;
        peer.left = one.link.is() == PeerLink::Is::kLeft;
        if (!peer.left && !leaving) {
          peer.deadline = clock.steady_now() + options.rejoin_time;
          spdlog::warn("the connection to {} broke", host_of_instance(*one.peer));
        }
      }
    }
    open.erase(file);
  }

  // A packet of that instance, for this one; anything else it has no business to send.
  void take(int peer, const PacketHead& head, PacketBytes bytes) const {
    if (head.source != options.addresses[static_cast<std::size_t>(peer)] ||
        head.destination != options.addresses[static_cast<std::size_t>(options.own)]) {
      return;
    }
    // One that the device does not take is lost, as in any network.
    [[maybe_unused]] const ssize_t size = write(options.device.get(), bytes.data(), bytes.size());
  }

  void advance(int file) {
    const auto found = open.find(file);
    if (found == open.end()) return;
    Open& one = found->second;
    const bool was_opening = one.link.is() == PeerLink::Is::kOpening;
    const auto is = one.link.advance([&](const PacketHead& head, PacketBytes bytes) {
      const auto peer = one.peer ? one.peer : one.link.peer();
      if (peer && is_peer(*peer)) take(*peer, head, bytes);
    });
    const bool shaken = is == PeerLink::Is::kUp && was_opening;
    if (is == PeerLink::Is::kLeft || is == PeerLink::Is::kBroken ||
        (shaken && !welcome(file, one))) {
      return drop(file, one);
    }
    watch(file, one);
  }

  void watch(int file, Open& one) {
    const std::uint32_t events = EPOLLIN | (one.link.wants_write() ? EPOLLOUT : 0U);
    if (std::exchange(one.events, events) != events) change(file, events);
  }

  Open* link_to(std::uint32_t address) {
    const auto found = std::ranges::find(options.addresses, address);
    if (found == options.addresses.end()) return nullptr;
    const auto index = static_cast<std::size_t>(found - options.addresses.begin());
    const auto one = open.find(peers[index].link);
    return one == open.end() ? nullptr : &one->second;
  }

  bool has_room() const {
    return std::ranges::all_of(open, [](const auto& one) { return one.second.link.room(); });
  }

  // False when there was nothing to read.
  bool read_device() {
    bool any = false;
    for (int i = 0; i < kPacketsEach && has_room(); ++i) {
      const ssize_t size = read(options.device.get(), packet.data(), packet.size());
      if (size <= 0) break;
      any = true;
      const PacketBytes bytes(packet.data(), static_cast<std::size_t>(size));
      const auto head = read_packet_head(bytes);
      if (!head || head->size != bytes.size()) continue;
      if (Open* one = link_to(head->destination)) one->link.add(bytes);
    }
    for (auto& [file, one] : open) {
      one.link.flush();
      watch(file, one);
    }
    return any;
  }

  void fail(int index, const Peer& peer) {
    std::string text = host_of_instance(index) + " at " + peer.endpoint;
    text = peer.was_up ? "the connection to " + text + " broke and could not be made again"
                       : text + " could not be reached";
    if (peer.last_error != 0) text += std::string(": ") + strerror(peer.last_error);
    tell(text);
  }

  void look_at_time() {
    const SteadyTime now = clock.steady_now();
    for (auto one = open.begin(); one != open.end();) {
      const int file = one->first;
      Open& link = one++->second;
      if (link.link.is() == PeerLink::Is::kOpening && now - link.opened > kHandshakeTime) {
        drop(file, link);
      }
    }
    if (!meeting || failed || leaving) return;
    for (int i = 0; i < static_cast<int>(peers.size()); ++i) {
      Peer& peer = peers[static_cast<std::size_t>(i)];
      if (!is_peer(i) || peer.link >= 0 || peer.left) continue;
      if (peer.deadline && now >= *peer.deadline) return fail(i, peer);
      if (connects_to(i) && now >= peer.retry_at && !is_connecting(i)) connect_to(i);
    }
  }

  // False when it is time to end.
  bool look_at_orders() {
    eventfd_t ignored = 0;
    eventfd_read(shared->wake.get(), &ignored);
    std::vector<std::string> endpoints;
    {
      const std::lock_guard lock(shared->mutex);
      if (shared->stopping) return false;
      endpoints = shared->endpoints;
    }
    if (meeting || endpoints.size() != peers.size()) return true;
    meeting = true;
    for (std::size_t i = 0; i < peers.size(); ++i) {
      peers[i].endpoint = endpoints[i];
      if (!peers[i].was_up) peers[i].deadline = clock.steady_now() + options.meet_time;
    }
    check_met();
    return true;
  }

  bool is_busy() const {
    return meeting && !failed &&
           std::ranges::any_of(peers, [](const Peer& peer) { return peer.link < 0 && !peer.left; });
  }

  // One round; false when it is time to end.
  bool step(int timeout) {
    std::array<epoll_event, 64> events;
    const bool room = has_room();
    if (std::exchange(reads_device, room) != room)
      change(options.device.get(), room ? EPOLLIN : 0U);
    const int count = epoll_wait(epoll.get(), events.data(), events.size(), timeout);
    for (int i = 0; i < count; ++i) {
      const int file = events[static_cast<std::size_t>(i)].data.fd;
      if (file == shared->wake.get()) {
        if (!look_at_orders()) return false;
      } else if (file == listener.get()) {
        accept_some();
      } else if (file == options.device.get()) {
        read_device();
      } else {
        advance(file);
      }
    }
    look_at_time();
    return true;
  }

  // What the workload said last still goes to the others: the ends of its connections.
  void say_goodbye() {
    const SteadyTime end = clock.steady_now() + kGoodbyeTime;
    const auto in_time = [&] { return clock.steady_now() < end; };
    const auto waits = [](const auto& one) { return one.second.link.wants_write(); };
    while (in_time() && (read_device() || std::ranges::any_of(open, waits))) {
      step(20);
    }
    leaving = true;
    for (auto& [file, one] : open) one.link.leave();
    while (in_time() && std::ranges::any_of(open, [](const auto& one) {
             return one.second.link.is() == PeerLink::Is::kUp;
           })) {
      step(20);
    }
  }

  void run() {
    constexpr int kIdle = 5000;
    while (step(is_busy() ? static_cast<int>(kRetry.count()) : kIdle)) {
    }
    say_goodbye();
  }
};

PacketMesh::PacketMesh(MeshOptions options, const Clock& clock)
    : shared_(std::make_shared<Shared>()) {
  FileDescriptor listener = listen_at(options.listen_address, endpoint_);
  thread_ = std::thread([loop = std::make_shared<Loop>(std::move(options), std::move(listener),
                                                       shared_, clock)] { loop->run(); });
}

PacketMesh::~PacketMesh() {
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->stopping = true;
  }
  eventfd_write(shared_->wake.get(), 1);
  thread_.join();
}

void PacketMesh::meet(std::vector<std::string> endpoints) {
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->endpoints = std::move(endpoints);
  }
  eventfd_write(shared_->wake.get(), 1);
}

int PacketMesh::event() const {
  return shared_->event.get();
}

bool PacketMesh::met() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->met;
}

std::string PacketMesh::failure() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->failure;
}

}  // namespace clary::agent
