#include <algorithm>
#include <charconv>
#include <cmath>

#include "algorithms/container/failure.h"
#include "algorithms/data/number.h"
#include "algorithms/xgboost/training.h"

namespace clary::algorithms::xgboost {
namespace {

// What steers the job or is only accepted for old jobs: nothing for libxgboost.
constexpr auto kNotForLibrary = std::to_array<std::string_view>(
    {"num_round", "csv_weights", "early_stopping_rounds", "save_model_on_termination", "_kfold",
     "_num_cv_round", "_tuning_objective_metric", "use_dask_gpu_training", "eval_metric",
     "objective", "nthread", "sketch_eps", "dsplit", "predictor", "deterministic_histogram",
     "single_precision_histogram", "prob_buffer_row"});

std::string text_of(const HyperparameterValues& values, std::string_view name) {
  const auto found = values.find(name);
  return found == values.end() ? std::string() : found->second;
}

int integer_of(const HyperparameterValues& values, std::string_view name, int fallback) {
  const std::string text = text_of(values, name);
  return text.empty() ? fallback : std::stoi(text);
}

// eval_metric and the tuning objective together, as the container unites them: as given when there
// is one list, sorted when there are two.
std::vector<std::string> united_metrics(const HyperparameterValues& values,
                                        std::string& stopping_metric) {
  const std::string given = text_of(values, "eval_metric");
  std::string tuning = text_of(values, "_tuning_objective_metric");
  if (const auto colon = tuning.find(':'); colon != tuning.npos) tuning.erase(0, colon + 1);
  std::vector<std::string> metrics;
  if (!given.empty()) metrics = split_words(given);
  if (!metrics.empty()) stopping_metric = metrics.back();
  if (!tuning.empty()) {
    const std::vector<std::string> more = split_words(tuning);
    stopping_metric = more.back();
    const bool both = !metrics.empty();
    metrics.insert(metrics.end(), more.begin(), more.end());
    if (both) std::sort(metrics.begin(), metrics.end());
  }
  std::vector<std::string> unique;
  for (std::string& metric : metrics) {
    if (std::ranges::find(unique, metric) == unique.end()) unique.push_back(std::move(metric));
  }
  return unique;
}

}  // namespace

TrainingPlan make_plan(const HyperparameterValues& values) {
  TrainingPlan plan;
  plan.rounds = integer_of(values, "num_round", 1);
  plan.early_stopping_rounds = integer_of(values, "early_stopping_rounds", 0);
  plan.save_on_termination = text_of(values, "save_model_on_termination") == "true";
  plan.folds = integer_of(values, "_kfold", 0);
  plan.cv_rounds = integer_of(values, "_num_cv_round", 1);
  plan.threads = static_cast<unsigned>(integer_of(values, "nthread", 0));
  plan.objective = text_of(values, "objective");
  if (plan.objective.empty() || plan.objective == "reg:linear") {
    plan.objective = "reg:squarederror";
  }
  plan.is_classification =
      plan.objective.starts_with("binary:") || plan.objective.starts_with("multi:");
  plan.parameters.emplace_back("objective", plan.objective);
  for (const auto& [name, value] : values) {
    if (std::ranges::find(kNotForLibrary, name) == kNotForLibrary.end()) {
      plan.parameters.emplace_back(name, value);
    }
  }
  for (std::string& metric : united_metrics(values, plan.stopping_metric)) {
    if (is_container_metric(metric)) {
      plan.container_metrics.push_back(std::move(metric));
    } else {
      plan.parameters.emplace_back("eval_metric", metric);
    }
  }
  return plan;
}

unsigned threads_for(const Table& table, unsigned processors) {
  constexpr std::size_t kCellsWorthAThread = 1'000'000;
  const std::size_t cells = table.sparse ? table.values.size() : table.dense.size();
  return static_cast<unsigned>(
      std::clamp<std::size_t>(1 + cells / kCellsWorthAThread, 1, std::max(1U, processors)));
}

void check_labels(const Table& table, const TrainingPlan& plan, int classes,
                  const std::string& channel) {
  const std::string& objective = plan.objective;
  std::string rule;
  std::function<bool(float)> fits;
  if (objective == "binary:logistic" || objective == "binary:logitraw" ||
      objective == "reg:logistic") {
    rule = "label must be in [0,1] for logistic regression";
    fits = [](float label) { return label >= 0 && label <= 1; };
  } else if (objective == "binary:hinge") {
    rule = "label must be 0 or 1 for binary:hinge";
    fits = [](float label) { return label == 0 || label == 1; };
  } else if (objective.starts_with("multi:")) {
    rule = "label must be in [0, num_class)";
    fits = [classes](float label) {
      return label >= 0 && label < static_cast<float>(classes) && label == std::floor(label);
    };
  } else if (objective == "count:poisson" || objective == "reg:tweedie") {
    rule = (objective == "reg:tweedie" ? "TweedieRegression" : "PoissonRegression") +
           std::string(": label must be nonnegative");
    fits = [](float label) { return label >= 0; };
  } else if (objective == "reg:gamma") {
    rule = "GammaRegression: label must be positive";
    fits = [](float label) { return label > 0; };
  } else if (objective == "reg:squaredlogerror") {
    rule = "label must be greater than -1 for rmsle so that log(label + 1) can be valid";
    fits = [](float label) { return label > -1; };
  } else {
    return;
  }
  const auto wrong = std::ranges::find_if_not(table.labels, fits);
  if (wrong == table.labels.end()) return;
  char number[32];
  const std::string label(number, write_number(number, static_cast<double>(*wrong)));
  throw ClientError(rule + ": row " + std::to_string(wrong - table.labels.begin() + 1) +
                    " of channel " + channel + " has the label " + label);
}

Booster Trainer::prepare(const std::optional<std::string>& start) const {
  std::vector<const DMatrix*> matrices;
  for (const Watched& watched : watched_) matrices.push_back(watched.matrix);
  Booster booster(matrices);
  if (start) booster.load(*start);
  for (const auto& [name, value] : plan_.parameters) booster.set(name, value);
  return booster;
}

void Trainer::add_container_metrics(const Booster& booster) {
  for (std::size_t i = 0; i < watched_.size(); ++i) {
    const std::vector<float>& labels = watched_[i].table->labels;
    std::optional<std::vector<int>> classes;
    std::optional<Predictions> numbers;
    for (const std::string& metric : plan_.container_metrics) {
      double score = 0;
      if (is_class_metric(metric)) {
        if (!classes) classes = classes_of(booster.predict(*watched_[i].matrix, Output::kMargin));
        score = class_metric(metric, labels, *classes);
      } else {
        if (!numbers) numbers = booster.predict(*watched_[i].matrix, Output::kTransformed);
        if (numbers->width != 1) {
          throw ClientError("Metric '" + metric + "' is for regression, not for " +
                            plan_.objective);
        }
        score = number_metric(metric, labels, numbers->values);
      }
      scores_[i].scores.push_back({metric, score});
    }
  }
}

void Trainer::evaluate(Booster& booster, int round) {
  std::vector<const DMatrix*> matrices;
  std::vector<const char*> names;
  for (const Watched& watched : watched_) {
    matrices.push_back(watched.matrix);
    names.push_back(watched.name);
  }
  scores_ = parse_scores(booster.evaluate(round, matrices, names), names);
  if (!plan_.container_metrics.empty()) add_container_metrics(booster);
  hooks_.print(round_line(round, scores_));
}

bool Trainer::update_best(int round) {
  if (plan_.early_stopping_rounds == 0 || watched_.size() < 2) return false;
  const std::vector<Score>& scores = scores_.back().scores;
  if (scores.empty()) return false;
  metric_ = plan_.stopping_metric.empty() ? scores.back().name : plan_.stopping_metric;
  const auto score = std::ranges::find(scores, metric_, &Score::name);
  if (score == scores.end()) {
    throw ClientError("Early stopping metric '" + metric_ + "' is not among those evaluated");
  }
  const bool better = best_round_ < 0 || (is_maximised(metric_) ? score->value > best_score_
                                                                : score->value < best_score_);
  if (better) {
    best_score_ = score->value;
    best_round_ = round;
    return false;
  }
  return round - best_round_ >= plan_.early_stopping_rounds;
}

Booster Trainer::run(std::optional<std::string> start) {
  Booster booster = prepare(start);
  const int first = start ? booster.rounds() : 0;
  for (int round = first; round < plan_.rounds; ++round) {
    booster.update(round, *watched_[0].matrix);
    evaluate(booster, round);
    constexpr int kEnough = 1, kStop = 2;
    int decisions = update_best(round) ? kEnough : 0;
    if (hooks_.after_round) hooks_.after_round(round, booster);
    if (hooks_.stop_asked && hooks_.stop_asked()) decisions |= kStop;
    if (hooks_.agree) decisions = hooks_.agree(decisions);
    stopped_ = (decisions & kStop) != 0;
    if (decisions != 0) break;
  }
  if (best_round_ < 0) return booster;
  const auto is_linear = [](const auto& p) {
    return p.first == "booster" && p.second == "gblinear";
  };
  if (std::ranges::none_of(plan_.parameters, is_linear)) booster = booster.first(best_round_ + 1);
  char number[32];
  booster.set_attribute("best_iteration", std::to_string(best_round_));
  booster.set_attribute("best_score", std::string(number, write_number(number, best_score_)));
  return booster;
}

}  // namespace clary::algorithms::xgboost
