#include "algorithms/xgboost/cross_validation.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <numeric>
#include <random>

#include "algorithms/container/failure.h"

namespace clary::algorithms::xgboost {
namespace {

// Out-of-fold predictions of every row over the repetitions.
class OutOfFold {
 public:
  OutOfFold(std::span<const float> labels, bool classification)
      : labels_(labels),
        classification_(classification),
        sum_(labels.size()),
        votes_(labels.size()) {}

  void add(std::span<const int> rows, const Predictions& predictions) {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const auto row = static_cast<std::size_t>(rows[i]);
      const float* at = predictions.values.data() + i * predictions.width;
      double value = static_cast<double>(*at);
      if (classification_) {
        const auto best = std::max_element(at, at + predictions.width) - at;
        const int label = predictions.width > 1 ? static_cast<int>(best) : (*at > 0.5F ? 1 : 0);
        if (predictions.width > 1) value = static_cast<double>(at[best]);
        ++votes_[row][label];
      }
      sum_[row] += value;
    }
  }

  std::string csv(int repetitions) const {
    std::string text;
    char line[128];
    for (std::size_t row = 0; row < labels_.size(); ++row) {
      const double mean = sum_[row] / repetitions;
      int size = std::snprintf(line, sizeof line, "%f,%f", static_cast<double>(labels_[row]), mean);
      text.append(line, static_cast<std::size_t>(size));
      if (classification_) {
        const auto vote = std::ranges::max_element(
            votes_[row], [](const auto& a, const auto& b) { return a.second < b.second; });
        size = std::snprintf(line, sizeof line, ",%f", static_cast<double>(vote->first));
        text.append(line, static_cast<std::size_t>(size));
      }
      text.push_back('\n');
    }
    return text;
  }

 private:
  std::span<const float> labels_;
  bool classification_;
  std::vector<double> sum_;
  std::vector<std::map<int, int>> votes_;
};

Table rows_of(const Table& table, std::span<const int> rows) {
  Table part;
  part.rows = rows.size();
  for (const int row : rows) part.labels.push_back(table.labels[static_cast<std::size_t>(row)]);
  return part;
}

// "[100]\ttrain-auc:0.97\tvalidation-auc:0.91": the means over models, metric by metric.
std::string mean_line(int rounds, std::span<const std::vector<DataScores>> models) {
  std::string line = "[" + std::to_string(rounds) + "]";
  const std::vector<DataScores>& first = models.front();
  for (std::size_t m = 0; m < first.front().scores.size(); ++m) {
    for (std::size_t d = 0; d < first.size(); ++d) {
      double sum = 0;
      for (const auto& model : models) sum += model[d].scores[m].value;
      char number[64];
      std::snprintf(number, sizeof number, ":%.5f", sum / static_cast<double>(models.size()));
      line += "\t" + first[d].data + "-" + first[d].scores[m].name + number;
    }
  }
  return line;
}

}  // namespace

std::vector<int> assign_folds(std::span<const float> labels, bool stratified, int folds,
                              std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<std::size_t> order(labels.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::shuffle(order.begin(), order.end(), random);
  if (stratified) {
    // Ties keep the shuffled order through the second key.
    std::vector<std::size_t> place(labels.size());
    for (std::size_t i = 0; i < order.size(); ++i) place[order[i]] = i;
    std::ranges::sort(order, {},
                      [&](std::size_t row) { return std::pair(labels[row], place[row]); });
  }
  std::vector<int> fold_of(labels.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    fold_of[order[i]] = static_cast<int>(i % static_cast<std::size_t>(folds));
  }
  return fold_of;
}

void cross_validate(const ContainerPaths& paths, const TrainingPlan& plan, const Table& train,
                    const Table* validation, const std::function<void(const std::string&)>& print) {
  Table all = train;
  if (validation != nullptr) append(all, *validation);
  if (all.rows < static_cast<std::size_t>(plan.folds)) {
    throw ClientError("Cannot have number of splits _kfold=" + std::to_string(plan.folds) +
                      " greater than the number of samples: " + std::to_string(all.rows));
  }
  const DMatrix matrix(all, 1);
  OutOfFold predictions(all.labels, plan.is_classification);
  std::vector<std::vector<DataScores>> scores;
  std::filesystem::create_directories(paths.model());
  for (int repetition = 0; repetition < plan.cv_rounds; ++repetition) {
    const std::vector<int> fold_of = assign_folds(all.labels, plan.is_classification, plan.folds,
                                                  static_cast<std::uint64_t>(repetition));
    for (int fold = 0; fold < plan.folds; ++fold) {
      std::vector<int> inside;
      std::vector<int> outside;
      for (std::size_t row = 0; row < fold_of.size(); ++row) {
        (fold_of[row] == fold ? outside : inside).push_back(static_cast<int>(row));
      }
      const DMatrix fold_train = matrix.slice(inside);
      const DMatrix fold_test = matrix.slice(outside);
      const Table train_labels = rows_of(all, inside);
      const Table test_labels = rows_of(all, outside);
      Trainer trainer(
          plan, {{"train", &train_labels, &fold_train}, {"validation", &test_labels, &fold_test}},
          {.print = print, .stop_asked = {}, .after_round = {}});
      const Booster booster = trainer.run(std::nullopt);
      predictions.add(outside, booster.predict(fold_test, Output::kTransformed));
      write_file_atomically(
          paths.model() / (std::string(kModelName) + "-" + std::to_string(scores.size())),
          booster.save_ubjson());
      scores.push_back(trainer.last_scores());
    }
    const auto last = static_cast<std::ptrdiff_t>(plan.folds);
    print(mean_line(plan.rounds, std::span(scores.end() - last, scores.end())));
  }
  if (plan.cv_rounds > 1) print(mean_line(plan.rounds, scores));
  std::filesystem::create_directories(paths.output_data());
  write_file_atomically(paths.output_data() / "predictions.csv", predictions.csv(plan.cv_rounds));
}

}  // namespace clary::algorithms::xgboost
