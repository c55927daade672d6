// Two backends as one: model servers on this machine, since requests reach them through Unix
// sockets; everything else on a cluster.
#pragma once

#include <string>

#include "engine/compute_backend.h"

namespace clary::engine {

// `cluster_handles`: what the cluster's handles begin with. order: destroyed before both.
class SplitBackend final : public ComputeBackend {
 public:
  SplitBackend(ComputeBackend& local, ComputeBackend& cluster, std::string cluster_handles)
      : local_(local), cluster_(cluster), cluster_handles_(std::move(cluster_handles)) {}

  std::string start(const JobSpec& spec, const AgentAccess& access) override {
    return of(spec).start(spec, access);
  }
  std::vector<std::string> start_gang(const std::vector<AgentStart>& gang) override {
    return of(gang.front().spec).start_gang(gang);
  }
  void adopt(const std::string& spec_id, std::string_view handle) override {
    of(handle).adopt(spec_id, handle);
  }
  RunState state(std::string_view handle) override { return of(handle).state(handle); }
  void stop(std::string_view handle) override { of(handle).stop(handle); }
  void kill(std::string_view handle) override { of(handle).kill(handle); }
  std::vector<json::object> unsent_reports(const std::string& spec_id,
                                           std::uint64_t after) override {
    // Its folder is in one of them; what the other has is nothing.
    std::vector<json::object> reports = local_.unsent_reports(spec_id, after);
    return reports.empty() ? cluster_.unsent_reports(spec_id, after) : reports;
  }
  void forget(const std::string& spec_id) override {
    local_.forget(spec_id);
    cluster_.forget(spec_id);
  }
  void on_exit(std::function<void(const std::string& spec_id)> callback) override {
    local_.on_exit(callback);
    cluster_.on_exit(std::move(callback));
  }
  std::string note(const std::string& spec_id) override { return cluster_.note(spec_id); }
  std::string end_reason(const std::string& spec_id) override {
    return cluster_.end_reason(spec_id);
  }

 private:
  ComputeBackend& of(const JobSpec& spec) {
    return spec.mode == JobSpec::Mode::kServe ? local_ : cluster_;
  }
  ComputeBackend& of(std::string_view handle) {
    return handle.starts_with(cluster_handles_) ? cluster_ : local_;
  }

  ComputeBackend& local_;
  ComputeBackend& cluster_;
  const std::string cluster_handles_;
};

}  // namespace clary::engine
