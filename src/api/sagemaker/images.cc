#include "api/sagemaker/images.h"

namespace clary::api::sagemaker {
namespace {

// Names of XGBoost's metrics as its container publishes them, each as train:X and validation:X.
// Source: the algorithm's page "Tune an XGBoost Model" and the container's own list.
constexpr std::string_view kXgboostMetrics[] = {"accuracy",
                                                "auc",
                                                "aucpr",
                                                "balanced_accuracy",
                                                "error",
                                                "f1",
                                                "f1_binary",
                                                "f1_macro",
                                                "gamma-nloglik",
                                                "logloss",
                                                "mae",
                                                "map",
                                                "mape",
                                                "merror",
                                                "mlogloss",
                                                "mse",
                                                "ndcg",
                                                "poisson-nloglik",
                                                "precision",
                                                "precision_macro",
                                                "precision_micro",
                                                "r2",
                                                "recall",
                                                "recall_macro",
                                                "recall_micro",
                                                "rmse",
                                                "rmsle",
                                                "aft-nloglik",
                                                "cox-nloglik",
                                                "tweedie-nloglik",
                                                "mphe",
                                                "gamma-deviance",
                                                "interval-regression-accuracy"};

// A line of the log: "[12]\ttrain-auc:0.91\tvalidation-auc:0.90". CloudWatch shows a container's
// tab as #011 on AWS; both forms match.
engine::MetricPattern xgboost_metric(const std::string& channel, std::string_view metric) {
  const std::string name(metric);
  return {channel + ":" + name, ".*\\[[0-9]+\\].*(?:#011|\\s)" + channel + "-" + name +
                                    ":([-+]?[0-9]*\\.?[0-9]+(?:[eE][-+]?[0-9]+)?).*"};
}

NativeAlgorithm make_xgboost() {
  NativeAlgorithm xgboost{.name = "xgboost", .metrics = {}, .metric_definitions = {}};
  for (auto channel : {"train", "validation"}) {
    for (std::string_view metric : kXgboostMetrics) {
      xgboost.metrics.push_back(xgboost_metric(channel, metric));
    }
  }
  for (const engine::MetricPattern& metric : xgboost.metrics) {
    xgboost.metric_definitions.push_back({{"Name", metric.name}, {"Regex", metric.regex}});
  }
  return xgboost;
}

}  // namespace

std::optional<ImageName> parse_image(std::string_view uri) {
  ImageName image;
  if (const std::size_t digest = uri.find('@'); digest != std::string_view::npos) {
    image.tag = uri.substr(digest + 1);
    uri = uri.substr(0, digest);
  }
  const std::size_t slash = uri.rfind('/');
  if (slash != std::string_view::npos) {
    image.registry = uri.substr(0, slash);
    uri.remove_prefix(slash + 1);
  }
  if (const std::size_t colon = uri.find(':'); colon != std::string_view::npos) {
    if (image.tag.empty()) image.tag = uri.substr(colon + 1);
    uri = uri.substr(0, colon);
  }
  if (uri.empty()) return std::nullopt;
  image.repository = uri;
  if (image.tag.empty()) image.tag = "latest";
  return image;
}

const NativeAlgorithm* native_algorithm(std::string_view image_uri) {
  static const NativeAlgorithm xgboost = make_xgboost();
  const std::optional<ImageName> image = parse_image(image_uri);
  if (!image) return nullptr;
  const bool is_xgboost =
      image->repository == "sagemaker-xgboost" || image->repository == "xgboost";
  return is_xgboost ? &xgboost : nullptr;
}

std::string no_way_to_run(std::string_view image_uri) {
  return "No way to run the image " + std::string(image_uri) +
         " is set up on this server: it is not one of the built-in algorithms (xgboost, "
         "sagemaker-xgboost). Use the image of a built-in algorithm.";
}

}  // namespace clary::api::sagemaker
