// The XGBoost training job: from /opt/ml/input to /opt/ml/model/xgboost-model.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "algorithms/container/contract.h"
#include "algorithms/data/table.h"
#include "algorithms/xgboost/hyperparameters.h"
#include "algorithms/xgboost/library.h"
#include "algorithms/xgboost/metrics.h"

namespace clary::algorithms::xgboost {

inline constexpr const char* kModelName = "xgboost-model";

// The validated hyperparameters, taken apart into what the loop needs and what libxgboost takes.
struct TrainingPlan {
  int rounds = 0;
  int early_stopping_rounds = 0;  // 0: never
  bool save_on_termination = false;
  int folds = 0;  // 0: no cross-validation
  int cv_rounds = 1;
  std::string stopping_metric;  // empty: the last one that is printed
  std::vector<std::string> container_metrics;
  bool is_classification = false;
  std::string objective;
  unsigned threads = 0;  // 0: by data
  // In the order in which they are set; eval_metric may occur several times.
  std::vector<std::pair<std::string, std::string>> parameters;
};

TrainingPlan make_plan(const HyperparameterValues& values);

// Threads that pay for so much data: the OpenMP barriers of one round cost more than they save on
// small tables (measured, docs/decisions/xgboost.md).
unsigned threads_for(const Table& table, unsigned processors);

// Throws ClientError when labels do not fit the objective, naming the first row that does not.
void check_labels(const Table& table, const TrainingPlan& plan, int classes,
                  const std::string& channel);

// One data set to train on or to watch. `table` gives labels to the container's metrics.
struct Watched {
  const char* name;
  const Table* table;
  const DMatrix* matrix;
};

// The boosting loop.
class Trainer {
 public:
  struct Hooks {
    std::function<void(const std::string& line)> print;
    std::function<bool()> stop_asked;
    // After each round; for checkpoints and intermediate models.
    std::function<void(int round, const Booster&)> after_round;
    // Of several instances: makes the first one's decisions (bits of Trainer's own) everybody's.
    std::function<int(int decisions)> agree{};
  };

  // `watched[0]` is trained on; the last one decides early stopping when there are two.
  Trainer(const TrainingPlan& plan, std::vector<Watched> watched, Hooks hooks)
      : plan_(plan), watched_(std::move(watched)), hooks_(std::move(hooks)) {}

  // Continues `start` when given, until it has plan.rounds rounds.
  Booster run(std::optional<std::string> start);

  bool stopped() const { return stopped_; }
  const std::vector<DataScores>& last_scores() const { return scores_; }

 private:
  Booster prepare(const std::optional<std::string>& start) const;
  void evaluate(Booster& booster, int round);
  void add_container_metrics(const Booster& booster);
  // True when it is time to stop.
  bool update_best(int round);

  const TrainingPlan& plan_;
  const std::vector<Watched> watched_;
  const Hooks hooks_;
  std::vector<DataScores> scores_;
  std::string metric_;
  double best_score_ = 0;
  int best_round_ = -1;
  bool stopped_ = false;
};

// `clary-algo train`. Answers the exit status: 0, 1 after a failure (which it has reported).
int train(const ContainerPaths& paths);

}  // namespace clary::algorithms::xgboost
