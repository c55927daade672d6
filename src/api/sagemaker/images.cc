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

std::optional<ImageWay> Images::find(std::string_view uri, ImageUse use, Script script) const {
  for (ImageSource* source : local_) {
    if (auto way = source->find(uri, use)) return way;
  }
  const NativeAlgorithm* algorithm = native_algorithm(uri);
  if (algorithm != nullptr && script == Script::kNone && use != ImageUse::kProcess) {
    return ImageWay{.launch = Launch::kNativeAlgorithm, .algorithm = algorithm};
  }
  for (ImageSource* source : stand_ins_) {
    if (auto way = source->find(uri, use)) return way;
  }
  return std::nullopt;
}

std::string Images::no_way(std::string_view uri, Script script) const {
  std::string text = "No way to run the image " + std::string(uri) + " is set up on this server";
  if (script == Script::kOwn) text += " for a script of your own";
  for (const auto* sources : {&local_, &stand_ins_}) {
    for (ImageSource* source : *sources) {
      if (const std::string remedy = source->remedy(uri); !remedy.empty()) {
        return text + ". " + remedy;
      }
    }
  }
  text += ". Use the image of a built-in algorithm (xgboost, sagemaker-xgboost)";
  for (const auto* sources : {&local_, &stand_ins_}) {
    for (const ImageSource* source : *sources) text += ", or " + source->offer();
  }
  return text + ".";
}

void put_way(const ImageWay& way, std::string_view verb, engine::JobSpec& spec) {
  spec.launch = way.launch;
  switch (way.launch) {
    case Launch::kNativeAlgorithm:
      spec.command = {"clary-algo", std::string(verb)};
      break;
    case Launch::kEnvironment:
      spec.python = way.python;
      spec.command = {std::string(verb)};  // in the sandbox's PATH, as in an image's
      break;
    case Launch::kImage:
      spec.image = way.local_image;
      spec.command = {std::string(verb)};
      break;
  }
}

}  // namespace clary::api::sagemaker
