#include "algorithms/xgboost/description.h"

#include "algorithms/xgboost/hyperparameters.h"

namespace clary::algorithms::xgboost {
namespace {

json::object channel(std::string_view name, std::string_view what, bool required) {
  return {{"Name", name},
          {"Description", what},
          {"IsRequired", required},
          {"SupportedContentTypes", json::array{"text/csv", "text/libsvm", "application/x-parquet",
                                                "application/x-recordio-protobuf"}},
          {"SupportedCompressionTypes", json::array{"None", "Gzip"}},
          {"SupportedInputModes", json::array{"File", "FastFile", "Pipe"}}};
}

}  // namespace

json::object description() {
  return {
      {"AlgorithmName", "sagemaker-xgboost"},
      {"AlgorithmDescription",
       "Gradient-boosted trees for classification, regression and ranking of tables. Each row "
       "begins with the label; CSV files have no header."},
      {"TrainingSpecification",
       {{"SupportedHyperParameters", hyperparameter_specifications(hyperparameters())},
        {"SupportsDistributedTraining", true},
        {"TrainingChannels",
         json::array{channel("train", "What the model learns from", true),
                     channel("validation", "What it is measured with after each round", false)}},
        {"SupportedTuningJobObjectiveMetrics", objective_metrics()}}}};
}

}  // namespace clary::algorithms::xgboost
