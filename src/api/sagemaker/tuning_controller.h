// The controller of tuning jobs: makes their training jobs, follows them, and ends them.
#pragma once

#include <functional>
#include <memory>
#include <mutex>

#include "api/sagemaker/tuning_search.h"
#include "api/sagemaker/tuning_trials.h"
#include "api/sagemaker/wake.h"
#include "engine/controllers.h"

namespace clary::api::sagemaker {

// Creates a training job as CreateTrainingJob does, for `principal`, in the account and region of
// `owner`; `finish` completes its document before it is stored. Throws wire::ApiError.
using CreateTrainingJob = std::function<void(
    const store::DocumentKey& owner, const identity::Principal& principal,
    const json::object& input, const std::function<void(store::Document&)>& finish)>;
// Every value of a metric that a training job has given so far, in order.
using MetricValues =
    std::function<std::vector<double>(const store::DocumentKey& job, const std::string& metric)>;
// Tells a tuning job's importance of hyperparameters to whoever wants to see it.
using PublishImportance = std::function<void(const store::DocumentKey& tuning_job,
                                             const std::map<std::string, double>& shares)>;

// Level-triggered: each step looks at the job's training jobs, whose documents are all there is to
// know, and stops, makes one, or ends. What it keeps in memory is a copy of that.
// threads: reconcile on several, never one key at once. blocks: on the store, and up to half a
// second of computing for a suggestion, so it has a work queue of its own.
class TuningController final : public engine::Controller {
 public:
  struct Parts {  // all outlive it
    store::Documents& documents;
    const Clock& clock;
    CreateTrainingJob create;
    MetricValues values;
    PublishImportance publish;
    Wake wake;  // training jobs
  };
  explicit TuningController(Parts parts) : parts_(std::move(parts)) {}
  ~TuningController() override;
  std::string_view kind() const override { return kTuningKind; }
  std::vector<store::DocumentKey> pending() override;
  std::optional<std::chrono::milliseconds> reconcile(const store::DocumentKey& key) override;

 private:
  struct Known;
  enum class Launch { kMade, kNoRoom, kExhausted, kRefused };

  std::shared_ptr<Known> known(const store::Document& job);
  void forget(const store::DocumentKey& key);
  void refresh(const store::DocumentKey& key, Known& known);
  void load_parents(const store::Document& job, Known& known);
  void read_curves(const store::Document& job, Known& known);
  void stop_all(const store::DocumentKey& key, Known& known);
  void stop_one(const store::DocumentKey& key, const Trial& trial);
  void look_at_progress(const store::Document& job, Known& known);
  bool decide_end(store::Document& job, Known& known);
  void set_ending(store::Document& job, std::string_view status, const std::string& reason);
  void finish(const store::Document& job, Known& known, std::string_view status,
              const std::string& reason);
  void show(const store::Document& job, Known& known);
  void publish_importance(const store::Document& job, Known& known, bool last);
  Launch launch_next(const store::Document& job, Known& known, std::string& refused);
  Launch launch(const store::Document& job, Known& known, const TuningDefinition& definition,
                const std::map<std::string, std::string>& chosen, std::string& refused);
  std::optional<std::chrono::milliseconds> go_on(store::Document& job, Known& known);

  const Parts parts_;
  std::mutex mutex_;
  std::map<store::DocumentKey, std::shared_ptr<Known>> known_;  // guarded by mutex_
};

}  // namespace clary::api::sagemaker
