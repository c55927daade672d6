// Brings notebook instances to their goal: the volume open and JupyterLab on it, and the way to it
// published; or all of it closed.
#pragma once

#include "api/sagemaker/images.h"
#include "api/sagemaker/notebook_access.h"
#include "api/sagemaker/notebook_storage.h"
#include "api/sagemaker/role_sessions.h"
#include "api/sagemaker/volume_keys.h"
#include "api/sagemaker/workloads.h"
#include "engine/controllers.h"
#include "engine/notebook_routes.h"

namespace clary::api::sagemaker {

// What a notebook instance needs outlives the server: the run, the volume, and in the document all
// that is needed to go on with them. One run at a time has the volume: the next is submitted when
// the last is forgotten. A run that is lost (its agent was killed, the machine has restarted) is
// followed by another, three times in a row at most.
// threads: reconcile on several, never one key at once. blocks: on the store and the disk.
class NotebookController final : public engine::Controller {
 public:
  struct Parts {  // all outlive it
    store::Documents& documents;
    Workloads& workloads;
    RoleSessions& roles;
    ImageSource& environments;
    VolumeKeys& keys;
    NotebookStorage& storage;
    engine::NotebookRoutes& routes;
    const NotebookAccess& access;
    const Clock& clock;
  };
  explicit NotebookController(const Parts& parts) : parts_(parts) {}
  std::string_view kind() const override;
  std::vector<store::DocumentKey> pending() override;
  std::optional<std::chrono::milliseconds> reconcile(const store::DocumentKey& key) override;

 private:
  using Delay = std::optional<std::chrono::milliseconds>;

  bool retire(const store::Document& notebook);
  Delay bring_up(const store::Document& notebook);
  Delay keep_up(const store::Document& notebook);
  Delay close(const store::Document& notebook, std::string_view status);
  Delay remove(const store::Document& notebook);

  // Submits its run. Throws ApiError and std::runtime_error with what keeps it from that.
  void begin(const store::Document& notebook);
  std::string open_volume(const store::Document& notebook);
  std::string volume_key(const store::Document& notebook);
  Delay lost(const store::Document& notebook, const engine::RunOutcome& outcome);
  Delay fail_with(const store::Document& notebook, const std::string& reason);
  void publish(const store::Document& notebook, const engine::Run& run);

  const Parts parts_;
};

}  // namespace clary::api::sagemaker
