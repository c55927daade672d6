// The workload: the user's program in whatever holds it (a sandbox, a container), with its pipes.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "agent/resource_sampler.h"
#include "agent/run_file.h"
#include "process/enter.h"
#include "process/file_descriptor.h"
#include "process/sandbox.h"
#include "process/spawn.h"

namespace clary::agent {

class PrivateNetwork;

// Why a workload cannot be started at all; what() is for the user.
class CannotLaunch : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct WorkloadOptions {
  const RunFile& run;
  std::filesystem::path opt_ml;
  std::vector<process::Bind> binds{};                // beside the program's own folders
  std::map<std::string, std::string> environment{};  // wins over the spec's
  // Mode kServe: where the gateway asks for answers, on the host. A program that listens on a port
  // of its own (an image) is made to be reached there.
  std::filesystem::path serving_socket{};
  // What the workload is to be in; nullptr: the machine's network, or none. Outlives the workload.
  const PrivateNetwork* network = nullptr;
};

// owns: the processes; the destructor kills what still runs. threads: one, and it must live as long
// as the workload, which may die with the thread that started it.
class Workload {
 public:
  virtual ~Workload() = default;
  Workload(const Workload&) = delete;
  Workload& operator=(const Workload&) = delete;

  // Everything is set up when it is made; the program itself starts now. Throws StorageError,
  // CannotLaunch.
  virtual void go() = 0;
  virtual void terminate() = 0;  // SIGTERM to the program alone; kills when it is not running yet
  virtual void kill() = 0;
  virtual std::optional<process::Exit> poll() = 0;
  virtual bool out_of_memory() const = 0;
  // Why nobody can say how it ended, once it did; "" when poll() is the truth.
  virtual std::string lost() const { return ""; }
  // Where its use of the machine can be read, once it runs.
  virtual ResourceSource resources() const { return {}; }

  // How to start another program where the workload is. Nullopt when that is not possible (now).
  struct Inside {
    process::Entry entry;  // its filter is the descriptor below, good while this lives
    std::vector<std::string> cgroups{};
    process::FileDescriptor filter{};
  };
  virtual std::optional<Inside> inside() const { return std::nullopt; }

  virtual int exit_event() const = 0;  // readable once it ended
  virtual int output() const = 0;      // non-blocking
  virtual int error() const = 0;       // non-blocking

 protected:
  Workload() = default;
};

// What spec.launch asks for. Throws CannotLaunch.
std::unique_ptr<Workload> make_workload(const WorkloadOptions& options);

// The workload's environment, "NAME=value": the machine's part (not for an image, which has its
// own), then the spec's, then the options'.
std::vector<std::string> environment_of(const WorkloadOptions& options);

}  // namespace clary::agent
