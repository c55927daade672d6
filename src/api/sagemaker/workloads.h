// The engine's runs as the controllers of this folder see them: an interface, so that their tests
// play through every outcome without a process.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/sagemaker/instance_catalogue.h"
#include "engine/runs.h"

namespace clary::api::sagemaker {

// threads: any. blocks: shortly. errors: StorageError.
class Workloads {
 public:
  virtual ~Workloads() = default;
  // Several instances run together; gang[0].id names them in the other functions.
  virtual void submit(std::vector<engine::JobSpec> gang, const engine::AgentAccess& access) = 0;
  void submit(const engine::JobSpec& spec, const engine::AgentAccess& access) {
    submit(std::vector{spec}, access);
  }
  virtual std::optional<engine::Run> find(const std::string& id) = 0;
  virtual void request_stop(const std::string& id) = 0;
  virtual void forget(const std::string& id) = 0;
};

class EngineWorkloads final : public Workloads {
 public:
  // Both outlive it.
  EngineWorkloads(engine::Runs& runs, const InstanceCatalogue& catalogue)
      : runs_(runs), catalogue_(catalogue) {}
  using Workloads::submit;
  void submit(std::vector<engine::JobSpec> gang, const engine::AgentAccess& access) override {
    for (engine::JobSpec& spec : gang) catalogue_.put_limits(spec);
    runs_.submit(std::move(gang), access);
  }
  std::optional<engine::Run> find(const std::string& id) override { return runs_.find(id); }
  void request_stop(const std::string& id) override { runs_.request_stop(id); }
  void forget(const std::string& id) override { runs_.forget(id); }

 private:
  engine::Runs& runs_;
  const InstanceCatalogue& catalogue_;
};

}  // namespace clary::api::sagemaker
