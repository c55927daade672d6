#include "algorithms/xgboost/metrics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <map>

namespace clary::algorithms::xgboost {
namespace {

constexpr auto kClassMetrics = std::to_array<std::string_view>(
    {"accuracy", "balanced_accuracy", "f1", "f1_binary", "f1_macro", "precision", "precision_macro",
     "precision_micro", "recall", "recall_macro", "recall_micro"});

// Of one class: how often it was right, predicted, and true.
struct Counts {
  double right = 0;
  double predicted = 0;
  double actual = 0;

  static double ratio(double a, double b) { return b > 0 ? a / b : 0; }
  double precision() const { return ratio(right, predicted); }
  double recall() const { return ratio(right, actual); }
  double f1() const { return ratio(2 * right, predicted + actual); }
};

double mean_of(const std::map<int, Counts>& classes, double (Counts::*score)() const) {
  double sum = 0;
  for (const auto& [label, counts] : classes) sum += (counts.*score)();
  return classes.empty() ? 0 : sum / static_cast<double>(classes.size());
}

double balanced_accuracy(const std::map<int, Counts>& classes) {
  double sum = 0;
  double present = 0;
  for (const auto& [label, counts] : classes) {
    if (counts.actual == 0) continue;
    sum += counts.recall();
    ++present;
  }
  return present > 0 ? sum / present : 0;
}

}  // namespace

bool is_class_metric(std::string_view metric) {
  return std::ranges::find(kClassMetrics, metric) != kClassMetrics.end();
}

bool is_container_metric(std::string_view metric) {
  return metric == "mse" || metric == "r2" || is_class_metric(metric);
}

std::vector<int> classes_of(const Predictions& margins) {
  std::vector<int> classes;
  classes.reserve(margins.values.size() / margins.width);
  for (auto at = margins.values.begin(); at != margins.values.end();
       at += static_cast<std::ptrdiff_t>(margins.width)) {
    if (margins.width == 1) {
      classes.push_back(*at > 0 ? 1 : 0);
    } else {
      const auto end = at + static_cast<std::ptrdiff_t>(margins.width);
      classes.push_back(static_cast<int>(std::max_element(at, end) - at));
    }
  }
  return classes;
}

double class_metric(std::string_view metric, std::span<const float> labels,
                    std::span<const int> predicted) {
  std::map<int, Counts> classes;
  double right = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const int actual = static_cast<int>(labels[i]);
    ++classes[actual].actual;
    ++classes[predicted[i]].predicted;
    if (actual == predicted[i]) {
      ++classes[actual].right;
      ++right;
    }
  }
  if (metric == "balanced_accuracy") return balanced_accuracy(classes);
  if (metric == "f1" || metric == "f1_macro") return mean_of(classes, &Counts::f1);
  if (metric == "precision_macro") return mean_of(classes, &Counts::precision);
  if (metric == "recall_macro") return mean_of(classes, &Counts::recall);
  if (metric == "f1_binary") return classes[1].f1();
  if (metric == "precision") return classes[1].precision();
  if (metric == "recall") return classes[1].recall();
  // One label a row: micro averages are the accuracy.
  return labels.empty() ? 0 : right / static_cast<double>(labels.size());
}

double number_metric(std::string_view metric, std::span<const float> labels,
                     std::span<const float> predicted) {
  if (labels.empty()) return 0;
  double squares = 0;
  double sum = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const double error = static_cast<double>(labels[i]) - static_cast<double>(predicted[i]);
    squares += error * error;
    sum += static_cast<double>(labels[i]);
  }
  const auto count = static_cast<double>(labels.size());
  if (metric == "mse") return squares / count;
  double spread = 0;
  for (const float label : labels) {
    const double distance = static_cast<double>(label) - sum / count;
    spread += distance * distance;
  }
  if (spread == 0) return squares == 0 ? 1 : 0;
  return 1 - squares / spread;
}

std::string round_line(int round, std::span<const DataScores> all) {
  std::string line = "[" + std::to_string(round) + "]";
  char number[64];
  for (const DataScores& data : all) {
    for (const Score& score : data.scores) {
      std::snprintf(number, sizeof number, ":%.5f", score.value);
      line.append("\t").append(data.data).append("-").append(score.name).append(number);
    }
  }
  return line;
}

std::vector<DataScores> parse_scores(std::string_view line, std::span<const char* const> names) {
  std::vector<DataScores> all;
  for (const char* name : names) all.push_back({name, {}});
  auto tab = line.find('\t');
  while (tab != line.npos) {
    line.remove_prefix(tab + 1);
    tab = line.find('\t');
    const std::string_view item = line.substr(0, tab);
    const auto colon = item.rfind(':');
    if (colon == item.npos) continue;
    for (DataScores& data : all) {
      if (!item.starts_with(data.data + "-")) continue;
      const auto name = item.substr(data.data.size() + 1, colon - data.data.size() - 1);
      const std::string value(item.substr(colon + 1));
      data.scores.push_back({std::string(name), std::strtod(value.c_str(), nullptr)});
      break;
    }
  }
  return all;
}

}  // namespace clary::algorithms::xgboost
