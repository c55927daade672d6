// Brings endpoints to their goal: model servers up, the gateway's routes to them published, what is
// no longer wanted stopped after its last request.
#pragma once

#include <functional>
#include <mutex>
#include <unordered_map>

#include "api/sagemaker/fleet.h"
#include "api/sagemaker/role_sessions.h"
#include "api/sagemaker/serving_instances.h"
#include "api/sagemaker/workloads.h"
#include "engine/controllers.h"
#include "engine/endpoint_routes.h"

namespace clary::api::sagemaker {

// An update brings the whole next fleet up beside the current one, switches the routes in one step,
// then stops the old servers once their requests are answered: no request is dropped. A fleet that
// does not come up leaves the old one serving. All of it is in the document, so that a server that
// was killed goes on; the model servers outlive it.
class EndpointController final : public engine::Controller {
 public:
  EndpointController(store::Documents& documents, Workloads& workloads, RoleSessions& roles,
                     const Images& images, engine::EndpointRoutes& routes, const Clock& clock)
      : documents_(documents),
        workloads_(workloads),
        roles_(roles),
        images_(images),
        clock_(clock),
        publisher_(routes, clock) {}
  // Called when the last request of a deleted endpoint is answered, before it is gone: what was
  // kept of its invocations is written. Set before start.
  void before_removal(std::function<void(const store::DocumentKey&)> work) {
    before_removal_ = std::move(work);
  }
  std::string_view kind() const override { return "endpoint"; }
  std::vector<store::DocumentKey> pending() override;
  std::optional<std::chrono::milliseconds> reconcile(const store::DocumentKey& key) override;

 private:
  using Delay = std::optional<std::chrono::milliseconds>;

  // Whether a fleet serves, cannot, or needs more time.
  struct Progress {
    enum class State { kWaiting, kReady, kFailed } state = State::kWaiting;
    std::string reason;
    Delay wake;
  };
  Progress bring_up(const store::Document& endpoint, const Fleet& fleet);
  Delay advance_next(const store::Document& endpoint);
  Delay keep_current(const store::Document& endpoint);
  Delay retire(const store::Document& endpoint);
  Delay remove(const store::Document& endpoint);
  // Submits the instance's run when it has none. False when its role cannot be assumed, or
  // nothing runs its image any more.
  bool start(const store::Document& endpoint, const FleetVariant& variant,
             const FleetInstance& instance);
  void promote(const store::DocumentKey& key);
  void drop_next(const store::DocumentKey& key, const std::string& reason);
  void replace_lost(const store::Document& endpoint, const std::vector<std::string>& lost);
  void publish(const store::Document& endpoint, const Fleet& current);

  store::Documents& documents_;
  Workloads& workloads_;
  RoleSessions& roles_;
  const Images& images_;
  const Clock& clock_;
  RoutePublisher publisher_;
  std::function<void(const store::DocumentKey&)> before_removal_;
};

}  // namespace clary::api::sagemaker
