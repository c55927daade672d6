// Checkpoints of a training job: `xgboost-checkpoint.<round>` in the job's checkpoint folder.
#pragma once

#include <chrono>
#include <deque>
#include <filesystem>
#include <optional>
#include <string>

#include "algorithms/xgboost/library.h"

namespace clary::algorithms::xgboost {

// Saves after a round when the last save is long enough ago (SageMaker's own saves every round; a
// fast job would only write files), and the last round always. Keeps the five newest.
class Checkpoints {
 public:
  Checkpoints(std::filesystem::path folder, int rounds)
      : folder_(std::move(folder)), rounds_(rounds) {}

  // The newest checkpoint's bytes, when there is one.
  std::optional<std::string> newest() const;
  void after_round(int round, const Booster& booster);

 private:
  void save(int round, const Booster& booster);

  const std::filesystem::path folder_;
  const int rounds_;
  std::deque<std::filesystem::path> saved_;
  std::chrono::steady_clock::time_point last_{};
};

}  // namespace clary::algorithms::xgboost
