// Carries connections between two places that cannot reach each other: the gateway's Unix socket
// and a port in a container's network, or the other way round.
#pragma once

#include <filesystem>
#include <functional>
#include <thread>

#include "http/client.h"
#include "process/file_descriptor.h"

namespace clary::agent {

// owns: a thread that takes connections and moves their bytes; the destructor ends it and them.
class Relay {
 public:
  struct Options {
    process::FileDescriptor listener;  // listens, in whatever network
    http::Address target;              // 127.0.0.1:8080
    process::FileDescriptor network;   // where the target is: /proc/PID/ns/net; empty: here
  };
  explicit Relay(Options options);
  ~Relay();
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

 private:
  struct Loop;
  process::FileDescriptor stop_;
  std::thread thread_;
};

// Listeners, non-blocking. Throw StorageError.
process::FileDescriptor listen_unix(const std::filesystem::path& path);
// On 127.0.0.1, in the network of /proc/PID/ns/net.
process::FileDescriptor listen_in(const process::FileDescriptor& network, std::uint16_t port);

}  // namespace clary::agent
