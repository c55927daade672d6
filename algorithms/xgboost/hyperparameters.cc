#include "algorithms/xgboost/hyperparameters.h"

#include <algorithm>
#include <array>

#include "algorithms/container/failure.h"

namespace clary::algorithms::xgboost {
namespace {

using Need = Hyperparameter::Need;
using Type = Hyperparameter::Type;

constexpr auto kMaximised = std::to_array<std::string_view>(
    {"accuracy", "auc", "aucpr", "balanced_accuracy", "f1", "f1_binary", "f1_macro", "map", "ndcg",
     "precision", "r2", "recall", "precision_macro", "precision_micro", "recall_macro",
     "recall_micro"});
constexpr auto kMinimised = std::to_array<std::string_view>(
    {"aft-nloglik", "cox-nloglik", "error", "gamma-deviance", "gamma-nloglik",
     "interval-regression-accuracy", "logloss", "mae", "mape", "merror", "mlogloss", "mphe", "mse",
     "poisson-nloglik", "rmse", "rmsle", "tweedie-nloglik"});

constexpr Range at_least(double low) {
  return {.low = low};
}
constexpr Range more_than(double low) {
  return {.low = low, .low_open = true};
}
constexpr Range between(double low, double high) {
  return {.low = low, .high = high};
}
constexpr Range share() {
  return {.low = 0, .high = 1, .low_open = true};
}
constexpr Range inside(double low, double high) {
  return {low, high, true, true};
}

// Sources: the developer guide's table of hyperparameters and the ranges that the public container
// declares (aws/sagemaker-xgboost-container, algorithm_mode/hyperparameter_validation.py).
std::vector<Hyperparameter> declare() {
  return {
      {.name = "num_round",
       .type = Type::kInteger,
       .need = Need::kRequired,
       .range = at_least(1),
       .help = "Rounds of boosting",
       .tuning = between(1, 4000)},
      {.name = "booster",
       .type = Type::kCategorical,
       .words = {"gbtree", "gblinear", "dart"},
       .fallback = "gbtree",
       .help = "Trees, a linear model, or trees with dropout"},
      {.name = "objective",
       .type = Type::kCategorical,
       .words = {"aft_loss_distribution",
                 "binary:logistic",
                 "binary:logitraw",
                 "binary:hinge",
                 "count:poisson",
                 "multi:softmax",
                 "multi:softprob",
                 "rank:pairwise",
                 "rank:ndcg",
                 "rank:map",
                 "reg:linear",
                 "reg:squarederror",
                 "reg:logistic",
                 "reg:gamma",
                 "reg:pseudohubererror",
                 "reg:squaredlogerror",
                 "reg:absoluteerror",
                 "reg:tweedie",
                 "survival:aft",
                 "survival:cox"},
       .fallback = "reg:squarederror",
       .help = "What is minimised"},
      {.name = "num_class",
       .type = Type::kInteger,
       .range = at_least(2),
       .help = "Classes; required for multi:*"},
      {.name = "eval_metric",
       .type = Type::kWords,
       .fallback = "by objective",
       .help = "Metrics, comma-separated; the last one decides early stopping"},
      {.name = "early_stopping_rounds",
       .type = Type::kInteger,
       .range = at_least(1),
       .help = "Stop when the validation metric did not improve for so many rounds"},
      {.name = "csv_weights",
       .type = Type::kInteger,
       .range = between(0, 1),
       .fallback = "0",
       .help = "1: the second CSV column is the instance weight"},
      {.name = "eta",
       .range = between(0, 1),
       .fallback = "0.3",
       .alias = "learning_rate",
       .help = "Shrinkage of each step",
       .tuning = between(0.1, 0.5)},
      {.name = "gamma",
       .range = at_least(0),
       .fallback = "0",
       .alias = "min_split_loss",
       .help = "Loss reduction a split must bring",
       .tuning = between(0, 5)},
      {.name = "max_depth",
       .type = Type::kInteger,
       .range = at_least(0),
       .fallback = "6",
       .help = "Deepest tree; 0: no limit",
       .tuning = between(0, 10)},
      {.name = "min_child_weight",
       .range = at_least(0),
       .fallback = "1",
       .help = "Least sum of hessians in a child",
       .tuning = between(0, 120)},
      {.name = "max_delta_step",
       .range = at_least(0),
       .fallback = "0",
       .help = "Largest step of a leaf; 0: no limit",
       .tuning = between(0, 10)},
      {.name = "subsample",
       .range = share(),
       .fallback = "1",
       .help = "Share of rows per tree",
       .tuning = between(0.5, 1)},
      {.name = "colsample_bytree",
       .range = share(),
       .fallback = "1",
       .help = "Share of columns per tree",
       .tuning = between(0.5, 1)},
      {.name = "colsample_bylevel",
       .range = share(),
       .fallback = "1",
       .help = "Share of columns per level",
       .tuning = between(0.1, 1)},
      {.name = "colsample_bynode",
       .range = share(),
       .fallback = "1",
       .help = "Share of columns per node",
       .tuning = between(0.1, 1)},
      {.name = "lambda",
       .range = at_least(0),
       .fallback = "1",
       .alias = "reg_lambda",
       .help = "L2 regularisation",
       .tuning = between(0, 1000)},
      {.name = "alpha",
       .range = at_least(0),
       .fallback = "0",
       .alias = "reg_alpha",
       .help = "L1 regularisation",
       .tuning = between(0, 1000)},
      {.name = "tree_method",
       .type = Type::kCategorical,
       .words = {"auto", "exact", "approx", "hist", "gpu_hist"},
       .fallback = "auto",
       .help = "How splits are found"},
      {.name = "grow_policy",
       .type = Type::kCategorical,
       .words = {"depthwise", "lossguide"},
       .fallback = "depthwise",
       .help = "Which node grows next"},
      {.name = "max_leaves",
       .type = Type::kInteger,
       .range = at_least(0),
       .fallback = "0",
       .help = "Most leaves; 0: no limit"},
      {.name = "max_bin",
       .type = Type::kInteger,
       .range = at_least(0),
       .fallback = "256",
       .help = "Histogram bins per column"},
      {.name = "sketch_eps",
       .range = inside(0, 1),
       .fallback = "0.03",
       .help = "Accepted for old jobs; max_bin replaced it"},
      {.name = "scale_pos_weight",
       .range = more_than(0),
       .fallback = "1",
       .help = "Weight of positive rows"},
      {.name = "base_score",
       .range = at_least(0),
       .fallback = "by data",
       .help = "Prediction before the first tree"},
      {.name = "updater",
       .type = Type::kWords,
       .words = {"grow_colmaker", "distcol", "grow_histmaker", "grow_skmaker",
                 "grow_quantile_histmaker", "sync", "refresh", "prune", "shotgun", "coord_descent"},
       .help = "Steps of tree building, comma-separated"},
      {.name = "dsplit",
       .type = Type::kCategorical,
       .words = {"row", "col"},
       .help = "Accepted for old jobs"},
      {.name = "refresh_leaf",
       .type = Type::kInteger,
       .range = between(0, 1),
       .fallback = "1",
       .help = "1: the refresh updater also renews leaves"},
      {.name = "process_type",
       .type = Type::kCategorical,
       .words = {"default", "update"},
       .fallback = "default",
       .help = "Build new trees or update those there are"},
      {.name = "predictor",
       .type = Type::kCategorical,
       .words = {"auto", "cpu_predictor", "gpu_predictor"},
       .fallback = "auto",
       .help = "Accepted for old jobs"},
      {.name = "monotone_constraints",
       .type = Type::kTuple,
       .range = between(-1, 1),
       .help = "One of -1, 0, 1 per column: (1,0,-1)"},
      {.name = "interaction_constraints",
       .type = Type::kNestedList,
       .range = at_least(0),
       .help = "Columns that may interact: [[1,2],[3,4]]"},
      {.name = "sample_type",
       .type = Type::kCategorical,
       .words = {"uniform", "weighted"},
       .fallback = "uniform",
       .help = "dart: how trees are dropped"},
      {.name = "normalize_type",
       .type = Type::kCategorical,
       .words = {"tree", "forest"},
       .fallback = "tree",
       .help = "dart: weight of new trees"},
      {.name = "rate_drop",
       .range = between(0, 1),
       .fallback = "0",
       .help = "dart: share of trees dropped"},
      {.name = "one_drop",
       .type = Type::kInteger,
       .range = between(0, 1),
       .fallback = "0",
       .help = "dart: 1 drops at least one tree"},
      {.name = "skip_drop",
       .range = between(0, 1),
       .fallback = "0",
       .help = "dart: chance of no dropout in a round"},
      {.name = "lambda_bias",
       .range = between(0, 1),
       .fallback = "0",
       .help = "gblinear: L2 regularisation of the bias"},
      {.name = "tweedie_variance_power",
       .range = inside(1, 2),
       .fallback = "1.5",
       .help = "Variance of the Tweedie distribution"},
      {.name = "num_parallel_tree",
       .type = Type::kInteger,
       .range = at_least(1),
       .fallback = "1",
       .help = "Trees per round (random forests)"},
      {.name = "sampling_method",
       .type = Type::kCategorical,
       .words = {"uniform", "gradient_based"},
       .fallback = "uniform",
       .help = "How rows are drawn"},
      {.name = "aft_loss_distribution",
       .type = Type::kCategorical,
       .words = {"normal", "logistic", "extreme"},
       .fallback = "normal",
       .help = "survival:aft: distribution of the noise"},
      {.name = "aft_loss_distribution_scale",
       .range = at_least(0),
       .fallback = "1",
       .help = "survival:aft: its scale"},
      {.name = "deterministic_histogram",
       .type = Type::kCategorical,
       .words = {"true", "false"},
       .fallback = "true",
       .help = "Accepted for GPU jobs"},
      {.name = "single_precision_histogram",
       .type = Type::kCategorical,
       .words = {"true", "false"},
       .fallback = "false",
       .help = "Accepted for old jobs"},
      {.name = "prob_buffer_row", .range = more_than(0), .help = "Accepted for old jobs"},
      {.name = "seed",
       .type = Type::kInteger,
       .range = inside(-2147483648.0, 2147483647.0),
       .fallback = "0",
       .help = "Seed of the random numbers"},
      {.name = "nthread",
       .type = Type::kInteger,
       .range = at_least(1),
       .fallback = "by data",
       .help = "Threads"},
      {.name = "verbosity",
       .type = Type::kInteger,
       .range = between(0, 3),
       .fallback = "1",
       .help = "0 silent to 3 debug"},
      {.name = "save_model_on_termination",
       .type = Type::kCategorical,
       .words = {"true", "false"},
       .fallback = "false",
       .help = "Save the model so far when the job is stopped"},
      {.name = "use_dask_gpu_training",
       .type = Type::kCategorical,
       .words = {"true", "false"},
       .fallback = "false",
       .help = "Accepted for GPU jobs"},
      {.name = "_kfold",
       .type = Type::kInteger,
       .range = at_least(2),
       .help = "Folds of cross-validation (Autopilot)"},
      {.name = "_num_cv_round",
       .type = Type::kInteger,
       .range = at_least(1),
       .fallback = "1",
       .help = "Repetitions of cross-validation (Autopilot)"},
      {.name = "_tuning_objective_metric",
       .type = Type::kWords,
       .help = "Set by tuning jobs: validation:<metric>"},
  };
}

std::string_view find(const HyperparameterValues& values, std::string_view name) {
  const auto found = values.find(name);
  return found == values.end() ? std::string_view() : std::string_view(found->second);
}

bool is_any(std::string_view value, std::initializer_list<std::string_view> choices) {
  return std::ranges::find(choices, value) != choices.end();
}

void check_metric(const std::string& metric, std::string_view objective, bool classes) {
  const std::string base = metric_base(metric);
  if (base != metric) {
    if (!is_any(base, {"error", "ndcg", "map"})) {
      throw ClientError("Metric '" + metric +
                        "' is not supported. Parameter 'eval_metric' with customized threshold "
                        "should be one of these options: 'error', 'ndcg', 'map'.");
    }
    std::string number = metric.substr(base.size() + 1);
    if (number.ends_with('-')) number.pop_back();
    char* end = nullptr;
    std::strtod(number.c_str(), &end);
    if (number.empty() || *end != 0) {
      throw ClientError("Threshold value 't' in '" + base + "@t' expects float input.");
    }
  } else if (std::ranges::find(kMaximised, base) == kMaximised.end() &&
             std::ranges::find(kMinimised, base) == kMinimised.end()) {
    throw ClientError("Hyperparameter eval_metric: value ['" + metric + "'] not in range");
  }
  if (base == "auc" && !objective.starts_with("binary:") && !objective.starts_with("rank:")) {
    throw ClientError("Metric 'auc' can only be applied for classification and ranking problems.");
  }
  if (base == "aft-nloglik" && objective != "survival:aft") {
    throw ClientError("Metric 'aft-nloglik' can only be applied for 'survival:aft' objective.");
  }
  if (classes && is_any(base, {"f1_binary", "precision", "recall"})) {
    throw ClientError("Metric '" + base +
                      "': Target is multiclass but average='binary'. Choose the _macro or _micro "
                      "form of the metric.");
  }
}

void check_updaters(const HyperparameterValues& values) {
  const std::string_view given = find(values, "updater");
  if (given.empty()) return;
  const std::vector<std::string> updaters = split_words(given);
  const auto linear = [](const std::string& u) { return is_any(u, {"shotgun", "coord_descent"}); };
  if (find(values, "booster") == "gblinear") {
    if (updaters.size() != 1 || !linear(updaters[0])) {
      throw ClientError(
          "Linear updater should be one of these options: 'shotgun', "
          "'coord_descent'.");
    }
    return;
  }
  if (find(values, "process_type") == "update") {
    if (!std::ranges::all_of(
            updaters, [](const std::string& u) { return is_any(u, {"refresh", "prune"}); })) {
      throw ClientError(
          "process_type 'update' can only be used with updater 'refresh' and 'prune'");
    }
    return;
  }
  if (std::ranges::any_of(updaters, linear)) {
    throw ClientError(
        "Tree updater should be selected from these options: 'grow_colmaker', 'distcol', "
        "'grow_histmaker', 'grow_skmaker', 'grow_quantile_histmaker', 'sync', 'refresh', 'prune'.");
  }
  const auto growers = std::ranges::count_if(updaters, [](const std::string& u) {
    return is_any(u, {"grow_colmaker", "distcol", "grow_histmaker", "grow_quantile_histmaker"});
  });
  if (growers > 1) {
    throw ClientError(
        "Only one tree grow plugin can be selected. Choose one from the following: "
        "'grow_colmaker', 'distcol', 'grow_histmaker', 'grow_skmaker'");
  }
}

void check_objective(const HyperparameterValues& values) {
  const std::string_view objective = find(values, "objective");
  const bool multi = is_any(objective, {"multi:softmax", "multi:softprob"});
  const bool classes = !find(values, "num_class").empty();
  if (multi && !classes) {
    throw ClientError("Require input for parameter 'num_class' for multi-classification");
  }
  if (objective.empty() && classes) {
    throw ClientError(
        "Do not need to setup parameter 'num_class' for learning task other than "
        "multi-classification.");
  }
  if (find(values, "tree_method") == "gpu_hist") {
    throw ClientError(
        "tree_method 'gpu_hist' needs a GPU, which this installation does not use. "
        "Choose 'hist'.");
  }
  for (const char* name : {"eval_metric", "_tuning_objective_metric"}) {
    std::string_view metrics = find(values, name);
    if (metrics.empty()) continue;
    if (const auto colon = metrics.find(':'); colon != metrics.npos) {
      metrics.remove_prefix(colon + 1);  // validation:auc
    }
    for (const std::string& metric : split_words(metrics)) check_metric(metric, objective, multi);
  }
}

}  // namespace

std::span<const Hyperparameter> hyperparameters() {
  static const std::vector<Hyperparameter> declared = declare();
  return declared;
}

std::string metric_base(std::string_view metric) {
  return std::string(metric.substr(0, metric.find('@')));
}

bool is_maximised(std::string_view metric) {
  return std::ranges::find(kMaximised, metric_base(metric)) != kMaximised.end();
}

json::array objective_metrics() {
  json::array all;
  const auto add = [&](std::string_view type, std::string_view metric) {
    all.push_back({{"Type", type}, {"MetricName", "validation:" + std::string(metric)}});
  };
  for (const std::string_view metric : kMaximised) add("Maximize", metric);
  for (const std::string_view metric : kMinimised) add("Minimize", metric);
  return all;
}

HyperparameterValues validate_hyperparameters(const std::map<std::string, std::string>& given) {
  HyperparameterValues values = validate(hyperparameters(), given);
  check_objective(values);
  check_updaters(values);
  const std::string_view method = find(values, "tree_method");
  if (!find(values, "monotone_constraints").empty() && !is_any(method, {"exact", "hist"})) {
    throw ClientError(
        "monotone_constraints can be used only when the tree_method parameter is set "
        "to either 'exact' or 'hist'.");
  }
  if (!find(values, "interaction_constraints").empty() &&
      !is_any(method, {"exact", "hist", "approx"})) {
    throw ClientError(
        "interaction_constraints can be used only when the tree_method parameter is "
        "set to either 'exact', 'hist' or 'approx'.");
  }
  return values;
}

}  // namespace clary::algorithms::xgboost
