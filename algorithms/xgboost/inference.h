// The XGBoost model server's answers: formats in, formats out, ensembles, selected outputs.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "algorithms/serving/service.h"
#include "algorithms/xgboost/model_file.h"

namespace clary::algorithms::xgboost {

// The environment variables of SageMaker's container, read once.
struct InferenceSettings {
  std::string default_accept = "text/csv";      // SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT
  std::vector<std::string> selected_outputs{};  // SAGEMAKER_INFERENCE_OUTPUT
  bool ensemble = true;                         // SAGEMAKER_INFERENCE_ENSEMBLE
  bool batch = false;                           // SAGEMAKER_BATCH
  unsigned workers = 1;
  std::size_t max_payload_bytes = 6 * 1024 * 1024;  // MAX_CONTENT_LENGTH

  static InferenceSettings from_environment();
};

// Sources: the container's algorithm_mode/serve.py and serve_utils.py, and the developer guide's
// XGBoost inference formats.
// threads: any.
class XgboostService : public InferenceService {
 public:
  XgboostService(std::vector<Model> models, InferenceSettings settings);

  InvocationResponse invoke(const InvocationRequest& request) const override;
  std::string execution_parameters() const override;

 private:
  // Rows x outputs, of one model or of all together: the mean, or the vote for classes.
  void predict(const Table& rows, std::vector<float>& out) const;
  Table parse(const InvocationRequest& request) const;
  void check_features(const Table& rows, const InvocationRequest& request) const;

  const std::vector<Model> models_;
  const InferenceSettings settings_;
};

// The models below /opt/ml/model: the files named xgboost-model*, or all files when none is,
// without hidden ones; only the first when ensembles are off. Throws std::runtime_error naming the
// file.
std::vector<Model> load_models(const std::filesystem::path& folder, bool ensemble);

}  // namespace clary::algorithms::xgboost
