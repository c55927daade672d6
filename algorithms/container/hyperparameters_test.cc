// Declared hyperparameters: what passes, what is refused and with which words, and the XGBoost
// table.
#include "algorithms/container/hyperparameters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "algorithms/container/failure.h"
#include "algorithms/xgboost/hyperparameters.h"
#include "algorithms/xgboost/training.h"

namespace clary::algorithms {
namespace {

using testing::HasSubstr;
using testing::Pair;
using Given = std::map<std::string, std::string>;

std::string refusal(Given given) {
  given.try_emplace("num_round", "10");
  try {
    xgboost::validate_hyperparameters(given);
  } catch (const ClientError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Hyperparameters, EveryOneIsDeclaredOnceAndExplained) {
  std::set<std::string_view> names;
  for (const Hyperparameter& one : xgboost::hyperparameters()) {
    EXPECT_TRUE(names.insert(one.name).second) << one.name;
    EXPECT_FALSE(one.help.empty()) << one.name;
  }
  EXPECT_GE(names.size(), 50U);
}

TEST(Hyperparameters, AliasesBecomeMainNames) {
  const auto values = xgboost::validate_hyperparameters(
      {{"num_round", "10"}, {"learning_rate", "0.2"}, {"reg_lambda", "3"}});
  EXPECT_EQ(values.at("eta"), "0.2");
  EXPECT_EQ(values.at("lambda"), "3");
}

TEST(Hyperparameters, Ranges) {
  EXPECT_EQ(refusal({{"eta", "0"}}), "accepted");
  EXPECT_EQ(refusal({{"subsample", "0"}}), "Hyperparameter subsample: 0 is not in (0, 1]");
  EXPECT_EQ(refusal({{"num_round", "0"}}), "Hyperparameter num_round: 0 is not in [1, +inf)");
  EXPECT_EQ(refusal({{"max_depth", "2.5"}}),
            "Hyperparameter max_depth: could not parse value '2.5'");
  EXPECT_EQ(refusal({{"eta", "nan"}}), "Hyperparameter eta: nan is not in [0, 1]");
  EXPECT_THAT(refusal({{"tree_method", "fast"}}), HasSubstr("fast is not in ['auto', 'exact'"));
}

TEST(Hyperparameters, Lists) {
  const Given hist{{"tree_method", "hist"}};
  const auto with = [&](const char* name, const char* value) {
    Given given = hist;
    given[name] = value;
    return refusal(given);
  };
  EXPECT_EQ(with("monotone_constraints", "(1, 0, -1)"), "accepted");
  EXPECT_THAT(with("monotone_constraints", "(2,)"), HasSubstr("not in range [-1, 1]"));
  EXPECT_EQ(with("interaction_constraints", "[[1, 2], [3, 4]]"), "accepted");
  EXPECT_THAT(with("interaction_constraints", "[[1, 2]"), HasSubstr("could not parse value"));
  EXPECT_THAT(with("monotone_constraints", "__import__('os')"), HasSubstr("could not parse"));
}

TEST(Hyperparameters, Dependencies) {
  EXPECT_THAT(refusal({{"objective", "multi:softmax"}}), HasSubstr("num_class"));
  EXPECT_THAT(refusal({{"eval_metric", "auc"}}), HasSubstr("Metric 'auc' can only"));
  EXPECT_THAT(refusal({{"eval_metric", "f1@2"}}), HasSubstr("'error', 'ndcg', 'map'"));
  EXPECT_EQ(refusal({{"eval_metric", "error@0.7"}, {"objective", "binary:logistic"}}), "accepted");
  EXPECT_THAT(refusal({{"updater", "grow_colmaker,grow_histmaker"}}), HasSubstr("Only one tree"));
  EXPECT_THAT(refusal({{"booster", "gblinear"}, {"updater", "prune"}}),
              HasSubstr("Linear updater"));
}

TEST(Plan, MetricsAreSplitAndTheTuningObjectiveStops) {
  const auto plan = xgboost::make_plan(
      xgboost::validate_hyperparameters({{"num_round", "7"},
                                         {"objective", "binary:logistic"},
                                         {"eval_metric", "auc,accuracy"},
                                         {"_tuning_objective_metric", "validation:f1"}}));
  EXPECT_EQ(plan.rounds, 7);
  EXPECT_EQ(plan.stopping_metric, "f1");
  EXPECT_THAT(plan.container_metrics, testing::ElementsAre("accuracy", "f1"));
  EXPECT_THAT(plan.parameters, testing::Contains(Pair("eval_metric", "auc")));
  EXPECT_THAT(plan.parameters, testing::Not(testing::Contains(Pair("num_round", "7"))));
}

TEST(Metrics, AsScikitLearn) {
  // sklearn.metrics of truth and prediction, written down from version 1.7.
  const float truth[] = {0, 1, 2, 2, 1, 0, 1};
  const int predicted[] = {0, 2, 2, 1, 1, 0, 1};
  const auto score = [&](const char* name) {
    return xgboost::class_metric(name, truth, predicted);
  };
  EXPECT_NEAR(score("accuracy"), 5.0 / 7, 1e-12);
  EXPECT_NEAR(score("balanced_accuracy"), (1 + 2.0 / 3 + 0.5) / 3, 1e-12);
  EXPECT_NEAR(score("f1_macro"), (1 + 2.0 / 3 + 0.5) / 3, 1e-12);
  EXPECT_NEAR(score("precision_macro"), (1 + 2.0 / 3 + 0.5) / 3, 1e-12);
  EXPECT_NEAR(score("recall_micro"), 5.0 / 7, 1e-12);
  const float numbers[] = {3, -0.5F, 2, 7};
  const float guesses[] = {2.5F, 0, 2, 8};
  EXPECT_NEAR(xgboost::number_metric("mse", numbers, guesses), 0.375, 1e-12);
  EXPECT_NEAR(xgboost::number_metric("r2", numbers, guesses), 0.9486081370449679, 1e-12);
}

TEST(Metrics, RoundLine) {
  const char* names[] = {"train", "validation"};
  const auto scores = xgboost::parse_scores(
      "[3]\ttrain-auc:0.987654321\ttrain-error@0.7:0.1\tvalidation-auc:0.9\tvalidation-error@0.7:1",
      names);
  EXPECT_EQ(xgboost::round_line(3, scores),
            "[3]\ttrain-auc:0.98765\ttrain-error@0.7:0.10000\tvalidation-auc:0.90000"
            "\tvalidation-error@0.7:1.00000");
}

}  // namespace
}  // namespace clary::algorithms
