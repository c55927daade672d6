// A tuning job as people look at it: how far it is, the best so far, which hyperparameters matter.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "cli/terminal.h"

namespace clary::cli {

// One of its training jobs.
struct Evaluation {
  std::string name, status, definition;
  std::map<std::string, std::string> tuned;
  std::optional<double> objective;
  std::optional<Timestamp> ended;
  bool final() const { return status == "Completed" || status == "Failed" || status == "Stopped"; }
};

struct TuneView {
  std::string name, status, strategy, metric, failure;
  bool maximize = false;
  std::int64_t wanted = 0;  // 0: open
  Timestamp created;
  std::optional<Timestamp> ended;
  std::vector<Evaluation> evaluations;  // by name
  // Of each hyperparameter, the largest share first; empty while there is too little to say.
  std::vector<std::pair<std::string, double>> importance;
  bool final() const { return status == "Completed" || status == "Failed" || status == "Stopped"; }
  // The first of the best ones; nullptr while none has a value.
  const Evaluation* best() const;
  std::size_t count(std::string_view status) const;
  // The best value after each evaluation that gave one, in the order of their ends.
  std::vector<double> best_so_far() const;
};

// `description`: of DescribeHyperParameterTuningJob; `jobs`: every entry of
// ListTrainingJobsForHyperParameterTuningJob; `importance`: as the server last told it.
TuneView tune_view(const json::object& description, const json::array& jobs,
                   const std::map<std::string, double>& importance);

std::string chosen_text(const Evaluation& evaluation);  // "eta=0.2 max_depth=6"
std::string number_text(double value);
// Lines as wide as the terminal at most.
std::vector<std::string> drawn(const TuneView& view, const Terminal& terminal, Timestamp now);

}  // namespace clary::cli
