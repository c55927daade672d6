// clary-algo: the built-in algorithms under SageMaker's container contract.
#include <cstdio>
#include <cstring>
#include <string_view>

#include "algorithms/container/contract.h"
#include "algorithms/xgboost/description.h"
#include "algorithms/xgboost/hyperparameters.h"
#include "algorithms/xgboost/serving.h"
#include "algorithms/xgboost/training.h"

namespace {

constexpr const char* kUsage =
    "usage: clary-algo train|serve|hyperparameters|describe\n"
    "\n"
    "  train            run the training job laid out in /opt/ml (or $CLARY_ML_ROOT)\n"
    "  serve            answer /ping and /invocations with the model in /opt/ml/model, on port\n"
    "                   $SAGEMAKER_BIND_TO_PORT (8080) or the socket $CLARY_SERVE_SOCKET\n"
    "  hyperparameters  print the algorithm's hyperparameters as a table\n"
    "  describe         print what DescribeAlgorithm answers of each algorithm, as JSON\n";

}  // namespace

int main(int argc, char** argv) {
  namespace algorithms = clary::algorithms;
  const std::string_view command = argc > 1 ? argv[1] : "";
  const auto paths = algorithms::ContainerPaths::from_environment();
  if (command == "train") return algorithms::xgboost::train(paths);
  if (command == "serve") return algorithms::xgboost::serve(paths);
  if (command == "hyperparameters") {
    const std::string table =
        algorithms::hyperparameter_table(algorithms::xgboost::hyperparameters());
    std::fwrite(table.data(), 1, table.size(), stdout);
    return 0;
  }
  if (command == "describe") {
    const std::string text =
        clary::json::serialize(clary::json::array{algorithms::xgboost::description()});
    std::fwrite(text.data(), 1, text.size(), stdout);
    return 0;
  }
  std::fputs(kUsage, stderr);
  return 2;
}
