// A workload that is an OCI image, held by a container of Docker or Podman.
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "agent/relay.h"
#include "agent/workload.h"
#include "containers/runtime.h"
#include "process/cgroup.h"
#include "process/file_descriptor.h"

namespace clary::agent {

// owns: the container, and a thread that reads its output and waits for its end. The process is
// watched by itself, through its pidfd: a runtime that is killed or upgraded ends no workload, and
// what it wrote meanwhile is read when the runtime answers again.
class ContainerWorkload final : public Workload {
 public:
  // Throws CannotLaunch.
  explicit ContainerWorkload(const WorkloadOptions& options);
  ~ContainerWorkload() override;

  void go() override;  // also throws CannotLaunch: some images show only now that they do not run
  void terminate() override;
  void kill() override;
  std::optional<process::Exit> poll() override;
  bool out_of_memory() const override { return out_of_memory_; }
  std::string lost() const override;
  ResourceSource resources() const override;

  int exit_event() const override { return ended_.get(); }
  int output() const override { return output_.reader.get(); }
  int error() const override { return error_.reader.get(); }

 private:
  void create();
  void set_up(const containers::ContainerSpec& spec);
  void open_process(int pid);
  void connect_network(int pid);
  void signal(int number, const char* name);
  void follow();
  void follow_output(containers::Stream stream, std::string_view bytes);
  bool pump_attachment();
  void read_log();
  void look_into_log();
  void drain_attachment();
  void read_last_output();
  void conclude();
  bool stopped_within(std::chrono::milliseconds time) const;
  void end(const process::Exit& exit, std::string lost);

  const WorkloadOptions options_;
  const std::filesystem::path mark_;  // says to the server that a container may be left
  process::Pipe output_, error_;
  process::FileDescriptor ended_, stop_;  // eventfds
  std::unique_ptr<containers::Runtime> runtime_;
  std::string id_;
  bool own_network_ = true;  // of the container
  std::unique_ptr<containers::Attachment> attachment_;
  process::FileDescriptor pidfd_;  // set before the thread starts
  int pid_ = 0;
  std::optional<process::Cgroup> cgroup_;
  std::unique_ptr<Relay> serving_, server_;  // to the model server; to Clary
  bool started_ = false, killed_ = false;
  std::atomic<bool> out_of_memory_{false};

  // The thread's alone.
  std::uint64_t output_bytes_ = 0, error_bytes_ = 0;
  std::unique_ptr<containers::FrameReader> frames_;
  bool broke_ = false;  // the attachment may not have given everything
  std::chrono::steady_clock::time_point next_look_;

  mutable std::mutex mutex_;
  std::optional<process::Exit> exit_;  // guarded by mutex_
  std::string lost_;                   // guarded by mutex_
  std::thread thread_;
};

// What the container of `options` is given.
containers::ContainerSpec container_spec(const WorkloadOptions& options);

// The name of a run's container and the label that all of Clary's have, with the run as its value.
std::string container_name(const std::string& run_id);
inline constexpr const char* kContainerLabel = "ai.clary.run";

}  // namespace clary::agent
